/// Holds the outcome of a test of the hypothesis that two laws are equal.
public struct TestResult: Sendable, Hashable, Codable {
  /// Is the test's statistic, in the convention that the test documents.
  public let statistic: Double
  /// Is the probability, if the laws are equal, of a statistic at least as extreme.
  public let pValue: Double

  /// Joins a statistic and its p-value.
  public init(statistic: Double, pValue: Double) {
    self.statistic = statistic
    self.pValue = pValue
  }

  enum CodingKeys: String, CodingKey {
    case statistic
    case pValue = "p_value"
  }
}
