import ArgumentParser
import Foundation

/// How a result is printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table
  case json
}

/// Writes to standard output and standard error, which scripts keep apart.
enum Console {
  static func output(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
  static func output(_ data: Data) { FileHandle.standardOutput.write(data) }
  static func error(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
  /// Whether a person reads standard error.
  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
  /// Whether a person reads standard output.
  static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
}
