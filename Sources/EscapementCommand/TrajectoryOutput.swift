import ArgumentParser
import Escapement
import Foundation

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
  for warning in trajectories.warnings { Console.error("escapement: warning: \(singleLine(warning))\n") }
  switch format {
  case .csv: try Console.output(csv(trajectories))
  case .json: try Console.output(jsonData(TrajectorySummary(trajectories, withPaths: true)))
  case .table: try Console.output(trajectoryTable(trajectories))
  }
}

private func csv(_ trajectories: Escapement.Trajectories) -> Data {
  var data = Data()
  if trajectories.plan.quantiles.isEmpty {
    trajectories.writePaths { data.append(contentsOf: $0.utf8) }
  } else {
    trajectories.writeBands { data.append(contentsOf: $0.utf8) }
  }
  return data
}
