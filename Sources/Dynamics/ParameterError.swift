/// Names a parameter out of range and what was expected instead.
public struct ParameterError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The key of the parameter, as an experiment file spells it.
  public let key: String
  /// What was found.
  public let found: String
  /// What was expected, as the end of the sentence "expected …".
  public let expected: String

  /// Creates the error for one key.
  public init(key: String, found: String, expected: String) {
    self.key = key
    self.found = found
    self.expected = expected
  }

  /// Says key, finding and expectation in one line.
  public var description: String { "\(key): found \(found), expected \(expected)" }

  static func require(
    _ condition: Bool, _ key: String, _ found: @autoclosure () -> String, _ expected: String
  ) throws(ParameterError) {
    guard condition else { throw ParameterError(key: key, found: found(), expected: expected) }
  }
}
