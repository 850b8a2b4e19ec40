import ArgumentParser
import Escapement
import Foundation

/// `escapement merge`: joins the shards of a run.
struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Joins the shards of a run into the run itself.",
    discussion: """
      The files are those of a single run, byte by byte, save the cost under 'timing' in \
      summary.json. Shards may come in any order, and one more than once.
      """)

  @Argument(help: ArgumentHelp("Shards: files, or directories with them.", valueName: "shard"))
  var shards: [String]
  @Option(help: "Directory to fill with the run's files (required).") var output: String
  @OptionGroup var overwriting: OverwriteArguments
  @OptionGroup var printing: ComparisonPrintArguments

  func run() throws {
    let records = try ShardMerge.records(of: shards)
    var isCleared = false
    if overwriting.overwrite {
      guard !ShardMerge.files(of: shards).contains(where: isInOutput) else {
        throw ExperimentError(
          origin: .commandLine, key: "overwrite",
          problem: "expected none, since shards that are joined lie in '\(output)'")
      }
      isCleared = try overwriting.clear(output)
    }
    try OutputContents(path: output).admit(.run, records.experiment.yaml, isCleared: isCleared)
    let directory = try RunDirectory(path: output)
    let lock = try directory.lock()
    try OutputContents(path: output).admit(.run, records.experiment.yaml, isCleared: isCleared)
    let comparison = try records.comparison(commit: builtCommit)
    try withExtendedLifetime(lock) {
      try OutputContents(path: output).removeDerived()
      try directory.install(try filesOfRun(comparison))
    }
    try show(comparison, printing)
    printing.printing.tellPlace(output, "escapement export \(quoted(output)) --to report")
  }

  private func isInOutput(_ shard: String) -> Bool {
    func place(_ path: String) -> String {
      URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
    return place(URL(fileURLWithPath: shard).deletingLastPathComponent().path) == place(output)
  }
}
