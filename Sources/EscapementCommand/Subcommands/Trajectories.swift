import ArgumentParser
import Escapement
import Foundation

/// `escapement trajectories`: risk and overlaps against time.
struct Trajectories: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Follows risk and overlaps along time, past the exit.",
    discussion: """
      Replica i starts as in compare and, for the exact chain, full SGD and the ODE, takes the very same \
      path. Without --output the table goes to stdout as CSV: paths (dynamics,replica,time,risk,…) or, \
      with --quantiles, bands. With --output DIR it fills DIR for 'escapement export DIR --to figures', \
      and saves replicas as they end: what was interrupted goes on with 'escapement resume DIR'. \
      A replica that leaves the finite numbers has empty fields from then on.

      Example: escapement trajectories --dimension 3000 --learning-rate 0.1 --times log:0.01:10:200
      """)

  @OptionGroup var arguments: SimulationArguments
  @Option(parsing: .unconditional, help: ArgumentHelp(TrajectoryKey.times)) var times: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(TrajectoryKey.columns)) var columns: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(TrajectoryKey.paths)) var paths: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(TrajectoryKey.quantiles))
  var quantiles: String?
  @Option(help: "How to print: csv (default), json, or table (default with --output).")
  var format: TrajectoryFormat?
  @Flag(help: "Show quantiles in the table too.") var details = false
  @OptionGroup var overwriting: OverwriteArguments

  func run() async throws {
    let plan = try self.plan()
    let format = format ?? (plan.experiment.output == nil ? .csv : .table)
    guard format != .csv || plan.paths == 0 || plan.quantiles.isEmpty else {
      throw ExperimentError(
        origin: .commandLine, key: "format",
        problem: "found csv, expected json or --output: paths and quantiles are two tables")
    }
    let isCleared = try overwriting.clear(plan.experiment.output)
    if !isCleared, let output = plan.experiment.output,
      let (finished, hasRisk) = try Escapement.Trajectories.finished(plan, directory: output)
    {
      Console.error("escapement: '\(output)' is finished already, this is what its files hold\n")
      guard format != .table || hasRisk else {
        Console.error("escapement: the table is of the risk, which they do not hold\n")
        return
      }
      return try show(finished, format, details: details)
    }
    let saved = try plan.experiment.output.map {
      try SavedTrajectories(plan, directory: $0, isCleared: isCleared, commit: builtCommit)
    }
    if plan.memory > 1e8 {
      Console.error(
        "escapement: the numbers to keep take \(String(format: "%.0f MB", plan.memory / 1e6))\n")
    }
    tellCost(try plan.quadratureWork())
    tellRareDraws(plan.experiment)
    if let saved { return try await completeSavedTrajectories(saved, format, details: details) }
    let unsaved = UnsavedWork()
    let trajectories = try await Escapement.Trajectories.run(
      plan, commit: builtCommit, observer: TerminalProgress())
    unsaved.end()
    try show(trajectories, format, details: details)
  }

  private func plan() throws -> TrajectoryPlan {
    var file = TrajectoryOptions()
    if let path = arguments.experiment { file = try TrajectoryOptions(file: path) }
    var given = TrajectoryOptions()
    given.experiment = arguments.given
    let words = [
      (TrajectoryKey.times, times), (.columns, columns), (.paths, paths), (.quantiles, quantiles),
    ]
    for (key, text) in words { if let text { given.set(key, text) } }
    return try TrajectoryPlan(file.overridden(by: given), directory: arguments.directory)
  }
}

extension ArgumentHelp {
  fileprivate init(_ key: TrajectoryKey) {
    self.init(stringLiteral: key.help)
    valueName = key.valueName
  }
}
