import GSL

/// Measures the mean shift of time that turns one law into the other: Wasserstein-1.
public enum WassersteinDistance {
  /// Returns ∫ |F₁ − F₂| dt of two samples, up to the time up to which both laws are known; where
  /// replicas are censored before, of the Kaplan–Meier curves.
  ///
  /// Cost: O(n log n). Agrees with SciPy's `wasserstein_distance`.
  public static func distance(_ first: ExitSample, _ second: ExitSample) throws -> Double {
    let end = ExitSample.commonEnd(first, second)
    guard !first.isCensored(before: end), !second.isCensored(before: end) else {
      let curves = CensoredOrder(first, second, end: end)
      return curves.integral(curves.gaps, abs)
    }
    let (x, y, _) = try ExitSample.comparableTimes(first, second)
    return distance(PooledOrder(x, y))
  }

  /// Returns `distance` with a bootstrap interval.
  ///
  /// The interval is W ± r, cut at 0, where r is the quantile at the level of
  /// R = ∫ |(F₁* − F₁) − (F₂* − F₂)| dt over the resamples F*. By the triangle inequality the
  /// error of W is at most such an R, so the level is kept for any two laws; for equal
  /// laws it is met, for laws far apart the interval is too wide. (Percentiles of
  /// resampled distances never reach 0, and their reflection seldom does.) Cost:
  /// O(n log n + `bootstrap.resamples` n). Throws `StatisticsError` when pairs do not match.
  public static func estimate(
    _ first: ExitSample, _ second: ExitSample, bootstrap: Bootstrap
  ) throws -> IntervalEstimate {
    let end = ExitSample.commonEnd(first, second)
    guard !first.isCensored(before: end), !second.isCensored(before: end) else {
      try bootstrap.pairing.check(first.count, second.count)
      return try CurveMeasures(first, second, end: end).wasserstein(bootstrap)
    }
    let (x, y, _) = try ExitSample.comparableTimes(first, second)
    var errors = WassersteinErrors(x, y)
    try bootstrap.forEachResample(x.count, y.count) { errors.add($0, $1) }
    return try errors.estimate(confidenceLevel: bootstrap.confidenceLevel)
  }

  fileprivate static func distance(_ order: PooledOrder) -> Double {
    order.labels.withUnsafeBufferPointer { order.integratedGap($0, squared: false) }
  }
}

/// Gathers the errors of the distance over resamples.
struct WassersteinErrors {
  private let order: PooledOrder
  private var errors: [Double] = []

  init(_ x: [Double], _ y: [Double]) { order = PooledOrder(x, y) }

  mutating func add(_ xCounts: [Int32], _ yCounts: [Int32]) {
    errors.append(Self.deviation(order, xCounts, yCounts))
  }

  func estimate(confidenceLevel: Double) throws -> IntervalEstimate {
    let value = WassersteinDistance.distance(order)
    let reach = try quantile(ofSorted: errors.sorted(), probability: confidenceLevel)
    return IntervalEstimate(
      estimate: value, interval: max(value - reach, 0)...(value + reach),
      confidenceLevel: confidenceLevel)
  }

  /// Integrates |(F₁* − F₁) − (F₂* − F₂)| for a resample that draws each time as often as the
  /// counts say.
  private static func deviation(
    _ order: PooledOrder, _ firstCounts: [Int32], _ secondCounts: [Int32]
  ) -> Double {
    let firstWeight = 1 / Double(order.firstCount)
    let secondWeight = 1 / Double(order.secondCount)
    var (first, second) = (0, 0)
    var sum = 0.0
    for place in 0..<(order.count - 1) {
      let origin = order.origins[place]
      if origin < order.firstCount {
        first += Int(firstCounts[origin]) - 1
      } else {
        second += Int(secondCounts[origin - order.firstCount]) - 1
      }
      let gap = Double(first) * firstWeight - Double(second) * secondWeight
      sum += abs(gap) * (order.values[place + 1] - order.values[place])
    }
    return sum
  }
}
