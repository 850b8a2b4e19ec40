/// Holds the outcome of a test of the hypothesis that two laws are equal.
public struct TestResult: Sendable, Hashable, Codable {
  /// Says how a p-value was got, and so what it is worth.
  public enum Kind: String, Sendable, Hashable, Codable {
    /// Counts every way that the values can fall.
    case exact
    /// Takes the limit law of many values.
    case asymptotic
    /// Relabels at random: at least `smallestPValue`, however different the samples.
    case permutation
    /// Takes ties for values in a random order: the p-value is at most this.
    case upperBound = "upper-bound"
  }

  /// Is the test's statistic, in the convention that the test documents.
  public let statistic: Double
  /// Is the probability, if the laws are equal, of a statistic at least as extreme.
  public let pValue: Double
  /// Says how `pValue` was got; nil when it was read from elsewhere.
  public let kind: Kind?
  /// Is the smallest p-value that the test can give, 1/(N + 1) for N relabellings; nil but for `permutation`.
  public let smallestPValue: Double?

  /// Joins a statistic and its p-value.
  public init(
    statistic: Double, pValue: Double, kind: Kind? = nil, smallestPValue: Double? = nil
  ) {
    self.statistic = statistic
    self.pValue = pValue
    self.kind = kind
    self.smallestPValue = smallestPValue
  }

  /// Whether all that is known is that the p-value is at most `pValue`: it is a bound, or the floor of
  /// the relabellings.
  public var isBound: Bool {
    kind == .upperBound && pValue < 1 || smallestPValue.map { pValue <= $0 } ?? false
  }

  enum CodingKeys: String, CodingKey {
    case statistic
    case pValue = "p_value"
    case kind = "p_value_kind"
    case smallestPValue = "smallest_p_value"
  }
}
