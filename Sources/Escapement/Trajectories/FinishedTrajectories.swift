import Dynamics
import Ensemble
import Foundation

extension Trajectories {
  /// Reads the finished trajectories of a plan from a directory; nil when they are not there, or are another's.
  ///
  /// Where neither quantiles nor the column risk were asked for, `hasRisk` is false and the bands are empty of
  /// numbers. Throws `DataFileError` when the files are broken or do not belong to each other, `OutputError` when
  /// another version of the program has made them.
  public static func finished(
    _ plan: TrajectoryPlan, directory path: String
  ) throws -> (trajectories: Trajectories, hasRisk: Bool)? {
    func file(_ name: String) -> String {
      URL(fileURLWithPath: path, isDirectory: true).appendingPathComponent(name).path
    }
    let names =
      ["experiment.yaml", "summary.json"] + (plan.paths > 0 ? [TrajectoryDirectory.paths] : [])
      + (plan.quantiles.isEmpty ? [] : [TrajectoryDirectory.bands])
    guard names.allSatisfy({ Checkpoint.isThere(file($0)) }),
      !TrajectoryDirectory.isUnfinished(path),
      let text = try? readFile(file("experiment.yaml"), limit: ExperimentOptions.largestFile),
      text == Data(plan.yaml.utf8)
    else { return nil }
    let run = try TrajectoryRun(path: path)
    try requireThisVersion(run.provenance, path)
    try Manifest.require(path)
    let times = plan.grid.times.count
    let risk = plan.columnNames.firstIndex(of: "risk")
    let runs = try plan.experiment.dynamics.map { kind in
      let rows = run.paths.first { $0.kind == kind }?.rows ?? []
      let paths = try NumberTable(rows: rows.count, columns: max(1, plan.columnNames.count))
      for (index, row) in rows.enumerated() { paths.put(row, row: index, place: 0) }
      let bands =
        try run.bands.first { $0.kind == kind }?.bands
        ?? (0..<times).map { time in
          try RiskBand(
            stride(from: time, to: rows.count, by: times).map { place in
              risk.map { rows[place][$0] } ?? .nan
            },
            probabilities: plan.shownQuantiles)
        }
      return DynamicsPaths(
        kind: kind, replicas: plan.replicaCount(kind), bands: bands,
        pathCount: plan.pathCount(kind), divergences: run.divergences[kind] ?? [:], paths: paths)
    }
    return (
      Trajectories(plan: plan, runs: runs, provenance: run.provenance),
      risk != nil || !plan.quantiles.isEmpty
    )
  }
}
