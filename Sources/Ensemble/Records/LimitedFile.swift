import Foundation

/// Reads a file, or what comes through a pipe, of at most `limit` bytes.
///
/// Throws `DataFileError` with the system's reason, or the limit.
public func readFile(_ path: String, limit: Int) throws -> Data {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw DataFileError(path, "cannot be read: \(systemReason())") }
  let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  var data = Data()
  do {
    while data.count <= limit, let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
      data.append(piece)
    }
  } catch {
    throw DataFileError(path, "cannot be read, expected a file")
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
  var kind = stat()
  guard stat(path, &kind) == 0 else {
    throw DataFileError(path, "cannot be read: \(systemReason())")
  }
  guard kind.st_mode & S_IFMT == S_IFREG else {
    throw DataFileError(path, "is no regular file, expected one")
  }
  guard Int(kind.st_size) <= limit else {
    throw DataFileError(path, "it is larger than \(limit >> 20) MB, expected at most that")
  }
  guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) else {
    throw DataFileError(path, "cannot be read, expected a file")
  }
  return data
}
