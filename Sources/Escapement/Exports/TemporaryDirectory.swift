import Ensemble
import Foundation

/// Runs `body` with a directory of its own, which is removed afterwards; those that killed processes of the
/// same user left are removed before.
func withTemporaryDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let place = FileManager.default.temporaryDirectory
  removeLeftDirectories(place.path)
  let directory = place.appendingPathComponent(
    "\(temporaryPrefix)\(UUID().uuidString)", isDirectory: true)
  func failure() -> OutputError {
    OutputError(
      isCreation: true,
      description: "cannot create the directory '\(directory.path)', expected a writable place")
  }
  guard mkdir(directory.path, 0o700) == 0 else { throw failure() }
  defer { try? FileManager.default.removeItem(at: directory) }
  // Says as long as it is open that somebody is at work here; it goes with the process.
  let lock = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard lock >= 0 else { throw failure() }
  defer { close(lock) }
  flock(lock, LOCK_EX | LOCK_NB)
  return try body(directory)
}

private let temporaryPrefix = "escapement-export-"

/// Removes the directories of exports that nobody holds.
///
/// Only this user's own, and no link: in a place where everybody may write, others can make names as they like.
private func removeLeftDirectories(_ place: String) {
  for name in (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
  where name.hasPrefix(temporaryPrefix) {
    let path = "\(place)/\(name)"
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { continue }
    var status = stat()
    // One that has just been made may not be held yet.
    if fstat(descriptor, &status) == 0, status.st_uid == geteuid(),
      time(nil) - status.modificationSeconds > 10,
      flock(descriptor, LOCK_EX | LOCK_NB) == 0
    {
      try? FileManager.default.removeItem(atPath: path)
    }
    close(descriptor)
  }
}

extension stat {
  fileprivate var modificationSeconds: Int {
    #if canImport(Darwin)
      return st_mtimespec.tv_sec
    #else
      return st_mtim.tv_sec
    #endif
  }
}
