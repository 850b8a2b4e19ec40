import Ensemble
import Foundation

/// Opens the record files that runs are taken up from, and tells what was found.
enum Checkpoint {
  static func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }

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
