import ArgumentParser
import Escapement
import Foundation

/// `escapement verify`: whether directories hold what was written there.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tells whether the files of runs, trajectories and sweeps are as they were written.",
    discussion: """
      Every finished directory has manifest.sha256, with the SHA-256 of each file, as sha256sum -c reads it. \
      A file is whole, altered, missing, derived (by an export) or foreign; shards and checkpoints are looked \
      at by their own checksums. The status is 65 when one is altered, missing or unfinished.
      """)

  @Argument(help: ArgumentHelp("Directories that --output named.", valueName: "directory"))
  var directories: [String]
  @Option(help: "How to print: table or json.") var format: OutputFormat = .table

  func run() throws {
    let found = try directories.map { try Verification(directory: $0) }
    switch format {
    case .json: try Console.output(try jsonData(VerificationSummary(directories: found)))
    case .table: try Console.output(found.map(verificationText).joined())
    }
    guard let bad = found.first(where: { !$0.isWhole }) else { return }
    let faults = bad.files.filter { [.altered, .missing, .unfinished].contains($0.state) }
    let some = faults.prefix(3).map { "\($0.name) is \($0.state.rawValue)" }.joined(separator: ", ")
    throw DataFileError(
      bad.directory,
      "\(some)\(faults.count > 3 ? " and \(faults.count - 3) more" : ""), expected it whole")
  }
}

private struct VerificationSummary: Encodable {
  let schema = "escapement/verification/1"
  let directories: [Verification]
}

/// Lists the files of a directory for a person, those that are not whole by name.
private func verificationText(_ verification: Verification) -> String {
  let whole = verification.files.count { $0.state == .whole }
  var text =
    "\(singleLine(verification.directory)): \(verification.isWhole ? "whole" : "not whole"), \(whole) of "
    + "\(verification.files.count { ![.derived, .foreign].contains($0.state) }) files\n"
  for entry in verification.files where entry.state != .whole {
    text += "  \(entry.state.rawValue)  \(singleLine(entry.name))\n"
  }
  return text
}
