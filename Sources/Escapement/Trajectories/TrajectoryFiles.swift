import Foundation

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
