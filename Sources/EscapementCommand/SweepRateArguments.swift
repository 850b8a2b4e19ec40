import ArgumentParser
import Escapement

/// The options for the learning rate in other units, of the subcommands that take a grid.
struct SweepRateArguments: ParsableArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp(.learningRateOverWidth))
  var learningRateOverWidth: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.learningRateOverBest))
  var learningRateOverBest: String?
}

extension ExperimentArguments {
  /// Reads the file as a grid and lays the options over it, where commas part values.
  func grid(_ rates: SweepRateArguments) throws -> SweepGrid {
    var grid = try experiment.map { try SweepGrid(file: $0) } ?? SweepGrid()
    for (key, text) in words {
      if let text { try grid.set(.experiment(key), text) }
    }
    if let text = rates.learningRateOverWidth { try grid.set(.learningRateOverWidth, text) }
    if let text = rates.learningRateOverBest { try grid.set(.learningRateOverBest, text) }
    return grid
  }
}

extension ArgumentHelp {
  fileprivate init(_ key: SweepKey) {
    self.init(stringLiteral: key.help)
    valueName = "numbers"
  }
}
