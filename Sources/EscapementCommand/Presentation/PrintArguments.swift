import ArgumentParser

/// How the subcommands that end with a comparison print it.
struct PrintArguments: ParsableArguments {
  @Option(help: "How to print: table or json.") var format: OutputFormat = .table
  @Flag(help: "Add histograms of the exit times to the table.") var histogram = false
}
