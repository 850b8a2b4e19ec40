import Dynamics
import Ensemble
import Foundation

/// Joins the shards of a run, one file after another, in the memory of the run's records alone.
package enum ShardMerge {
  /// Reads shards, files or directories with them, and returns the run's records.
  ///
  /// A shard that is given twice counts once. Throws `DataFileError` that names the shard which is
  /// of another experiment, unfinished or broken, which overlaps another, or which is missing.
  package static func records(of paths: [String]) throws -> RunRecords {
    let files = try paths.flatMap(shards)
    guard let first = files.first else { throw DataFileError("merge", "no shard is given") }
    let reference = try RecordFileReader(path: first).header
    let records = try RunRecords(reference.experiment(in: first))
    guard let count = reference.share?.count else { throw noShard(first) }
    var seen: [Int: String] = [:]
    for path in files {
      let file = try RecordFileReader(path: path)
      if let difference = file.header.difference(from: reference) {
        throw DataFileError(
          path, "it is of another experiment than '\(first)': \(difference)")
      }
      guard let share = file.header.share else { throw noShard(path) }
      guard share.count == count else {
        throw DataFileError(
          path, "it is shard \(share) and overlaps '\(first)', one of \(count) shards")
      }
      let isRepeated = seen[share.index] != nil
      let added = try file.readAll(
        table: { kind in
          records.tables[kind].map { ($0, share.replicas(of: $0.replicas.count)) }
        },
        contradiction: RecordRules(records.experiment).contradiction,
        // What is given twice was paid once.
        cost: { if !isRepeated { records.spend($0, $1, $2) } })
      let expected = records.tables.values.reduce(0) {
        $0 + share.replicas(of: $1.replicas.count).count
      }
      guard file.damage == nil, file.isFinished,
        isRepeated || added == expected
      else {
        let damage = file.damage.map { "it \($0)" } ?? "it is not finished"
        throw DataFileError(path, "\(damage), expected all of shard \(share): run it again")
      }
      seen[share.index] = path
    }
    let missing = (1...count).filter { seen[$0] == nil }
    guard missing.isEmpty else {
      let some = missing.prefix(20).map { "\($0)/\(count)" }.joined(separator: ", ")
      throw DataFileError(
        paths.joined(separator: " "),
        "missing shard\(missing.count == 1 ? "" : "s") \(some)"
          + (missing.count > 20 ? ", … (\(missing.count) in all)" : "")
          + ", expected all \(count)")
    }
    return records
  }

  /// Whether a file is a finished shard, of the experiment whose resolved text is given: one that a merge takes.
  package static func isFinished(
    _ path: String, _ share: ReplicaShare, of experiment: String
  ) -> Bool {
    guard let file = try? RecordFileReader(path: path), file.header.share == share,
      file.header.experiment == experiment, let own = try? file.header.experiment(in: path),
      let records = try? RunRecords(own, share: share), (try? records.read(file)) != nil
    else { return false }
    return file.damage == nil && file.isFinished && records.missingCount == 0
  }

  /// The shard files that paths stand for, as far as they are there.
  package static func files(of paths: [String]) -> [String] {
    paths.flatMap { (try? shards($0)) ?? [] }
  }

  private static func noShard(_ path: String) -> DataFileError {
    DataFileError(path, "it is the checkpoint of a whole run, expected a shard")
  }

  /// The shard files that a path stands for.
  private static func shards(_ path: String) throws -> [String] {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw DataFileError(path, "cannot be read, expected a shard or a directory with shards")
    }
    guard isDirectory.boolValue else { return [path] }
    let place = URL(fileURLWithPath: path, isDirectory: true)
    // An unfinished one is named by its own error, later.
    let names =
      RunFileNames.shares(in: path, prefix: "shard")
      + RunFileNames.shares(in: path, prefix: "checkpoint")
    guard !names.isEmpty else { throw DataFileError(path, "there is no shard in it") }
    return names.map { place.appendingPathComponent($0.name).path }
  }
}
