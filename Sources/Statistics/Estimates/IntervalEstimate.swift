/// Holds an estimate with its confidence interval.
public struct IntervalEstimate: Sendable, Hashable, Encodable {
  /// Is the estimate, or nil when the sample does not give it.
  public let estimate: Double?
  /// Is the confidence interval, or nil when the sample does not give one.
  public let interval: ClosedRange<Double>?
  /// Is the level of `interval`.
  public let confidenceLevel: Double

  enum CodingKeys: String, CodingKey {
    case estimate, interval
  }

  /// Encodes the estimate and the interval as [lower, upper]; either is null when it is nil.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(estimate, forKey: .estimate)
    try container.encode(
      interval.map { [$0.lowerBound, $0.upperBound] }, forKey: .interval)
  }
}
