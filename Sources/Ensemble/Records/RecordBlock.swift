import Dynamics

extension DynamicsKind {
  /// Its number in record files, for good: files outlive the program that wrote them.
  var recordCode: UInt8 {
    switch self {
    case .ode: return 0
    case .sde: return 1
    case .chain: return 2
    case .sgd: return 3
    }
  }

  init?(recordCode: UInt8) {
    guard let kind = DynamicsKind.allCases.first(where: { $0.recordCode == recordCode }) else {
      return nil
    }
    self = kind
  }
}

/// Holds finished replicas of one dynamics with what they cost, in the bytes of a record file.
///
/// 4 bytes a replica and 17 bytes a record.
struct RecordBlock {
  /// Bytes before the first replica: dynamics, records a replica, replicas, steps, seconds.
  static let prefix = 1 + 3 + 4 + 8 + 8
  static let bytesPerRecord = 17

  let kind: DynamicsKind
  let recordsPerReplica: Int
  /// Steps taken since the block before.
  var steps = 0
  /// Seconds spent since the block before.
  var seconds = 0.0
  private(set) var replicas = 0
  private var content: [UInt8] = []

  init(kind: DynamicsKind, recordsPerReplica: Int) {
    self.kind = kind
    self.recordsPerReplica = recordsPerReplica
  }

  /// Bytes of the replicas so far.
  var size: Int { content.count }

  mutating func add(_ replica: Int, _ records: [ExitRecord]) {
    precondition(records.count == recordsPerReplica, "one record a criterion and threshold")
    RecordFileLayout.append(UInt32(replica), to: &content)
    for record in records {
      RecordFileLayout.append(record.time.bitPattern, to: &content)
      RecordFileLayout.append(Int64(record.step), to: &content)
      content.append(record.outcome.rawValue)
    }
    replicas += 1
  }

  var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(RecordBlock.prefix + content.count)
    result.append(kind.recordCode)
    result.append(contentsOf: [
      UInt8(truncatingIfNeeded: recordsPerReplica),
      UInt8(truncatingIfNeeded: recordsPerReplica >> 8),
      UInt8(truncatingIfNeeded: recordsPerReplica >> 16),
    ])
    RecordFileLayout.append(UInt32(replicas), to: &result)
    RecordFileLayout.append(Int64(steps), to: &result)
    RecordFileLayout.append(seconds.bitPattern, to: &result)
    return result + content
  }
}

/// Reads a block in place; every number in it is checked before it is used.
struct RecordBlockView {
  let kind: DynamicsKind
  let recordsPerReplica: Int
  let replicas: Int
  let steps: Int
  let seconds: Double
  private let content: ArraySlice<UInt8>

  /// Checks the content of a block; nil when it is not one.
  init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.count >= RecordBlock.prefix,
      let kind = DynamicsKind(recordCode: bytes[bytes.startIndex])
    else { return nil }
    self.kind = kind
    let word = RecordBlockView.load(UInt32.self, bytes, 0)
    recordsPerReplica = Int(word >> 8)
    replicas = Int(RecordBlockView.load(UInt32.self, bytes, 4))
    steps = Int(RecordBlockView.load(Int64.self, bytes, 8))
    seconds = Double(bitPattern: RecordBlockView.load(UInt64.self, bytes, 16))
    content = bytes.dropFirst(RecordBlock.prefix)
    guard recordsPerReplica >= 1, steps >= 0, steps < 1 << 60, seconds.isFinite, seconds >= 0,
      content.count == replicas * (4 + recordsPerReplica * RecordBlock.bytesPerRecord)
    else { return nil }
  }

  /// Hands out each replica with its records; false at the first that cannot be.
  func forEach(_ body: (Int, [ExitRecord]) throws -> Void) rethrows -> Bool {
    var place = 0
    var records: [ExitRecord] = []
    records.reserveCapacity(recordsPerReplica)
    for _ in 0..<replicas {
      let replica = Int(RecordBlockView.load(UInt32.self, content, place))
      place += 4
      records.removeAll(keepingCapacity: true)
      for _ in 0..<recordsPerReplica {
        let time = Double(bitPattern: RecordBlockView.load(UInt64.self, content, place))
        let step = Int(RecordBlockView.load(Int64.self, content, place + 8))
        guard let outcome = Outcome(rawValue: content[content.startIndex + place + 16]),
          time.isFinite, time >= 0, step >= -1
        else { return false }
        records.append(ExitRecord(outcome: outcome, time: time, step: step))
        place += RecordBlock.bytesPerRecord
      }
      try body(replica, records)
    }
    return true
  }

  @inline(__always)
  private static func load<Number: FixedWidthInteger>(
    _ type: Number.Type, _ bytes: ArraySlice<UInt8>, _ place: Int
  ) -> Number {
    precondition(place >= 0 && place + MemoryLayout<Number>.size <= bytes.count)
    return bytes.withUnsafeBytes {
      Number(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: Number.self))
    }
  }
}
