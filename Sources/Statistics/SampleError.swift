/// Says why a sample cannot be analysed.
public struct SampleError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, and what was expected.
  public let description: String

  static func require(
    _ condition: Bool, _ description: @autoclosure () -> String
  ) throws(SampleError) {
    guard condition else { throw SampleError(description: description()) }
  }

  /// Requires at least `count` values, none of them NaN or −∞; +∞ is a censored replica.
  static func requireTimes(
    _ values: [Double], atLeast count: Int = 1
  ) throws(SampleError) {
    try require(
      values.count >= count,
      "\(values.count) values, expected at least \(count)")
    for (index, value) in values.enumerated() where !(value > -.infinity) {
      throw SampleError(description: "value \(index) is \(value), expected a number or +infinity")
    }
  }

  /// Requires at least `count` finite values.
  static func requireFinite(
    _ values: [Double], atLeast count: Int = 1
  ) throws(SampleError) {
    try requireTimes(values, atLeast: count)
    for (index, value) in values.enumerated() where !value.isFinite {
      throw SampleError(
        description: "value \(index) is not finite; restrict the censored to their horizon")
    }
  }

  /// Requires a probability strictly between 0 and 1.
  static func requireLevel(_ level: Double) throws(SampleError) {
    try require(level > 0 && level < 1, "a level of \(level), expected one in (0, 1)")
  }
}
