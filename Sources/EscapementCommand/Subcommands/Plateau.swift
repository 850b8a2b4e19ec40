import ArgumentParser
import Escapement
import Foundation
import Rainbow

/// `escapement plateau`: the excess risk at long times.
struct Plateau: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Finds the excess risk at long times: fixed point of the ODE, averages of the chain.",
    discussion: """
      The chain waits for the horizon, then averages over as long again; its error is that of \
      independent replicas (default \(PlateauSummary.defaultReplicas)). Keys with several values, parted \
      by commas, span a grid. --dynamics ode is the fixed point alone, chain the averages alone.

      Example: escapement plateau --dimension 10000 --width 1,4 --learning-rate-over-width 0.1 \
      --label-noise 0.01,1
      """)

  @OptionGroup var arguments: SimulationArguments
  @OptionGroup var rates: SweepRateArguments
  @Option(
    help: ArgumentHelp("Length of the averages' window (default the horizon).", valueName: "tau"))
  var window: Double?
  @Option(help: "Where the chain starts: start, as the experiment says, or fixed-point.")
  var from: ChainOrigin = .start
  @OptionGroup var overwriting: OverwriteArguments
  @OptionGroup var printing: PrintArguments

  func run() async throws {
    let grid = try arguments.grid(rates)
    let output = try grid.output()
    let directory = try overwriting.directory(
      output, for: PlateauSummary.self, experiment: grid.yaml)
    try tellFixedPointCost(grid)
    let unsaved = UnsavedWork(keepsResult: output != nil)
    let summary = try await PlateauSummary(
      grid, window: window, origin: from, observer: TerminalProgress())
    unsaved.end()
    try directory?.write(summary)
    try printing.output(summary, { $0.add(summary) }, rest: "stability, averages")
    if let output { printing.tellPlace(output, "escapement export \(quoted(output)) --to csv") }
  }
}

extension ChainOrigin: ExpressibleByArgument {}

extension Page {
  /// Adds long-time risks: a table, then what was found at each point in words.
  mutating func add(_ summary: PlateauSummary) {
    let rows = summary.plateaus.enumerated().map { index, plateau in
      let risk = plateau.excessRisk.map {
        plateau.method == "chain"
          ? NumberText.measured($0, plateau.standardError) : NumberText.digits($0)
      }
      return [
        "\(plateau.width)", "\(plateau.dimension)", NumberText.short(plateau.learningRate),
        NumberText.short(plateau.labelNoise), plateau.method, risk ?? "–",
        plateau.formula.map(NumberText.digits) ?? "–",
        deviation(of: plateau, from: index > 0 ? summary.plateaus[index - 1] : nil),
      ]
    }
    add(
      Table(
        header: ["p", "d", "γ", "Δ", "method", "excess risk", "formula", "chain − fixed point"],
        rows: rows, right: [0, 1, 2, 3, 5, 6, 7], spare: [7, 6], labels: 5),
      title: "Excess risk at long times".bold)
    for (index, plateau) in summary.plateaus.enumerated() {
      let place = plateau.coordinates.isEmpty ? "" : "\(plateau.coordinates.words), "
      add(
        plateau.words, mark: "\(place)\(plateau.method): ", rank: 1, isApart: index == 0)
    }
  }
}

/// The chain's distance from the fixed point of the same point, relative, and in standard errors.
private func deviation(
  of plateau: Escapement.Plateau, from other: Escapement.Plateau?
) -> String {
  guard plateau.method == "chain", let other, other.method == "fixed-point",
    other.coordinates.text == plateau.coordinates.text, let risk = plateau.excessRisk,
    let expected = other.excessRisk,
    let error = plateau.standardError, error > 0, expected > 0
  else { return "" }
  let (share, errors) = (100 * (risk / expected - 1), (risk - expected) / error)
  return
    "\(NumberText.signed(share, decimals: 2))% = \(NumberText.signed(errors, decimals: 1)) s.e."
}
