import ArgumentParser
import Escapement
import Foundation

/// How a result is printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table
  case json
}

/// Says that the reader of standard output has seen enough, as head has: no failure.
struct ClosedOutputError: Error {}

/// Writes to standard output and standard error, which scripts keep apart.
enum Console {
  static func output(_ text: String) throws { try output(Data(text.utf8)) }
  /// Writes a result; throws `OutputError` when it does not arrive, on a full disk for one, and
  /// `ClosedOutputError` when nobody reads on.
  static func output(_ data: Data) throws {
    try data.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = write(STDOUT_FILENO, bytes.baseAddress! + done, bytes.count - done)
        if count < 0, errno == EINTR { continue }
        if count < 0, errno == EAGAIN {
          usleep(1000)
          continue
        }
        if count < 0, errno == EPIPE { throw ClosedOutputError() }
        guard count > 0 else {
          throw OutputError(
            isCreation: false,
            description: "standard output: cannot be written: \(systemReason())")
        }
        done += count
      }
    }
  }
  /// Writes a message, which is lost when nobody can receive it.
  static func error(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
  /// Whether a person reads standard error.
  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}

/// How the subcommands print a result.
struct PrintArguments: ParsableArguments {
  @Option(help: "How to print: table or json.") var format: OutputFormat = .table
  @Flag(help: "Show the whole table, not its first twenty lines.") var details = false

  /// Prints a result in the form that was asked for.
  func output(_ result: some Encodable, _ fill: (inout Page) -> Void, rest: String) throws {
    switch format {
    case .json: try Console.output(try jsonData(result))
    case .table:
      var page = Page(hasDetails: details)
      fill(&page)
      try Console.output(page.text(rest: rest))
    }
  }
}

extension PrintArguments {
  /// Tells a person where a result is kept, and what can be made of it.
  func tellPlace(_ directory: String, _ next: String) {
    if format == .table { PrintArguments.tellPlace(directory, next) }
  }

  /// Tells it whatever the format.
  static func tellPlace(_ directory: String, _ next: String) {
    Console.error("escapement: saved in '\(singleLine(directory))'; next: \(next)\n")
  }
}

/// How the subcommands that end with a comparison print it.
struct ComparisonPrintArguments: ParsableArguments {
  @OptionGroup var printing: PrintArguments
  @Flag(help: "Add histograms of the exit times to the table, and the details.")
  var histogram = false
}
