/// Says why a sample cannot be analysed.
public struct SampleError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, and what was expected.
  public let description: String

  static func require(_ condition: Bool, _ description: String) throws(SampleError) {
    guard condition else { throw SampleError(description: description) }
  }
}
