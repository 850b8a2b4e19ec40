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
  @Option(
    help: ArgumentHelp(
      "Which shard, where there are several (default the only one).", valueName: "I/N"))
  var shard: String?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Threads (default: all cores).", valueName: "count")
  )
  var threads: String?
  @OptionGroup var printing: ComparisonPrintArguments

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
          saved, printing.printing.format == .json ? .json : .table,
          details: printing.printing.details)
      }
    }
    let run = try SavedRun.resume(
      directory, share: share, threads: threads, commit: builtCommit)
    guard let run else { return try showFinished(share) }
    try await completeSavedRun(run, printing)
  }

  /// Prints what a finished directory holds, once its files are known to be as they were written.
  private func showFinished(_ share: ReplicaShare?) throws {
    let isWhole = share == nil && FileManager.default.fileExists(atPath: place("summary.json"))
    if isWhole, !TrajectoryDirectory.isThere(directory) {
      let file = try ExperimentOptions(file: place("experiment.yaml"))
      let experiment = try Experiment(file, directory: directory)
      if let finished = try FinishedRun(experiment, directory: directory) {
        return try show(finished, in: directory, printing)
      }
    }
    if isWhole { try Manifest.require(directory) }
    Console.error("escapement: '\(directory)' is finished already\n")
    if isWhole, printing.printing.format == .json {
      try Console.output(try readFile(place("summary.json"), limit: 1 << 30))
    }
  }

  private func place(_ name: String) -> String {
    URL(fileURLWithPath: directory).appendingPathComponent(name).path
  }
}
