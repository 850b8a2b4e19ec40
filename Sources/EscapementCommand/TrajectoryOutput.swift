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
  _ saved: SavedTrajectories, _ format: TrajectoryFormat
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
  try show(trajectories, format)
}

/// Prints trajectories and their warnings.
func show(_ trajectories: Escapement.Trajectories, _ format: TrajectoryFormat) throws {
  for warning in trajectories.warnings {
    Console.error("escapement: warning: \(singleLine(warning))\n")
  }
  switch format {
  case .csv:
    let hasBands = !trajectories.plan.quantiles.isEmpty
    try Console.output((hasBands ? trajectories.bandTable : trajectories.pathTable).csv)
  case .json: try Console.output(jsonData(TrajectorySummary(trajectories, withPaths: true)))
  case .table: try Console.output(trajectoryTable(trajectories))
  }
}

/// Writes the risk at a few times for a person: a table a dynamics.
func trajectoryTable(_ trajectories: Escapement.Trajectories) -> String {
  let times = trajectories.plan.grid.times
  let last = times.count - 1
  let rows = min(8, times.count)
  // The last time, and others evenly before it.
  let chosen = (1...rows).map { last - (rows - $0) * max(1, times.count / rows) }.filter { $0 >= 0 }
  let probabilities = trajectories.plan.shownQuantiles
  var text = ""
  for run in trajectories.runs {
    text += "Excess risk, \(run.kind.title)".bold
    text += run.replicas == 1 ? ", one path\n" : ", \(run.replicas) replicas\n"
    let lines = chosen.map { index -> [String] in
      let band = run.bands[index]
      let mean = band.mean.map { NumberText.measured($0, band.standardError) } ?? "–"
      return [NumberText.short(times[index]), mean]
        + band.quantiles.map { NumberText.short($0) } + ["\(band.diverged)"]
    }
    text += textTable(
      ["τ", "mean"] + probabilities.map { "\(NumberText.short(100 * $0))%" } + ["diverged"], lines,
      rightAligned: Set(0...(probabilities.count + 2)))
    text += "\n"
  }
  return text
}
