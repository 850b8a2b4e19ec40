import Foundation

/// Says what is wrong with a data file: which, where, and what was expected.
public struct DataFileError: Error, Sendable, CustomStringConvertible {
  /// One line: file, line where there is one, problem.
  public let description: String

  /// Creates an error for a file.
  public init(_ path: String, line: Int? = nil, _ problem: String) {
    description = line.map { "\(path), line \($0): \(problem)" } ?? "\(path): \(problem)"
  }
}

/// Says that a file or directory could not be made or written.
public struct OutputError: Error, Sendable, CustomStringConvertible {
  /// Whether making it failed rather than writing to it.
  public let isCreation: Bool
  /// One line that names the path.
  public let description: String

  /// Creates an error.
  public init(isCreation: Bool, description: String) {
    self.isCreation = isCreation
    self.description = description
  }

  /// Creates the error of a path that cannot be created or written, for the system's reason.
  public init(isCreation: Bool, path: String, reason: String) {
    self.init(
      isCreation: isCreation,
      description: "output: cannot \(isCreation ? "create" : "write") '\(path)': \(reason)")
  }
}

/// Says in the system's words why a call failed: "No space left on device".
public func systemReason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }
