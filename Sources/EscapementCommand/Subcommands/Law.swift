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

  @OptionGroup var arguments: ClosedFormArguments
  @OptionGroup var overwriting: OverwriteArguments
  @OptionGroup var printing: PrintArguments

  func run() async throws {
    let experiment = try arguments.resolve(simulates: false)
    let directory = try overwriting.directory(
      experiment.output, for: LawSummary.self, experiment: experiment.yaml)
    let summary = try LawSummary(experiment)
    try directory?.write(summary)
    try printing.output(summary, { add(summary, to: &$0) }, rest: "quantiles, errors")
    if let output = experiment.output {
      printing.tellPlace(output, "escapement export \(quoted(output)) --to csv")
    }
  }

  private func add(_ summary: LawSummary, to page: inout Page) {
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
    if !rows.isEmpty {
      page.add(
        Table(header: header, rows: rows, right: Set(2...8), spare: [7, 8, 4, 6], labels: 2))
    }
    for law in summary.laws {
      guard let reason = law.notAvailable else { continue }
      page.add("not available, because \(reason)", mark: "T = \(law.threshold): ")
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
