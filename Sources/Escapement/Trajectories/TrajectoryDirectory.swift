import Ensemble
import Foundation

/// Tells directories with trajectories from those with other runs, so that neither overwrites the other.
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

  /// Throws `OutputError` when a directory holds another run, or trajectories of another plan.
  public static func requireFree(_ path: String, for plan: TrajectoryPlan) throws {
    let others = ["exit_times.csv", "sweep.yaml", RunFileNames(share: nil).checkpoint]
    let shares = ["checkpoint", "shard"].flatMap { RunFileNames.shares(in: path, prefix: $0) }
    if let other = others.first(where: { has(path, $0) }) ?? shares.first?.name {
      throw OutputError(
        isCreation: true,
        description: "output: '\(path)' holds another run, with \(other); expected a directory of "
          + "its own")
    }
    let old = URL(fileURLWithPath: path).appendingPathComponent("experiment.yaml")
    if isThere(path), let text = try? String(contentsOf: old, encoding: .utf8), text != plan.yaml {
      throw OutputError(
        isCreation: true,
        description: "output: '\(path)' holds other trajectories, expected its own or a new "
          + "directory")
    }
  }

  /// Throws `OutputError` when a directory that is to have another run holds trajectories.
  static func requireNone(_ path: String) throws {
    guard isThere(path) || isUnfinished(path) else { return }
    throw OutputError(
      isCreation: true,
      description: "output: '\(path)' holds trajectories, expected a directory of its own")
  }

  private static func has(_ path: String, _ name: String) -> Bool {
    FileManager.default.fileExists(
      atPath: URL(fileURLWithPath: path).appendingPathComponent(name).path)
  }
}
