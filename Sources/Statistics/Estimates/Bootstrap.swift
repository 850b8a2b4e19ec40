import GSL

/// Draws confidence intervals from resampled replicas.
///
/// Pairs by start are resampled as pairs: the resamples then hold the variation of the starts,
/// which both samples share, as well as that of the paths.
public struct Bootstrap {
  /// Counts the resamples.
  public let resamples: Int
  /// Is the level of the intervals.
  public let confidenceLevel: Double
  /// Says whether pairs or the two samples by themselves are resampled.
  public let pairing: Pairing
  let stream: RandomStream

  /// Prepares intervals at `confidenceLevel` in (0, 1) from `resamples` ≥ 2 resamples.
  ///
  /// The same `stream`, at the same place, gives the same interval. Throws `StatisticsError`
  /// when a parameter is out of range. Source: Efron (1979); Davison and Hinkley (1997).
  public init(
    pairing: Pairing, resamples: Int = 1999, confidenceLevel: Double = 0.95,
    stream: RandomStream
  ) throws {
    try require(
      (2...1_000_000_000).contains(resamples), "resamples", Double(resamples), "2 to 10^9")
    try require(
      confidenceLevel > 0 && confidenceLevel < 1, "confidenceLevel", confidenceLevel,
      "a number between 0 and 1")
    self.resamples = resamples
    self.confidenceLevel = confidenceLevel
    self.pairing = pairing
    self.stream = stream
  }

  /// Estimates `statistic` of `first` and `second` with its percentile interval.
  ///
  /// `statistic` receives the times in resampled order, restricted to the earliest censored
  /// time if there is one; it may return nil where it is not defined, and any nil among the
  /// resamples leaves the interval nil. Cost: `resamples` calls. Throws `StatisticsError` when
  /// pairs do not match; rethrows what `statistic` throws.
  public func estimate(
    _ first: ExitSample, _ second: ExitSample,
    _ statistic: ([Double], [Double]) throws -> Double?
  ) throws -> IntervalEstimate {
    let (x, y, _) = try ExitSample.comparableTimes(first, second)
    var values = [Double]()
    var isWhole = true
    try forEachResample(x.count, y.count) { xCounts, yCounts in
      let value = try statistic(Self.expanded(x, xCounts), Self.expanded(y, yCounts))
      if let value, value.isFinite { values.append(value) } else { isWhole = false }
    }
    let estimate = try statistic(x, y)
    let interval = isWhole && estimate != nil ? try percentiles(of: values) : nil
    return IntervalEstimate(
      estimate: estimate, interval: interval, confidenceLevel: confidenceLevel)
  }

  /// Calls `body` with the number of times that each value is drawn, for each resample.
  func forEachResample(
    _ first: Int, _ second: Int, _ body: ([Int32], [Int32]) throws -> Void
  ) throws {
    try pairing.check(first, second)
    var firstCounts = [Int32](repeating: 0, count: first)
    var secondCounts = [Int32](repeating: 0, count: second)
    for _ in 0..<resamples {
      draw(&firstCounts)
      if pairing == .byStart { secondCounts = firstCounts } else { draw(&secondCounts) }
      try body(firstCounts, secondCounts)
    }
  }

  /// Returns the interval between the two tail quantiles of `values`.
  func percentiles(of values: [Double]) throws -> ClosedRange<Double> {
    let sorted = values.sorted()
    let tail = (1 - confidenceLevel) / 2
    let lower = try quantile(ofSorted: sorted, probability: tail)
    let upper = try quantile(ofSorted: sorted, probability: 1 - tail)
    return lower...max(lower, upper)
  }

  private func draw(_ counts: inout [Int32]) {
    for index in counts.indices { counts[index] = 0 }
    for _ in counts.indices { counts[stream.index(below: counts.count)] += 1 }
  }

  private static func expanded(_ values: [Double], _ counts: [Int32]) -> [Double] {
    var result = [Double]()
    result.reserveCapacity(values.count)
    for (value, count) in zip(values, counts) {
      for _ in 0..<count { result.append(value) }
    }
    return result
  }
}

/// Holds an estimate with its confidence interval.
public struct IntervalEstimate: Sendable, Hashable, Codable {
  /// Is the estimate, or nil when the sample does not give it.
  public let estimate: Double?
  /// Is the confidence interval, or nil when the sample does not give one.
  public let interval: ClosedRange<Double>?
  /// Is the level of `interval`.
  public let confidenceLevel: Double

  init(estimate: Double?, interval: ClosedRange<Double>?, confidenceLevel: Double) {
    self.estimate = estimate
    self.interval = interval
    self.confidenceLevel = confidenceLevel
  }

  enum CodingKeys: String, CodingKey {
    case estimate, interval
  }

  /// Reads an estimate with its interval, of 95% since files hold no others.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    estimate = try container.decodeIfPresent(Double.self, forKey: .estimate)
    interval = try container.decodeIfPresent(ClosedRange<Double>.self, forKey: .interval)
    confidenceLevel = 0.95
  }

  /// Encodes the estimate and the interval as [lower, upper]; either is null when it is nil.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(estimate, forKey: .estimate)
    try container.encode(
      interval.map { [$0.lowerBound, $0.upperBound] }, forKey: .interval)
  }
}
