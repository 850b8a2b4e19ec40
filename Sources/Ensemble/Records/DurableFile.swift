import Foundation

/// Writes a file that is to survive a crash; owns its descriptor.
///
/// Nothing is promised to be on disk before `synchronize`. A symbolic link in the file's place is
/// not followed, and a pipe in it not waited for.
public final class DurableFile {
  /// What errors call the file.
  public let path: String
  /// Bytes written so far.
  public private(set) var length: Int
  private let descriptor: Int32

  /// Creates an empty file in a directory, in place of one that may be there.
  ///
  /// `final` is the name it is to have in the end, for errors. Throws `OutputError` with the
  /// system's reason.
  public init(
    creating temporary: String, in directory: DirectoryHandle, for final: String? = nil
  ) throws(OutputError) {
    path = directory.place(final ?? temporary)
    length = 0
    // What a killed process left goes; a folder stays, and is named.
    directory.remove(temporary)
    descriptor = directory.open(temporary, O_WRONLY | O_CREAT | O_EXCL)
    guard descriptor >= 0 else {
      throw OutputError(isCreation: true, path: path, reason: systemReason())
    }
  }

  /// Opens a file of a directory to go on after its first `length` bytes; what follows them is cut off.
  ///
  /// Throws `OutputError` with the system's reason.
  public init(
    continuing name: String, in directory: DirectoryHandle, at length: Int
  ) throws(OutputError) {
    path = directory.place(name)
    self.length = length
    descriptor = directory.open(name, O_WRONLY)
    guard descriptor >= 0 else {
      throw OutputError(isCreation: false, path: path, reason: systemReason())
    }
    guard
      ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, 0, SEEK_END) == off_t(length)
    else {
      let reason = systemReason()
      close(descriptor)
      throw OutputError(isCreation: false, path: path, reason: reason)
    }
  }

  deinit { close(descriptor) }

  /// Appends all of `bytes` or, as far as the system lets it, none.
  ///
  /// Throws `OutputError` with the system's reason.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(OutputError) {
    var done = 0
    while done < bytes.count {
      let count = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let reason = systemReason()
        // What is left behind is a torn end, which readers know; this spares them it.
        if ftruncate(descriptor, off_t(length)) == 0 { lseek(descriptor, off_t(length), SEEK_SET) }
        throw OutputError(isCreation: false, path: path, reason: reason)
      }
      done += count
    }
    length += bytes.count
  }

  /// Appends bytes; throws as the other one does.
  public func append(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try append($0) }
  }

  /// Waits until all that was written is on disk; throws `OutputError` with the system's reason.
  public func synchronize() throws(OutputError) {
    // Pipes and the like cannot be synchronised, and need not be.
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else {
      throw OutputError(isCreation: false, path: path, reason: systemReason())
    }
  }

  /// Gives the file its final name, in one step that a crash cannot split.
  ///
  /// Throws `OutputError` with the system's reason.
  public static func rename(_ path: String, to final: String) throws(OutputError) {
    guard Foundation.rename(path, final) == 0 else {
      throw OutputError(isCreation: false, path: final, reason: systemReason())
    }
  }

  /// Waits until the names in a directory are on disk, where the file system offers that.
  public static func synchronize(directory: String) {
    let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
