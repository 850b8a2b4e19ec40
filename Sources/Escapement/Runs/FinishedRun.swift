import Dynamics
import Ensemble
import Foundation

/// Holds a run that a directory has from before, read back instead of run again.
package struct FinishedRun: Sendable {
  /// What its records give.
  package let comparison: Comparison
  /// The bytes of its summary.json.
  package let summary: Data

  /// Reads the finished run of an experiment from a directory; nil when it is not there, or is another's.
  ///
  /// Throws `DataFileError` when its files are not as they were written or do not belong to each other,
  /// `OutputError` when another version of the program has run it, or nothing tells how they were written.
  package init?(_ experiment: Experiment, directory path: String) throws {
    func file(_ name: String) -> String {
      URL(fileURLWithPath: path, isDirectory: true).appendingPathComponent(name).path
    }
    let names = ["experiment.yaml", "summary.json", "exit_times.csv"]
    guard names.allSatisfy({ Checkpoint.isThere(file($0)) }),
      !Checkpoint.isThere(file(RunFileNames(share: nil).checkpoint)),
      let text = try? readFile(file(names[0]), limit: ExperimentOptions.largestFile),
      text == Data(experiment.yaml.utf8)
    else { return nil }
    let run = try Run(path: path)
    try requireThisVersion(run.summary.provenance, path)
    try Manifest.require(path)
    RunDirectory.removeStaleLock(in: path)
    let runs = try experiment.dynamics.map { kind in
      let records = try experiment.exitRule.marks.map { mark in
        let series = run.series.first {
          $0.dynamics == kind && $0.criterion == mark.criterion.name
            && $0.threshold == mark.threshold
        }
        guard let series, series.records.count == experiment.replicaCount(kind) else {
          throw DataFileError(
            file(names[2]),
            "\(series?.records.count ?? 0) replicas of \(kind.rawValue) at \(mark.threshold), "
              + "expected the \(experiment.replicaCount(kind)) of experiment.yaml")
        }
        return Array(series.records)
      }
      let timing = run.summary.timing[kind.rawValue]
      return EnsembleRun(
        kind: kind, marks: experiment.exitRule.marks, steps: timing?.steps ?? 0,
        seconds: timing?.seconds ?? 0, recordsByMark: records)
    }
    comparison = try Comparison(
      experiment, runs: runs, commit: run.summary.provenance.commit)
    summary = run.summaryData
  }
}

/// Throws `OutputError` when another version made what a directory holds: it may not be what this one would.
func requireThisVersion(_ provenance: ComparisonSummary.Provenance, _ path: String) throws {
  guard provenance.version == escapementVersion else {
    throw OutputError(
      isCreation: true,
      description: "output: '\(path)' was filled by version \(provenance.version), this is "
        + "\(escapementVersion); expected a new directory, or --overwrite")
  }
}
