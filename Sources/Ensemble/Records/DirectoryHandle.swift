import Foundation

/// Holds a directory open, so that its files stay its own whatever becomes of its name.
///
/// A name that meanwhile leads to another directory is noticed, and that one is left alone.
public final class DirectoryHandle: Sendable {
  /// The name under which the directory was opened.
  public let path: String
  private let descriptor: Int32

  /// Opens a directory that is there; throws `OutputError` with the system's reason.
  public init(path: String) throws(OutputError) {
    self.path = path
    descriptor = Foundation.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw OutputError(isCreation: true, path: path, reason: systemReason())
    }
  }

  deinit { close(descriptor) }

  /// Returns the path of a file in it, as it was named.
  public func place(_ name: String) -> String {
    URL(fileURLWithPath: path, isDirectory: true).appendingPathComponent(name).path
  }

  /// Opens a file in it, following no link and waiting for nobody; returns −1 as `open` does.
  func open(_ name: String, _ flags: Int32, mode: mode_t = 0o666) -> Int32 {
    openat(descriptor, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode)
  }

  /// Returns the status of what a name in it stands for, a link itself; nil when there is nothing.
  func status(_ name: String) -> stat? {
    var status = stat()
    return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
  }

  /// Whether anything stands under a name in it, a link that leads nowhere included.
  public func has(_ name: String) -> Bool { status(name) != nil }

  /// Whether a directory stands under a name in it.
  public func hasDirectory(_ name: String) -> Bool {
    status(name).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
  }

  /// Removes a file in it, of a link the link itself; returns whether it was removed.
  @discardableResult public func remove(_ name: String) -> Bool {
    unlinkat(descriptor, name, 0) == 0
  }

  /// Gives a file another name in one step that a crash cannot split.
  ///
  /// Throws `OutputError` with the system's reason.
  public func rename(_ name: String, to final: String) throws(OutputError) {
    guard renameat(descriptor, name, descriptor, final) == 0 else {
      throw OutputError(isCreation: false, path: place(final), reason: systemReason())
    }
  }

  /// Makes and removes a file of a name that is for this alone; throws `OutputError` where that cannot be.
  ///
  /// A link, a pipe or a folder under the name is not touched, and refused.
  public func requireWritable(_ probe: String) throws(OutputError) {
    func refusal(_ reason: String) -> OutputError {
      OutputError(
        isCreation: true,
        description:
          "output: cannot create files in '\(path)', expected a writable directory: \(reason)")
    }
    if let status = status(probe) {
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw refusal("'\(probe)' in it is no regular file")
      }
      // A killed process left it.
      remove(probe)
    }
    let file = open(probe, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
    guard file >= 0 || errno == EEXIST else { throw refusal(systemReason()) }
    if file >= 0 { close(file) }
    remove(probe)
  }

  /// Waits until the names in it are on disk, where the file system offers that.
  public func synchronize() { fsync(descriptor) }

  /// Throws `OutputError` unless the directory's name still leads to it.
  public func requireInPlace() throws(OutputError) {
    var (mine, there) = (stat(), stat())
    guard fstat(descriptor, &mine) == 0, stat(path, &there) == 0, mine.st_dev == there.st_dev,
      mine.st_ino == there.st_ino
    else {
      throw OutputError(
        isCreation: false,
        description:
          "output: '\(path)' has been moved or removed since the start, expected it to stay; "
          + "what was saved went with it, and can be taken up from where it is now")
    }
  }
}
