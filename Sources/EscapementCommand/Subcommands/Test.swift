import ArgumentParser
import Escapement

/// `escapement test`: the battery on two files of exit times from anywhere.
struct Test: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares two files of exit times from anywhere.",
    discussion: """
      A file is CSV with a header and the times in the column exit_time, or in its only column. \
      A column outcome says exited, censored or diverged; without it an empty time is censored at \
      the largest.
      """)

  @Argument(help: "First file.") var first: String
  @Argument(help: "Second file.") var second: String
  @Flag(help: "Line i of both files has the same start.") var paired = false
  @Option(parsing: .unconditional, help: "Margin of the equivalence test, between 0 and 1.")
  var margin = 0.05
  @Option(help: "Seed of permutations and resamples.") var seed: UInt64 = 1
  @Option(help: "How to print: table or json.") var format: OutputFormat = .table

  func run() async throws {
    guard margin > 0, margin < 1 else {
      throw ExperimentError(
        origin: .commandLine, key: "margin",
        problem: "found \(margin), expected a number between 0 and 1")
    }
    let (x, y) = (try ExitSample(file: first), try ExitSample(file: second))
    guard !paired || x.count == y.count else {
      throw ExperimentError(
        origin: .commandLine, key: "paired",
        problem: "found \(x.count) and \(y.count) replicas, expected as many in both files")
    }
    let comparison = try SampleComparison(
      x, y, isPaired: paired, margin: margin, seed: seed)
    switch format {
    case .json: try Console.output(try jsonData(comparison))
    case .table: try Console.output(sampleTable(comparison, x, y))
    }
  }
}
