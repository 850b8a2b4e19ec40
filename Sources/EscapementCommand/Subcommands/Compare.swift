import ArgumentParser
import Escapement
import Foundation

/// `escapement compare`: the main job.
struct Compare: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the dynamics side by side and compares their exit times.",
    discussion: """
      Example: escapement compare --dimension 3000 --learning-rate 0.1 --dynamics ode,sde,chain

      With --output, finished replicas are saved as the run goes. A run that was interrupted goes on \
      with 'escapement resume DIRECTORY', or with the same call again; one that is finished is printed \
      from its files. A directory that holds anything else is refused.
      """)

  @OptionGroup var arguments: SimulationArguments
  @OptionGroup var printing: ComparisonPrintArguments
  @Option(
    help: ArgumentHelp(
      "Run one of N shares, to be joined by merge (default: all).", valueName: "I/N"))
  var shard: String?
  @OptionGroup var overwriting: OverwriteArguments

  func run() async throws {
    let share = try shard.map(readShare)
    let experiment = try arguments.resolve()
    if overwriting.overwrite, share != nil {
      throw ExperimentError(
        origin: .commandLine, key: "overwrite",
        problem: "expected none beside --shard: other shards may be at work in the directory")
    }
    let isCleared = try overwriting.clear(experiment.output)
    if !isCleared, share == nil, let output = experiment.output,
      let finished = try FinishedRun(experiment, directory: output)
    {
      return try show(finished, in: output, printing)
    }
    // The directory first: of a run that cannot be there is one error alone.
    let run = try experiment.output.map {
      try SavedRun(
        experiment, share: share, directory: $0, isCleared: isCleared, commit: builtCommit)
    }
    tellNotes(experiment)
    tellCost(try experiment.quadratureWork())
    tellRareDraws(experiment)
    try tellLongWork(experiment)
    if let run {
      return try await completeSavedRun(run, printing)
    }
    guard share == nil else {
      throw ExperimentError(
        origin: .commandLine, key: "shard", problem: "expected --output too, for the shard's file")
    }
    let unsaved = UnsavedWork()
    let comparison = try await Comparison.run(
      experiment, commit: builtCommit, observer: TerminalProgress())
    unsaved.end()
    try show(comparison, printing)
  }
}

/// Reads the option `--shard`.
func readShare(_ text: String) throws -> ReplicaShare {
  guard let share = ReplicaShare(text) else {
    throw ExperimentError(
      origin: .commandLine, key: "shard",
      problem: "found '\(text)', expected I/N with 1 ≤ I ≤ N ≤ \(ReplicaShare.largestCount)")
  }
  return share
}
