import ArgumentParser
import Escapement

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

  @OptionGroup var arguments: ExperimentArguments
  @OptionGroup var rates: SweepRateArguments
  @Option(
    help: ArgumentHelp("Length of the averages' window (default the horizon).", valueName: "tau"))
  var window: Double?
  @Option(help: "Where the chain starts: start, as the experiment says, or fixed-point.")
  var from: ChainOrigin = .start
  @Option(help: "How to print: table or json.") var format: OutputFormat = .table

  func run() async throws {
    let grid = try arguments.grid(rates)
    try tellFixedPointCost(grid)
    let summary = try await PlateauSummary(
      grid, window: window, origin: from, observer: TerminalProgress())
    switch format {
    case .json: try Console.output(try jsonData(summary))
    case .table: try Console.output(plateauText(summary))
    }
  }
}

extension ChainOrigin: ExpressibleByArgument {}
