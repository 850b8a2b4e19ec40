import Escapement
import Foundation

/// Runs a saved run to its end, writes its files and prints what it found.
func completeSavedRun(_ run: SavedRun, _ printing: ComparisonPrintArguments) async throws {
  for note in run.notes { Console.error("escapement: \(singleLine(note))\n") }
  guard let journal = run.journal else { return }
  let path = run.directory.path
  let advice =
    run.share.map { "escapement resume \(quoted(path)) --shard \($0)" }
    ?? "escapement resume \(quoted(path))"
  let interruption = Interruption(saving: journal, advice: advice)
  do {
    try await run.complete(observer: TerminalProgress())
    guard run.share == nil else {
      try run.finishShare()
      interruption.end()
      return printing.printing.tellPlace(
        path, "escapement merge \(quoted(path)) --output \(quoted(path))")
    }
    let comparison = try run.records.comparison(commit: builtCommit)
    let files = try filesOfRun(comparison)
    try run.finish(files)
    interruption.end()
    try show(comparison, printing)
    printing.printing.tellPlace(path, "escapement export \(quoted(path)) --to report")
  } catch let error as OutputError where !error.description.hasPrefix("standard output") {
    throw OutputError(
      isCreation: error.isCreation,
      description: "\(error.description); what was saved before can be taken up: \(advice)")
  }
}

/// Prints a run from the files of its directory.
func show(_ finished: FinishedRun, in directory: String, _ printing: ComparisonPrintArguments)
  throws
{
  Console.error("escapement: '\(directory)' is finished already, this is what its files hold\n")
  // With the cost of the run itself, and the very bytes that it printed.
  if printing.printing.format == .json { return try Console.output(finished.summary) }
  try show(finished.comparison, printing)
}

/// The files of a run directory.
func filesOfRun(_ comparison: Comparison) throws
  -> [(name: String, fill: (OutputSink) throws -> Void)]
{
  let json = try jsonData(comparison.summary)
  return [
    ("experiment.yaml", { try $0.write(comparison.experiment.yaml) }),
    ("exit_times.csv", { sink in try writeExitTimes(comparison.runs) { try sink.write($0) } }),
    ("summary.json", { try $0.write(json) }),
  ]
}

/// Prints a comparison and its warnings.
func show(_ comparison: Comparison, _ arguments: ComparisonPrintArguments) throws {
  for warning in comparison.summary.warnings {
    Console.error("escapement: warning: \(singleLine(warning))\n")
  }
  var printing = arguments.printing
  printing.details = printing.details || arguments.histogram
  try printing.output(
    comparison.summary, { $0.add(comparison, histogram: arguments.histogram) },
    rest: "laws, quantiles, formulas, cost")
}

/// A path as a shell reads it back.
func quoted(_ path: String) -> String {
  let plain = path.unicodeScalars.allSatisfy {
    $0.isASCII && ($0.properties.isAlphabetic || "0123456789/._-+,=@%:".unicodeScalars.contains($0))
  }
  if plain && !path.isEmpty { return path }
  return "'" + path.replacingOccurrences(of: "'", with: "'\\''") + "'"
}

/// Shows a bar for each dynamics in turn.
actor TerminalProgress: ComparisonObserver {
  private var bar: ProgressBar?

  func willRun(_ kind: DynamicsKind, replicas: Int, meter: ProgressMeter) {
    bar = ProgressBar(kind.title, replicas: replicas, meter: meter)
  }

  func didRun(_ kind: DynamicsKind) async {
    await bar?.finish()
    bar = nil
  }
}
