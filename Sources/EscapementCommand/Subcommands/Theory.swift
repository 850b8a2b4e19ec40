import ArgumentParser
import Escapement

/// `escapement theory`: the closed forms, without any simulation.
struct Theory: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the closed-form predictions, without simulation.")

  @OptionGroup var arguments: ExperimentArguments
  @OptionGroup var overwriting: OverwriteArguments
  @Option(help: "How to print: table or json.") var format: OutputFormat = .table

  func run() async throws {
    let experiment = try arguments.resolve(simulates: false)
    let directory = try overwriting.directory(
      experiment.output, for: TheorySummary.self, experiment: experiment.yaml)
    let thresholds = experiment.exitRule.thresholds
    let theory = try TheorySummary(
      model: experiment.model, start: experiment.start, thresholds: thresholds)
    try directory?.write(theory)
    switch format {
    case .json: try Console.output(jsonData(theory))
    case .table: try Console.output(theoryTable(theory, experiment))
    }
  }
}
