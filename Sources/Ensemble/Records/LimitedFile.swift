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
