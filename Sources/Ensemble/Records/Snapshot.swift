import Dynamics
import Foundation

// A snapshot is a record file with the state of one replica under way: a header, blocks of state, an end.
// The state starts with the dynamics (1 byte) and the replica (8 bytes); what follows is the engine's, in
// the order of memory of the machines there are, all of them little-endian.

/// Says whose state a snapshot holds.
struct SnapshotSubject: Hashable {
  let kind: DynamicsKind
  let replica: Int

  /// The subject as a snapshot starts with it.
  var bytes: [UInt8] {
    var bytes = [kind.recordCode]
    RecordFileLayout.append(UInt64(replica), to: &bytes)
    return bytes
  }
}

/// Writes a snapshot in the place of the one before, whole or not at all; needs 8 MB of memory at most.
final class SnapshotWriter: StateTransfer {
  private static let part = 1 << 22

  private let name: String
  private let directory: DirectoryHandle
  private let file: RecordFileWriter
  private var pending: [UInt8]
  private var isFinished = false

  /// Starts beside the file `name` of a directory; throws `OutputError`.
  init(
    _ name: String, in directory: DirectoryHandle, _ header: RecordFileHeader,
    _ subject: SnapshotSubject
  ) throws {
    (self.name, self.directory) = (name, directory)
    file = try RecordFileWriter(beside: name, in: directory, header: header)
    pending = subject.bytes
  }

  deinit {
    if !isFinished { directory.remove(RecordFileWriter.temporary(name)) }
  }

  func pass(_ bytes: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < bytes.count {
      let end = min(bytes.count, done + SnapshotWriter.part - pending.count)
      pending.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[done..<end]))
      done = end
      if pending.count == SnapshotWriter.part { try flush() }
    }
  }

  private func flush() throws {
    try file.append(.state, pending)
    pending.removeAll(keepingCapacity: true)
  }

  /// Waits until all is on disk and puts it in place; throws `OutputError`.
  func finish() throws {
    if !pending.isEmpty { try flush() }
    try file.append(.end, [])
    try file.putInPlace()
    isFinished = true
  }
}

/// Reads a snapshot back, one block in memory.
final class SnapshotReader: StateTransfer {
  private let file: RecordFileReader
  private var content: ArraySlice<UInt8> = []

  /// Opens the snapshot of a replica of the work that `header` names.
  ///
  /// Throws `DataFileError` when it is torn or of another replica or experiment.
  init(_ path: String, _ header: RecordFileHeader, _ subject: SnapshotSubject) throws {
    file = try RecordFileReader(path: path)
    let found = file.header
    guard found.version == header.version, found.experiment == header.experiment,
      found.share == header.share
    else { throw DataFileError(path, "is of another experiment") }
    var start = subject.bytes
    try start.withUnsafeMutableBytes { try pass($0) }
    guard start == subject.bytes else { throw DataFileError(path, "is of another replica") }
  }

  func pass(_ bytes: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < bytes.count {
      guard try !content.isEmpty || readBlock() else { throw StateError.tooShort }
      let part = content.prefix(bytes.count - done)
      part.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: bytes[done...]).copyMemory(from: $0)
      }
      content = content.dropFirst(part.count)
      done += part.count
    }
  }

  /// Reads the next block of state; returns false at the end.
  private func readBlock() throws -> Bool {
    switch try file.nextBlock() {
    case .block(.state, let bytes) where !bytes.isEmpty:
      content = bytes[...]
      return true
    case .block(.end, let bytes) where bytes.isEmpty: return false
    case .block: throw DataFileError(file.path, "its blocks are not those of a snapshot")
    case .none, .torn: throw DataFileError(file.path, "is torn")
    }
  }

  /// Reads the rest and throws `DataFileError` unless it is whole.
  func verify() throws { while try readBlock() {} }

  /// Whether all of the state has been taken.
  func isAtEnd() throws -> Bool { try content.isEmpty && !readBlock() }
}
