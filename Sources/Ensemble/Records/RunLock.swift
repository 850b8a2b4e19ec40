import Foundation

/// Keeps two processes from writing the same run; the lock goes with the process, however it ends.
public final class RunLock: Sendable {
  private let name: String
  private let directory: DirectoryHandle
  private let descriptor: Int32
  private let isShared: Bool
  /// False on file systems that know no locks; nothing is kept out there.
  public let isHeld: Bool

  /// Takes the lock, a file `name` of a directory which is removed again at the end.
  ///
  /// Several may hold it at once if all take it `shared`. Throws `OutputError` that names the process which
  /// has it.
  public init(
    _ name: String, in directory: DirectoryHandle, shared: Bool = false
  ) throws(OutputError) {
    (self.name, self.directory, isShared) = (name, directory, shared)
    while true {
      let descriptor = directory.open(name, O_RDWR | O_CREAT)
      guard descriptor >= 0 else {
        throw OutputError(isCreation: true, path: directory.place(name), reason: systemReason())
      }
      var mine = stat()
      guard fstat(descriptor, &mine) == 0, mine.st_mode & S_IFMT == S_IFREG else {
        close(descriptor)
        throw OutputError(
          isCreation: true, path: directory.place(name), reason: "it is no regular file")
      }
      guard flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
        let reason = errno
        let holder = RunLock.text(of: descriptor)
        if reason == EWOULDBLOCK {
          close(descriptor)
          throw OutputError(
            isCreation: true,
            description:
              "output: '\(directory.path)' is in use by \(holder), expected it to be free")
        }
        if reason == EINTR {
          close(descriptor)
          continue
        }
        self.descriptor = descriptor
        isHeld = false
        return
      }
      // The holder before may have removed the file between the opening and the lock.
      guard let there = directory.status(name), mine.st_ino == there.st_ino else {
        close(descriptor)
        continue
      }
      self.descriptor = descriptor
      isHeld = true
      let text = "process \(getpid()) on \(RunLock.hostName)"
      ftruncate(descriptor, 0)
      _ = text.withCString { write(descriptor, $0, strlen($0)) }
      return
    }
  }

  deinit {
    // Of those who share it the last one removes it; who waits for it looks whether it is still there.
    if !isShared || flock(descriptor, LOCK_EX | LOCK_NB) == 0 { directory.remove(name) }
    close(descriptor)
  }

  private static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    // The last byte stays 0, whatever happens.
    gethostname(&name, name.count - 1)
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Who holds the lock, as its file says; the file may hold anything.
  private static func text(of descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 200)
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    let text = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
      .filter { $0.isLetter || $0.isNumber || " -.".contains($0) }
    return text.isEmpty ? "another process" : text
  }
}
