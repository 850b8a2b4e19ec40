import ArgumentParser
import Escapement
import Foundation

/// `escapement law`: the SDE's exit-time law for p = 1, without Monte Carlo.
struct Law: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Solves for the law of the SDE's exit time, p = 1, without simulation.",
    discussion: """
      From a given start, --start overlaps:M, or random starts, which is the default. Beside it \
      stands the law of the linearised SDE, and the largest distance of the two.
      """)

  @OptionGroup var arguments: ExperimentArguments
  @OptionGroup var overwriting: OverwriteArguments
  @Option(help: "How to print: table or json.") var format: OutputFormat = .table

  func run() async throws {
    let experiment = try arguments.resolve(simulates: false)
    let directory = try overwriting.directory(
      experiment.output, for: LawSummary.self, experiment: experiment.yaml)
    let summary = try LawSummary(experiment)
    try directory?.write(summary)
    switch format {
    case .json: try Console.output(try jsonData(summary))
    case .table:
      let rows = summary.laws.flatMap { law -> [[String]] in
        guard let mean = law.mean, let deviation = law.standardDeviation, let error = law.error
        else {
          return []
        }
        return [row(law.threshold, "SDE", mean, deviation, law.quantiles, error)]
          + [law.linearised].compactMap { $0 }.map {
            row(law.threshold, "linearised", $0.mean, $0.standardDeviation, $0.quantiles, $0.error)
          }
      }
      let header = [
        "T", "law", "mean τ", "s.d.", "5%", "median", "95%", "error, moments", "error, survival",
      ]
      let refused = summary.laws.compactMap { law in
        law.notAvailable.map { "T = \(law.threshold): not available, because \($0)\n" }
      }
      try Console.output(
        (rows.isEmpty ? "" : textTable(header, rows, rightAligned: Set(2...8))) + refused.joined())
    }
  }

  private func row(
    _ threshold: Double, _ name: String, _ mean: Double, _ deviation: Double,
    _ quantiles: [String: Double?], _ error: LawSummary.Errors
  ) -> [String] {
    ["\(threshold)", name, NumberText.digits(mean), NumberText.digits(deviation)]
      + ["0.05", "0.5", "0.95"].map { NumberText.short(quantiles[$0] ?? nil) }
      + [error.moments, error.survival].map { String(format: "%.0e", $0) }
  }
}
