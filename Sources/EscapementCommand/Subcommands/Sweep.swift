import ArgumentParser
import Escapement
import Foundation

/// `escapement sweep`: a grid of experiments.
struct Sweep: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a grid of experiments; maps the verdicts and fits them over the grid.",
    discussion: """
      Keys with several values, parted by commas, span the grid; an experiment file may have the \
      keys sweep, cases and overrides. With --output DIR each point is kept as soon as it is \
      finished, and the same command goes on where it was interrupted.

      Example: escapement sweep --width 1,2,5 --dimension 1000,3000 --learning-rate-over-width 0.1
      """)

  @OptionGroup var arguments: SimulationArguments
  @OptionGroup var rates: SweepRateArguments
  @OptionGroup var overwriting: OverwriteArguments
  @Option(
    help: ArgumentHelp(
      "Run one of N shares of the points alone: I, I + N, … (default all; e.g. 3/16); the same call without "
        + "it joins them.", valueName: "I/N"))
  var shard: String?
  @Flag(help: "List the points and their estimated cost, and run nothing.") var dryRun = false
  @OptionGroup var printing: PrintArguments

  func run() async throws {
    let grid = try arguments.grid(rates)
    let points = try grid.points()
    let quadrature = try points.map { try $0.experiment.quadratureWork() }
    tellCost(quadrature)
    tellRareDraws(points)
    tellStepCost(points)
    guard !dryRun else {
      var page = Page(hasDetails: printing.details)
      sweepPlan(points, quadrature, &page)
      return try Console.output(page.text())
    }
    let output = try grid.output()
    let share = try shard.map(readShare)
    if let share {
      guard let output else {
        throw ExperimentError(
          origin: .commandLine, key: "shard", problem: "expected --output too, for its points")
      }
      return try await run(share, of: points, grid, output)
    }
    let isCleared = try overwriting.clear(output)
    let directory = try output.map {
      try SweepDirectory(path: $0, identity: grid.yaml, isCleared: isCleared)
    }
    if let note = directory?.note { Console.error("escapement: \(note)\n") }
    let progress = SweepProgress(points)
    @Sendable func work() async throws -> Escapement.Sweep {
      do {
        let sweep = try await Escapement.Sweep.run(
          grid, points: points, directory: directory, commit: builtCommit, observer: progress)
        await progress.finish()
        return sweep
      } catch {
        await progress.finish()
        throw error
      }
    }
    let sweep: Escapement.Sweep
    if let output {
      do {
        sweep = try await cancelledBySignals(work)
      } catch is CancellationError {
        throw InterruptedError(
          description: "interrupted with \(await progress.finished) of \(points.count) points kept "
            + "in '\(output)': the same command goes on from there")
      }
    } else {
      let unsaved = UnsavedWork()
      sweep = try await work()
      unsaved.end()
    }
    for warning in sweep.summary.warnings {
      Console.error("escapement: warning: \(singleLine(warning))\n")
    }
    try printing.output(sweep.summary, { $0.add(sweep) }, rest: "exit times, fits")
    if let output { printing.tellPlace(output, "escapement export \(quoted(output)) --to report") }
  }
}

extension Sweep {
  /// Runs a share of the points, and keeps them for the call that joins them.
  private func run(
    _ share: ReplicaShare, of points: [SweepPoint], _ grid: SweepGrid, _ output: String
  ) async throws {
    guard !overwriting.overwrite else {
      throw ExperimentError(
        origin: .commandLine, key: "overwrite",
        problem: "expected none beside --shard: other shares may be at work in the directory")
    }
    let own = share.points(of: points)
    let directory = try SweepDirectory(path: output, identity: grid.yaml, isShared: true)
    let progress = SweepProgress(own)
    do {
      _ = try await cancelledBySignals {
        try await Escapement.Sweep.complete(
          own, directory, commit: builtCommit, observer: progress)
      }
      await progress.finish()
    } catch is CancellationError {
      await progress.finish()
      throw InterruptedError(
        description:
          "interrupted with \(await progress.finished) of \(own.count) points of the share kept "
          + "in '\(output)': the same command goes on from there")
    }
    Console.error(
      "escapement: kept \(own.count) of \(points.count) points in '\(singleLine(output))'; without --shard the "
        + "same command joins all\n")
  }
}

extension ReplicaShare {
  /// Every `count`-th point from `index` on.
  func points(of points: [SweepPoint]) -> [SweepPoint] {
    points.enumerated().filter { $0.offset % count == index - 1 }.map(\.element)
  }
}

/// The options for the learning rate and the batch in other units, of the subcommands that take a grid.
struct SweepRateArguments: ParsableArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp(.learningRateOverWidth))
  var learningRateOverWidth: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.learningRateOverBest))
  var learningRateOverBest: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.learningRatePowerLaw))
  var learningRatePowerLaw: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.batchSizeOverDimension))
  var batchSizeOverDimension: String?

  fileprivate var words: [(SweepKey, String?)] {
    [
      (.learningRateOverWidth, learningRateOverWidth),
      (.learningRateOverBest, learningRateOverBest),
      (.learningRatePowerLaw, learningRatePowerLaw),
      (.batchSizeOverDimension, batchSizeOverDimension),
    ]
  }
}

extension ExperimentArguments {
  /// Reads the file as a grid and lays the options over it, where commas part values.
  func grid(_ rates: SweepRateArguments) throws -> SweepGrid {
    var grid = try experiment.map { try SweepGrid(file: $0) } ?? SweepGrid()
    for (key, text) in words {
      if let text { try grid.set(.experiment(key), text) }
    }
    for (key, text) in rates.words {
      if let text { try grid.set(key, text) }
    }
    return grid
  }
}

extension ArgumentHelp {
  fileprivate init(_ key: SweepKey) {
    self.init(stringLiteral: key.help)
    valueName = key.valueName
  }
}
