import Ensemble
import Foundation

/// Names the files of a run, or of one share of it, in its directory.
///
/// A run in progress has a checkpoint, which goes when the final files are there. A share in progress
/// has one too, which is renamed when the share is finished.
struct RunFileNames {
  let share: ReplicaShare?

  private var suffix: String { share.map { "-\($0.index)-of-\($0.count)" } ?? "" }

  var checkpoint: String { "checkpoint\(suffix).records" }
  /// What the names of snapshots start with.
  var snapshots: String { "snapshot\(suffix)" }
  var lock: String { ".lock\(suffix)" }
  /// The finished share; nil for a whole run.
  var finishedShare: String? { share == nil ? nil : "shard\(suffix).records" }

  /// What the file of a share or its checkpoint says in its name; nil for any other file.
  static func share(of name: String, prefix: String) -> ReplicaShare? {
    guard name.hasPrefix("\(prefix)-"), name.hasSuffix(".records") else { return nil }
    let middle = name.dropFirst(prefix.count + 1).dropLast(".records".count)
    return ReplicaShare(
      middle.split(separator: "-of-", omittingEmptySubsequences: false)
        .joined(separator: "/"))
  }

  /// The names of files in a directory whose shares can be told, in the order of the shares.
  static func shares(in directory: String, prefix: String) -> [(name: String, share: ReplicaShare)]
  {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.compactMap { name in share(of: name, prefix: prefix).map { (name, $0) } }
      .sorted { ($0.1.count, $0.1.index) < ($1.1.count, $1.1.index) }
  }
}

/// Names the files of trajectories and tells directories that have them.
package enum TrajectoryDirectory {
  static let paths = "trajectories.csv"
  static let bands = "bands.csv"
  static let checkpoint = "checkpoint.trajectories"

  /// Whether a directory holds trajectories.
  package static func isThere(_ path: String) -> Bool {
    [paths, bands].contains { has(path, $0) }
  }

  /// Whether a directory holds trajectories that are not finished.
  package static func isUnfinished(_ path: String) -> Bool { has(path, checkpoint) }

  private static func has(_ path: String, _ name: String) -> Bool {
    FileManager.default.fileExists(
      atPath: URL(fileURLWithPath: path).appendingPathComponent(name).path)
  }
}
