import Dynamics
import Statistics

/// Compares the exit times of two dynamics at one threshold.
public struct PairComparison: Encodable, Sendable {
  /// Tests of equal laws.
  public struct Tests: Encodable, Sendable {
    /// Two-sample Kolmogorov–Smirnov; absent against a single number.
    public let kolmogorovSmirnov: TestResult?

    enum CodingKeys: String, CodingKey { case kolmogorovSmirnov = "kolmogorov_smirnov" }
  }

  /// Ratio of the means, first over second.
  public struct Ratio: Encodable, Sendable {
    /// The estimate.
    public let estimate: Double
    /// The 95% interval; null when a side has no spread to judge by.
    public let interval: [Double]?
    /// The margin δ declared beforehand.
    public let margin: Double
    /// The judgement against the margin.
    public let verdict: Verdict
    /// Whether means were restricted to the horizon, since some replicas did not exit.
    public let isRestricted: Bool

    enum CodingKeys: String, CodingKey {
      case estimate, interval, margin, verdict
      case isRestricted = "restricted"
    }

    /// Writes every key, the interval null when there is none.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(estimate, forKey: .estimate)
      try container.encode(interval, forKey: .interval)
      try container.encode(margin, forKey: .margin)
      try container.encode(verdict, forKey: .verdict)
      try container.encode(isRestricted, forKey: .isRestricted)
    }
  }

  /// The side in the numerator.
  public let first: String
  /// The side in the denominator.
  public let second: String
  /// Fraction T of the initial risk.
  public let threshold: Double
  /// Whether replicas of one index share their start and are compared as pairs.
  public let paired: Bool
  /// Tests of equal laws.
  public let tests: Tests
  /// Ratio of the means; null when a side has no exit at all, or only exits at time 0.
  public let meanRatio: Ratio?

  enum CodingKeys: String, CodingKey {
    case first, second, threshold, paired, tests
    case meanRatio = "mean_ratio"
  }

  /// Writes every key, the ratio null when there is none.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(first, forKey: .first)
    try container.encode(second, forKey: .second)
    try container.encode(threshold, forKey: .threshold)
    try container.encode(paired, forKey: .paired)
    try container.encode(tests, forKey: .tests)
    try container.encode(meanRatio, forKey: .meanRatio)
  }
}
