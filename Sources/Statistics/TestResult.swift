/// Holds the statistic of a test and its p-value.
public struct TestResult: Codable, Sendable, Equatable {
  /// The statistic.
  public let statistic: Double
  /// The probability, under the null hypothesis, of a statistic at least as extreme.
  public let pValue: Double

  /// Creates a result.
  public init(statistic: Double, pValue: Double) {
    self.statistic = statistic
    self.pValue = pValue
  }

  enum CodingKeys: String, CodingKey {
    case statistic
    case pValue = "p_value"
  }
}
