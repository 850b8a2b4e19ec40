import Ensemble
import Foundation

/// Opens the record files that runs are taken up from, and tells what was found.
enum Checkpoint {
  static func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Refuses a directory whose run or trajectories have not ended: what else lies there may be in part.
  ///
  /// Throws `DataFileError`.
  static func requireNone(in path: String) throws(DataFileError) {
    let place = URL(fileURLWithPath: path, isDirectory: true)
    for name in [RunFileNames(share: nil).checkpoint, TrajectoryDirectory.checkpoint]
    where isThere(place.appendingPathComponent(name).path) {
      throw DataFileError(path, "is unfinished, expected a run that escapement resume has ended")
    }
  }

  /// Opens a record file of this very run; throws when it is of another.
  static func open(
    _ path: String, as header: RecordFileHeader, _ notes: inout [String]
  ) throws -> RecordFileReader {
    let file = try RecordFileReader(path: path)
    if let difference = file.header.difference(from: header) {
      throw OutputError(
        isCreation: true,
        description:
          "output: '\(path)' is of another experiment: \(difference); expected the same one, or a "
          + "directory of its own")
    }
    guard file.header.share == header.share else {
      throw DataFileError(path, "its name and its header tell different shards")
    }
    if file.header.commit != header.commit {
      notes.append(
        "'\(path)' was begun by commit \(file.header.commit ?? "unknown"), this is "
          + "\(header.commit ?? "unknown")")
    }
    return file
  }

  /// Says what a file has been read to hold.
  static func note(_ file: RecordFileReader, missing: Int, of count: Int) -> String {
    let found = "'\(file.path)' has \(count - missing) of \(count) replicas"
    guard let damage = file.damage else { return "\(found): going on" }
    return "\(found) and \(damage): what is missing is run again"
  }

  /// Says when a lock keeps nobody out.
  static func note(_ lock: RunLock, _ directory: RunDirectory) -> String? {
    lock.isHeld
      ? nil
      : "the file system of '\(directory.path)' has no locks: nothing keeps a second process out"
  }
}
