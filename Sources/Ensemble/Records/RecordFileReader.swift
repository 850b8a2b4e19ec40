import Dynamics
import Foundation

/// Reads a record file block by block, in memory for one block.
///
/// What comes from a file is not trusted: lengths have limits, every block has its checksum, and
/// every number is checked before it is used.
public final class RecordFileReader {
  /// Where the file is.
  public let path: String
  /// Whose records these are.
  public let header: RecordFileHeader
  /// Bytes up to the end of the last good block.
  public private(set) var goodLength: Int
  /// Bytes up to the end of the last good records: where more may follow.
  public private(set) var lengthBeforeEnd: Int
  /// Whether the file says that its share is finished.
  public private(set) var isFinished = false
  /// Where and why reading stopped before the file's end, nil when it did not.
  public private(set) var damage: String?
  private let descriptor: Int32

  /// Opens a file and reads its header.
  ///
  /// Throws `DataFileError` when it cannot be read, or is no record file of this format.
  public init(path: String) throws {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw DataFileError(path, "cannot be read: \(systemReason())")
    }
    do {
      var kind = stat()
      guard fstat(descriptor, &kind) == 0, kind.st_mode & S_IFMT == S_IFREG else {
        throw DataFileError(path, "is no regular file, expected a record file")
      }
      let magic = try RecordFileReader.read(8, from: descriptor, path)
      guard magic == RecordFileLayout.magic else {
        throw DataFileError(path, "is no record file of escapement")
      }
      guard
        case .block(.header, let content) = try RecordFileReader.block(
          descriptor, path, limit: RecordFileLayout.largestHeader),
        let header = try? JSONDecoder().decode(RecordFileHeader.self, from: Data(content))
      else {
        throw DataFileError(path, "its header is damaged, expected an experiment")
      }
      guard header.format == 1 else {
        throw DataFileError(path, "its format is \(header.format), expected 1")
      }
      self.header = header
      goodLength = 8 + RecordFileLayout.blockHeader + content.count
      lengthBeforeEnd = goodLength
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  /// Reads on to the end, or to the first damage, and puts every replica into a table.
  ///
  /// `table` is asked for the table of a dynamics and the replicas that may be here; nil when there
  /// may be none. Costs are told to `cost`, and what was seen of a path to `numbers`, before the path's
  /// record; it returns whether that may be. A replica that is there already must agree to the last
  /// bit, and every one must be one that `contradiction` finds nothing against. Returns how many were not
  /// there. Throws `DataFileError` where intact blocks hold what cannot be.
  public func readAll(
    table: (DynamicsKind) -> (ExitRecordTable, replicas: Range<Int>)?,
    contradiction: (DynamicsKind, ExitRecord) -> String? = { _, _ in nil },
    numbers: (DynamicsKind, _ replica: Int, _ place: Int, _ numbers: [Double]) -> Bool = {
      _, _, _, _ in false
    },
    cost: (DynamicsKind, _ steps: Int, _ seconds: Double) -> Void
  ) throws -> Int {
    var added = 0
    while true {
      switch try nextBlock() {
      case .none: return added
      case .torn:
        damage = "is torn after byte \(goodLength)"
        return added
      case .block(.records, let content):
        guard !isFinished, let view = RecordBlockView(content[...]),
          let (table, replicas) = table(view.kind),
          table.recordsPerReplica == view.recordsPerReplica
        else { throw misfit() }
        let isGood = try view.forEach { replica, records in
          guard replicas.contains(replica) else { throw misfit() }
          for record in records {
            guard let problem = contradiction(view.kind, record) else { continue }
            throw DataFileError(
              path, "its replica \(replica) of \(view.kind.rawValue) has \(problem)")
          }
          if table.has(replica) {
            guard table.records(of: replica) == records else {
              throw DataFileError(
                path, "its replica \(replica) of \(view.kind.rawValue) is there twice and differs")
            }
          } else {
            table.set(replica, records)
            added += 1
          }
        }
        guard isGood else { throw misfit() }
        cost(view.kind, view.steps, view.seconds)
        goodLength += RecordFileLayout.blockHeader + content.count
        lengthBeforeEnd = goodLength
      case .block(.numbers, let content):
        let isGood = try NumberBlock.forEach(in: content) { kind, replica, place, values in
          guard !isFinished, numbers(kind, replica, place, values) else {
            throw misfit()
          }
        }
        guard isGood else { throw misfit() }
        goodLength += RecordFileLayout.blockHeader + content.count
        lengthBeforeEnd = goodLength
      case .block(.end, let content):
        guard content.isEmpty, !isFinished else { throw misfit() }
        isFinished = true
        goodLength += RecordFileLayout.blockHeader
      case .block(.header, _), .block(.state, _): throw misfit()
      }
    }
  }

  private func misfit() -> DataFileError {
    DataFileError(
      path, "the block after byte \(goodLength) is intact and does not fit its experiment")
  }

  enum Block {
    case none
    case torn
    case block(BlockTag, [UInt8])
  }

  /// Reads the next block, `none` at the end of the file.
  func nextBlock() throws -> Block {
    try RecordFileReader.block(descriptor, path, limit: RecordFileLayout.largestBlock)
  }

  private static func block(_ descriptor: Int32, _ path: String, limit: Int) throws -> Block {
    let head = try read(RecordFileLayout.blockHeader, from: descriptor, path)
    if head.isEmpty { return .none }
    func word(_ index: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(head[4 * index + $1]) << (8 * UInt32($1)) }
    }
    guard head.count == RecordFileLayout.blockHeader, let tag = BlockTag(rawValue: word(0)),
      word(1) <= limit
    else { return .torn }
    let content = try read(Int(word(1)), from: descriptor, path)
    guard content.count == Int(word(1)),
      RecordFileLayout.checksum(tag.rawValue, content) == word(2)
    else { return .torn }
    return .block(tag, content)
  }

  /// Reads `count` bytes, fewer at the end of the file.
  private static func read(_ count: Int, from descriptor: Int32, _ path: String) throws -> [UInt8] {
    // Without room the standard library writes to the one empty array that all threads share.
    guard count > 0 else { return [] }
    var failure: Int32 = 0
    let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
      while done < count {
        let got = Foundation.read(descriptor, buffer.baseAddress! + done, count - done)
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = errno }
        guard got > 0 else { return }
        done += got
      }
    }
    guard failure == 0 else {
      throw DataFileError(path, "cannot be read: \(systemReason(failure))")
    }
    return result
  }
}
