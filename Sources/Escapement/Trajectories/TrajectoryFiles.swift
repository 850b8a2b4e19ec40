import Foundation

extension Trajectories {
  /// Writes the paths as CSV, `dynamics,replica,time,` and the columns: a row a path and time.
  ///
  /// Rows are sorted by dynamics, replica and time; numbers read back to the same Double, and are missing
  /// once a replica has diverged. Byte-identical for the same plan.
  public func writePaths(to write: (String) throws -> Void) rethrows {
    try write((["dynamics", "replica", "time"] + plan.columnNames).joined(separator: ",") + "\n")
    for run in runs {
      for path in 0..<run.pathCount {
        for (index, time) in plan.grid.times.enumerated() {
          let values = run.values(path: path, time: index).map { $0.isFinite ? "\($0)" : "" }
          try write("\(run.kind.rawValue),\(path),\(time),\(values.joined(separator: ","))\n")
        }
      }
    }
  }

  /// Writes the bands as CSV, a row a dynamics and time.
  public func writeBands(to write: (String) throws -> Void) rethrows {
    let head = ["dynamics", "time", "replicas", "diverged", "mean", "standard_error"]
    try write(
      (head + plan.quantiles.map { "quantile_\($0)" }).joined(separator: ",") + "\n")
    func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    for run in runs {
      for (time, band) in zip(plan.grid.times, run.bands) {
        let fields =
          [
            run.kind.rawValue, "\(time)", "\(run.replicas)", "\(band.diverged)", text(band.mean),
            text(band.standardError),
          ] + band.quantiles.map(text)
        try write(fields.joined(separator: ",") + "\n")
      }
    }
  }

  /// Names and contents of the files of a run directory.
  public func files() throws -> [(name: String, fill: (OutputSink) throws -> Void)] {
    let json = try jsonData(TrajectorySummary(self, withPaths: false))
    var files: [(name: String, fill: (OutputSink) throws -> Void)] = [
      ("experiment.yaml", { [plan] in try $0.write(plan.yaml) }),
      ("summary.json", { try $0.write(json) }),
    ]
    if plan.paths > 0 {
      files.append(
        (TrajectoryDirectory.paths, { sink in try writePaths { try sink.write($0) } }))
    }
    if !plan.quantiles.isEmpty {
      files.append(
        (TrajectoryDirectory.bands, { sink in try writeBands { try sink.write($0) } }))
    }
    return files
  }
}

/// Names the files of trajectories and tells directories that have them.
public enum TrajectoryDirectory {
  static let paths = "trajectories.csv"
  static let bands = "bands.csv"
  static let checkpoint = "checkpoint.trajectories"

  /// Whether a directory holds trajectories.
  public static func isThere(_ path: String) -> Bool {
    [paths, bands].contains { has(path, $0) }
  }

  /// Whether a directory holds trajectories that are not finished.
  public static func isUnfinished(_ path: String) -> Bool { has(path, checkpoint) }

  private static func has(_ path: String, _ name: String) -> Bool {
    FileManager.default.fileExists(
      atPath: URL(fileURLWithPath: path).appendingPathComponent(name).path)
  }
}
