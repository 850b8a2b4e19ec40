internal import CZlib
import Foundation

// A record file holds exit records of a run or of a share of it, as they were finished; of trajectories
// it has the numbers of each path in front of its record. It grows at its end only:
//
//   magic, 8 bytes
//   blocks: tag (4 bytes), length n of the content, CRC-32 of tag, length and content, n bytes
//
// All numbers are little-endian. The first block is a header in JSON, the last of a finished share
// says so. A crash leaves a torn last block at most, which the checksum tells; readers stop there.

/// Names the experiment that a record file belongs to and the share of it that the file holds.
public struct RecordFileHeader: Codable, Sendable, Equatable {
  /// Version of the format; a reader knows one.
  public var format = 1
  /// Version of the program whose random numbers and steps these are.
  public let version: String
  /// Commit of that program, where it is known.
  public let commit: String?
  /// The resolved experiment as an experiment file, seed included.
  public let experiment: String
  /// The share of the replicas, nil for all.
  public let share: ReplicaShare?

  /// Creates a header.
  public init(version: String, commit: String?, experiment: String, share: ReplicaShare?) {
    self.version = version
    self.commit = commit
    self.experiment = experiment
    self.share = share
  }
}

/// Holds what a block may be.
enum BlockTag: UInt32 {
  case header = 0x4441_4548  // "HEAD"
  case records = 0x5343_4552  // "RECS"
  case numbers = 0x424d_554e  // "NUMB"
  case state = 0x5441_5453  // "STAT"
  case end = 0x2044_4e45  // "END "
}

/// Gathers the layout of a record file for its writer and its reader.
enum RecordFileLayout {
  /// A byte that no text has, a name, and line ends that a copy as text would alter.
  static let magic: [UInt8] = [0x89, 0x45, 0x53, 0x43, 0x52, 0x0d, 0x0a, 0x1a]
  /// Bytes before a block's content.
  static let blockHeader = 12
  /// The largest content of a block; a writer stays far below.
  static let largestBlock = 1 << 25
  /// The largest header.
  static let largestHeader = 1 << 20

  /// CRC-32 of a block's tag, length and content.
  static func checksum(_ tag: UInt32, _ content: [UInt8]) -> UInt32 {
    var head: [UInt8] = []
    append(tag, to: &head)
    append(UInt32(content.count), to: &head)
    return UInt32(
      truncatingIfNeeded: crc32(
        crc32(0, head, UInt32(head.count)), content, UInt32(content.count)))
  }

  @inline(__always)
  static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }
}

/// Appends blocks to a record file.
package final class RecordFileWriter {
  private let file: DurableFile
  private let directory: DirectoryHandle
  private let name: String

  /// The name under which a file is written before it is put in place.
  static func temporary(_ name: String) -> String { name + ".new" }

  /// The name that a temporary file is to have in the end; nil for any other.
  package static func final(_ name: String) -> String? {
    name.hasSuffix(".new") ? String(name.dropLast(4)) : nil
  }

  /// Creates a file of a directory with its header, whole or not at all.
  ///
  /// Throws `OutputError` with the system's reason.
  convenience init(
    creating name: String, in directory: DirectoryHandle, header: RecordFileHeader
  ) throws {
    try self.init(beside: name, in: directory, header: header)
    try putInPlace()
  }

  /// Starts a file with its header under a temporary name; `putInPlace` gives it its own.
  ///
  /// Throws `OutputError` with the system's reason.
  init(beside name: String, in directory: DirectoryHandle, header: RecordFileHeader) throws {
    (self.name, self.directory) = (name, directory)
    file = try DurableFile(
      creating: RecordFileWriter.temporary(name), in: directory, for: name)
    try file.append(RecordFileLayout.magic)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try append(.header, Array(try encoder.encode(header)))
  }

  /// Waits until all is on disk and gives the file its name; throws `OutputError`.
  func putInPlace() throws {
    try file.synchronize()
    try directory.requireInPlace()
    try directory.rename(RecordFileWriter.temporary(name), to: name)
    directory.synchronize()
  }

  /// Goes on after the first `length` bytes of a file.
  init(continuing name: String, in directory: DirectoryHandle, at length: Int) throws {
    (self.name, self.directory) = (name, directory)
    file = try DurableFile(continuing: name, in: directory, at: length)
  }

  func append(_ tag: BlockTag, _ content: [UInt8]) throws {
    var head: [UInt8] = []
    RecordFileLayout.append(tag.rawValue, to: &head)
    RecordFileLayout.append(UInt32(content.count), to: &head)
    RecordFileLayout.append(RecordFileLayout.checksum(tag.rawValue, content), to: &head)
    // One call for both, so that a full disk takes neither.
    try file.append(head + content)
  }

  /// Waits until all is on disk; throws `OutputError`, also when the directory is no longer where it was.
  func synchronize() throws {
    try file.synchronize()
    try directory.requireInPlace()
  }
}
