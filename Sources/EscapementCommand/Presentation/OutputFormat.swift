import ArgumentParser
import Escapement
import Foundation

/// How a result is printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table
  case json
}

/// Writes to standard output and standard error, which scripts keep apart.
enum Console {
  static func output(_ text: String) throws { try output(Data(text.utf8)) }
  /// Writes a result; throws `OutputError` when it does not arrive, on a full disk for one.
  static func output(_ data: Data) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: data)
    } catch {
      throw OutputError(isCreation: false, description: "standard output: cannot be written")
    }
  }
  /// Writes a message, which is lost when nobody can receive it.
  static func error(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
  /// Whether a person reads standard error.
  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
  /// Whether a person reads standard output.
  static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
}
