import Foundation

/// Opens a file for reading without ever waiting for somebody to write it.
///
/// A pipe is taken where the system itself stands for it: what a shell puts in the place of a name, and
/// standard input. One that lies among files could keep a reader waiting for ever.
final class RegularFile {
  let descriptor: Int32
  private let path: String
  /// Bytes of a regular file; 0 of a pipe.
  let size: Int
  let isRegular: Bool

  /// Throws `DataFileError` with the system's reason, or for what is neither a file nor such a pipe.
  init(_ path: String) throws(DataFileError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw DataFileError(path, "cannot be read: \(systemReason())") }
    var kind = stat()
    let isKnown = fstat(descriptor, &kind) == 0
    isRegular = isKnown && kind.st_mode & S_IFMT == S_IFREG
    size = isRegular ? Int(kind.st_size) : 0
    guard isKnown, isRegular || RegularFile.isOfSystem(path, kind) else {
      close(descriptor)
      throw DataFileError(path, "is no regular file, expected one")
    }
    // The system's own pipes have a writer: they are waited for.
    if !isRegular { _ = fcntl(descriptor, F_SETFL, 0) }
  }

  deinit { close(descriptor) }

  private static func isOfSystem(_ path: String, _ kind: stat) -> Bool {
    let isOpen = [S_IFIFO, S_IFCHR, S_IFSOCK].contains(kind.st_mode & S_IFMT)
    return isOpen && (path.hasPrefix("/dev/") || path.hasPrefix("/proc/"))
  }

  /// Reads at most `count` bytes; none at the end. Throws `DataFileError`.
  func read(upTo count: Int) throws(DataFileError) -> Data {
    var data = Data(count: count)
    while true {
      let got = data.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress, count) }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw DataFileError(path, "cannot be read: \(systemReason())") }
      return data.prefix(got)
    }
  }
}

/// Reads a file, or what a shell's pipe or standard input brings, of at most `limit` bytes.
///
/// Throws `DataFileError` with the system's reason, or the limit.
public func readFile(_ path: String, limit: Int) throws -> Data {
  let file = try RegularFile(path)
  var data = Data()
  while data.count <= limit {
    let piece = try file.read(upTo: min(1 << 20, max(file.size - data.count, 0) + 4096))
    if piece.isEmpty { break }
    data.append(piece)
  }
  guard data.count <= limit else {
    throw DataFileError(path, "it is larger than \(limit >> 20) MB, expected at most that")
  }
  return data
}

/// Maps a regular file of at most `limit` bytes into memory, which it takes only as it is read.
///
/// Throws `DataFileError` with the system's reason, or the limit.
public func mapFile(_ path: String, limit: Int) throws -> Data {
  let file = try RegularFile(path)
  guard file.isRegular else { throw DataFileError(path, "is no regular file, expected one") }
  guard file.size <= limit else {
    throw DataFileError(path, "it is larger than \(limit >> 20) MB, expected at most that")
  }
  guard file.size > 0 else { return Data() }
  guard let bytes = mmap(nil, file.size, PROT_READ, MAP_PRIVATE, file.descriptor, 0),
    bytes != MAP_FAILED
  else { throw DataFileError(path, "cannot be read: \(systemReason())") }
  return Data(
    bytesNoCopy: bytes, count: file.size,
    deallocator: .custom { pointer, size in munmap(pointer, size) })
}
