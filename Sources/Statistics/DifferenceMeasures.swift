import GSL

/// Measures the size of the difference of two laws in several ways, from one set of resamples.
public struct DifferenceMeasures: Sendable, Hashable {
  /// Lists the probabilities of `quantileShifts`.
  public static let probabilities = SampleSummary.probabilities

  /// Is mean(first) − mean(second), the mean shift when paired by start, with Student's interval.
  public let meanDifference: IntervalEstimate
  /// Is the percentile interval of the same; nil when the values have no spread.
  public let meanDifferenceBootstrap: ClosedRange<Double>?
  /// Is s.d.(first)/s.d.(second); nil without a spread.
  public let spreadRatio: IntervalEstimate
  /// Holds quantile(first) − quantile(second) at `probabilities`.
  public let quantileShifts: [IntervalEstimate]
  /// Is the Wasserstein-1 distance.
  public let wasserstein: IntervalEstimate
  /// Is the largest distance of the distribution functions.
  public let largestDistance: IntervalEstimate

  /// Measures `first` against `second`; pairs by start are resampled as pairs.
  ///
  /// Times are restricted to the earliest censored time if there is one. Cost: O(n log n +
  /// `bootstrap.resamples` n), about 15 ns for each value and resample. Throws `StatisticsError` when
  /// pairs do not match. See ``MeanDifference``, ``QuantileShift``, ``WassersteinDistance`` and
  /// ``LargestDistance`` for the intervals.
  public init(_ first: ExitSample, _ second: ExitSample, bootstrap: Bootstrap) throws {
    let (x, y, horizon) = try ExitSample.comparableTimes(first, second)
    let level = bootstrap.confidenceLevel
    var shifts = try QuantileShifts(
      x, y, horizon: horizon, probabilities: Self.probabilities)
    var errors = WassersteinErrors(x, y)
    let (xMoments, yMoments) = (try ResampledMoments(x), try ResampledMoments(y))
    var (differences, ratios) = ([Double](), [Double]())
    try bootstrap.forEachResample(x.count, y.count) { xCounts, yCounts in
      shifts.add(xCounts, yCounts)
      errors.add(xCounts, yCounts)
      let (one, two) = (xMoments.values(xCounts), yMoments.values(yCounts))
      differences.append(one.mean - two.mean)
      if two.variance > 0 { ratios.append((one.variance / two.variance).squareRoot()) }
    }
    meanDifference = try MeanDifference.estimate(
      first, second, pairing: bootstrap.pairing, horizon: horizon, confidenceLevel: level)
    meanDifferenceBootstrap =
      meanDifference.interval == nil ? nil : try bootstrap.percentiles(of: differences)
    let isKnown = xMoments.variance > 0 && yMoments.variance > 0
    let isWhole = isKnown && ratios.count == differences.count
    spreadRatio = IntervalEstimate(
      estimate: isKnown ? (xMoments.variance / yMoments.variance).squareRoot() : nil,
      interval: isWhole ? try bootstrap.percentiles(of: ratios) : nil, confidenceLevel: level)
    quantileShifts = try shifts.estimates(confidenceLevel: level)
    wasserstein = try errors.estimate(confidenceLevel: level)
    largestDistance = try LargestDistance.estimate(first, second, confidenceLevel: level)
  }
}

/// Gives mean and variance of a sample in which each value counts so often.
private struct ResampledMoments {
  private let deviations: [Double]
  private let center: Double
  /// Is the variance of the sample itself, 0 when it is of rounding's size.
  let variance: Double

  init(_ times: [Double]) throws {
    let center = try mean(of: times)
    deviations = times.map { $0 - center }
    self.center = center
    let square = times.count > 1 ? try GSL.variance(of: times) : 0
    variance = square.squareRoot() > 4 * Double.ulpOfOne * abs(center) ? square : 0
  }

  func values(_ counts: [Int32]) -> (mean: Double, variance: Double) {
    var (sum, square) = (0.0, 0.0)
    for (deviation, count) in zip(deviations, counts) {
      let weighted = Double(count) * deviation
      sum += weighted
      square += weighted * deviation
    }
    let n = Double(deviations.count)
    return (center + sum / n, max(0, square - sum * sum / n) / max(n - 1, 1))
  }
}
