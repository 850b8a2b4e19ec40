/// Reports input that no statistic could be computed from.
public enum StatisticsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Says that a sample has `count` values where at least `needed` are.
  case tooFewValues(count: Int, needed: Int)
  /// Says that two lists which belong together have different lengths.
  case lengthsDiffer(Int, Int)
  /// Says that the value at `index` is infinite or not a number.
  case notFinite(index: Int)
  /// Says that a parameter lies outside its range.
  case outOfRange(parameter: String, value: Double, expected: String)
  /// Says that a horizon lies beyond the earliest censored time, where exits are unknown.
  case horizonBeyondCensoring(horizon: Double, earliest: Double)
  /// Says that all values are equal, so that a statistic has no scale.
  case allValuesEqual

  /// Reads as a sentence for the user.
  public var description: String {
    switch self {
    case .tooFewValues(let count, let needed):
      "a sample has too few values: \(count) where at least \(needed) are needed"
    case .lengthsDiffer(let first, let second):
      "lists that belong together have different lengths: \(first) and \(second)"
    case .notFinite(let index):
      "value \(index), counted from 0, is not finite"
    case .outOfRange(let parameter, let value, let expected):
      "\(parameter) is \(value); expected \(expected)"
    case .horizonBeyondCensoring(let horizon, let earliest):
      "the horizon \(horizon) lies beyond the earliest censored time, \(earliest)"
    case .allValuesEqual:
      "all values are equal: the statistic is not defined"
    }
  }
}

func require(
  _ condition: Bool, _ parameter: String, _ value: Double, _ expected: String
) throws {
  guard condition else {
    throw StatisticsError.outOfRange(parameter: parameter, value: value, expected: expected)
  }
}
