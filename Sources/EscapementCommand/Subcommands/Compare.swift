import ArgumentParser
import Escapement
import Foundation

/// `escapement compare`: the main job.
struct Compare: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the dynamics side by side and compares their exit times.",
    discussion: """
      Example: escapement compare --dimension 3000 --learning-rate 0.1 --dynamics ode,sde,chain
      """)

  @OptionGroup var arguments: ExperimentArguments
  @Option(help: "How to print: table or json.") var format: OutputFormat = .table

  func run() async throws {
    let experiment = try arguments.resolve()
    let directory = try experiment.output.map { try RunDirectory(path: $0) }
    let comparison = try await Comparison.run(
      experiment, commit: builtCommit, observer: TerminalProgress())
    let summary = comparison.summary
    for warning in summary.warnings { Console.error("escapement: warning: \(warning)\n") }
    let json = try jsonData(summary)
    try directory?.write([
      ("experiment.yaml", Data(experiment.yaml.utf8)),
      ("exit_times.csv", exitTimesCSV(comparison.runs)),
      ("summary.json", json),
    ])
    switch format {
    case .json: try Console.output(json)
    case .table: try Console.output(comparisonTable(comparison))
    }
  }
}

/// Shows a bar for each dynamics in turn.
private actor TerminalProgress: ComparisonObserver {
  private var bar: ProgressBar?

  func willRun(_ kind: DynamicsKind, replicas: Int, meter: ProgressMeter) {
    bar = ProgressBar(kind.title, replicas: replicas, meter: meter)
  }

  func didRun(_ kind: DynamicsKind) async {
    await bar?.finish()
    bar = nil
  }
}
