import ArgumentParser
import Escapement
import Foundation
import Rainbow

/// How trajectories are printed.
enum TrajectoryFormat: String, ExpressibleByArgument, CaseIterable {
  case csv
  case json
  case table
}

/// Follows saved trajectories to their end, writes their files and prints what was asked for.
func completeSavedTrajectories(
  _ saved: SavedTrajectories, _ format: TrajectoryFormat, details: Bool
) async throws {
  for note in saved.notes { Console.error("escapement: \(singleLine(note))\n") }
  let advice = "escapement resume \(quoted(saved.directory.path))"
  let interruption = Interruption(saving: saved.journal, advice: advice)
  let trajectories: Escapement.Trajectories
  do {
    trajectories = try await .run(
      saved.plan, saved: saved, commit: builtCommit, observer: TerminalProgress())
    try saved.finish(try trajectories.files())
    interruption.end()
  } catch let error as OutputError {
    throw OutputError(
      isCreation: error.isCreation,
      description: "\(error.description); what was saved before can be taken up: \(advice)")
  }
  try show(trajectories, format, details: details)
  let path = saved.directory.path
  if format != .json {
    PrintArguments.tellPlace(path, "escapement export \(quoted(path)) --to report")
  }
}

/// Prints trajectories and their warnings.
func show(
  _ trajectories: Escapement.Trajectories, _ format: TrajectoryFormat, details: Bool
) throws {
  for warning in trajectories.warnings {
    Console.error("escapement: warning: \(singleLine(warning))\n")
  }
  switch format {
  case .csv:
    let hasBands = !trajectories.plan.quantiles.isEmpty
    try Console.output((hasBands ? trajectories.bandTable : trajectories.pathTable).csv)
  case .json: try Console.output(jsonData(TrajectorySummary(trajectories, withPaths: true)))
  case .table:
    var page = Page(hasDetails: details)
    page.add(trajectories)
    try Console.output(page.text(rest: "quantiles"))
  }
}

extension Page {
  /// Adds the risk at a few times: its mean in every dynamics, and as details the quantiles of each.
  mutating func add(_ trajectories: Escapement.Trajectories) {
    let times = trajectories.plan.grid.times
    let last = times.count - 1
    let rows = min(8, times.count)
    // The last time, and others evenly before it.
    let chosen = (1...rows).map { last - (rows - $0) * max(1, times.count / rows) }
      .filter { $0 >= 0 }
    func mean(_ band: RiskBand) -> String {
      band.mean.map { NumberText.measured($0, band.standardError) } ?? "–"
    }
    let runs = trajectories.runs
    add(
      Table(
        header: ["τ"] + runs.map(\.kind.title),
        rows: chosen.map { index in
          [NumberText.short(times[index])] + runs.map { mean($0.bands[index]) }
        }, right: Set(0...runs.count)), title: "Mean excess risk".bold)
    let probabilities = trajectories.plan.shownQuantiles
    addDetails { page in
      for run in runs {
        let lines = chosen.map { index -> [String] in
          let band = run.bands[index]
          return [NumberText.short(times[index]), mean(band)]
            + band.quantiles.map { NumberText.short($0) } + ["\(band.diverged)"]
        }
        page.add(
          Table(
            header: ["τ", "mean"] + probabilities.map { "\(NumberText.short(100 * $0))%" }
              + ["diverged"], rows: lines, right: Set(0...(probabilities.count + 2))),
          title: "Excess risk, \(run.kind.title)".bold
            + (run.replicas == 1 ? ", one path" : ", \(run.replicas) replicas"))
      }
    }
  }
}
