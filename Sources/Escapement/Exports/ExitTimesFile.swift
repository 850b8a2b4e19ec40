import Dynamics
import Ensemble
import Foundation

/// Writes exit records as CSV: `dynamics,threshold,replica,outcome,exit_time,exit_step`.
///
/// A run that watches overlaps or the subspace has the column `criterion` after `dynamics`; one that watches the risk
/// alone has not. Rows are sorted by dynamics, criterion (overlaps by unit, the risk, the subspace), threshold
/// and replica; numbers read back to the same Double; the step is empty for dynamics that have none. Byte-identical for the same experiment. `write` gets
/// the text in pieces, so that it need not fit in memory.
public func writeExitTimes(_ runs: [EnsembleRun], to write: (String) throws -> Void) rethrows {
  let hasCriteria = runs.contains { $0.marks.contains { $0.criterion != .risk } }
  let watched = hasCriteria ? "criterion,threshold" : "threshold"
  try write("dynamics,\(watched),replica,outcome,exit_time,exit_step\n")
  for run in runs.sorted(by: { $0.kind < $1.kind }) {
    for (index, mark) in run.marks.enumerated() {
      let criterion = hasCriteria ? "\(mark.criterion.name)," : ""
      let prefix = "\(run.kind.rawValue),\(criterion)\(mark.threshold),"
      for (replica, record) in run.records(at: index).enumerated() {
        let step = record.step < 0 ? "" : "\(record.step)"
        try write("\(prefix)\(replica),\(record.outcome.name),\(record.time),\(step)\n")
      }
    }
  }
}

/// Returns the CSV of exit records as a whole.
public func exitTimesCSV(_ runs: [EnsembleRun]) -> Data {
  var data = Data()
  writeExitTimes(runs) { data.append(contentsOf: $0.utf8) }
  return data
}
