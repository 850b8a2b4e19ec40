import ArgumentParser
import Escapement
import Foundation

/// `escapement law`: the SDE's exit-time law for p = 1, without Monte Carlo.
struct Law: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Solves for the law of the SDE's exit time, p = 1, without simulation.",
    discussion: "Needs a given start: --start overlaps:M.")

  @OptionGroup var arguments: ExperimentArguments
  @Option(help: "How to print: table or json.") var format: OutputFormat = .table

  func run() async throws {
    let summary = try LawSummary(try arguments.resolve(simulates: false))
    switch format {
    case .json: try Console.output(try jsonData(summary))
    case .table:
      let rows = summary.laws.map { law in
        [
          "\(law.threshold)", NumberText.digits(law.mean), NumberText.digits(law.standardDeviation),
          String(format: "%.0e", law.error.moments),
        ]
          + ["0.05", "0.5", "0.95"].map { NumberText.short(law.quantiles[$0] ?? nil) }
      }
      try Console.output(
        textTable(
          ["T", "mean τ", "s.d.", "relative error", "5%", "median", "95%"], rows,
          rightAligned: Set(0...6)))
    }
  }
}
