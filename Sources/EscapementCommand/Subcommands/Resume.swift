import ArgumentParser
import Escapement
import Foundation

/// `escapement resume`: takes up a run that was interrupted.
struct Resume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Finishes a run that was interrupted.",
    discussion: """
      Takes up runs of compare and trajectories. The files are those of a run that never stopped, byte \
      by byte, save the cost under 'timing' in summary.json.
      """)

  @Argument(help: "Directory of the run, as --output named it.") var directory: String
  @Option(help: ArgumentHelp("Which shard, where there are several.", valueName: "I/N"))
  var shard: String?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Threads (default: all cores).", valueName: "count")
  )
  var threads: String?
  @OptionGroup var printing: PrintArguments

  func run() async throws {
    let share = try shard.map(readShare)
    if TrajectoryDirectory.isUnfinished(directory) {
      guard share == nil, !printing.histogram else {
        throw ExperimentError(
          origin: .commandLine, key: share == nil ? "histogram" : "shard",
          problem: "'\(directory)' holds trajectories, expected a run of compare")
      }
      if let saved = try SavedTrajectories.resume(
        directory, threads: threads, commit: builtCommit)
      {
        return try await completeSavedTrajectories(
          saved, printing.format == .json ? .json : .table)
      }
    }
    let run = try SavedRun.resume(
      directory, share: share, threads: threads, commit: builtCommit)
    guard let run else {
      Console.error("escapement: '\(directory)' is finished already\n")
      if share == nil, printing.format == .json {
        let place = URL(fileURLWithPath: directory).appendingPathComponent("summary.json")
        if let summary = try? Data(contentsOf: place) { try Console.output(summary) }
      }
      return
    }
    try await completeSavedRun(run, printing)
  }
}
