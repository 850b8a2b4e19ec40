import ArgumentParser
import Escapement

/// `escapement theory`: the closed forms, without any simulation.
struct Theory: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the closed-form predictions, without simulation.")

  @OptionGroup var arguments: ClosedFormArguments
  @OptionGroup var overwriting: OverwriteArguments
  @OptionGroup var printing: PrintArguments

  func run() async throws {
    let experiment = try arguments.resolve(simulates: false)
    let directory = try overwriting.directory(
      experiment.output, for: TheorySummary.self, experiment: experiment.yaml)
    let thresholds = experiment.exitRule.thresholds
    let theory = try TheorySummary(
      model: experiment.model, start: experiment.start, thresholds: thresholds)
    try directory?.write(theory)
    try printing.output(theory, { $0.add(theory, experiment) }, rest: "")
    if let output = experiment.output {
      printing.tellPlace(output, "escapement export \(quoted(output)) --to csv")
    }
  }
}
