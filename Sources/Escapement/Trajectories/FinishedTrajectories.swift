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
    RunDirectory.removeStaleLock(in: path)
    return (run.trajectories, plan.columnNames.contains("risk") || !plan.quantiles.isEmpty)
  }
}
