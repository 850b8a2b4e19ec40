import Dynamics
import Foundation
import Testing

@testable import Ensemble

/// Writes record files, spoils them in every way, and reads them back.
@Suite struct RecordFileTests {
  private static let header = RecordFileHeader(
    version: "1", commit: nil, experiment: "dimension: 5\n",
    share: ReplicaShare(index: 2, count: 3))

  private func record(_ replica: Int, _ index: Int) -> ExitRecord {
    ExitRecord(
      outcome: Outcome(rawValue: UInt8((replica + index) % 3))!,
      time: Double(replica) / 7 + Double(index), step: replica % 2 == 0 ? -1 : replica)
  }

  private func withFile(_ body: (URL) throws -> Void) throws {
    let place = FileManager.default.temporaryDirectory
      .appendingPathComponent("escapement-\(UUID().uuidString).records")
    defer { try? FileManager.default.removeItem(at: place) }
    let journal = try RecordJournal(
      creating: place.lastPathComponent,
      in: try DirectoryHandle(path: place.deletingLastPathComponent().path),
      header: RecordFileTests.header)
    for kind in [DynamicsKind.sde, .chain] {
      journal.begin(kind, recordsPerReplica: 2, progress: ProgressMeter())
      for replica in (10..<30).reversed() {
        journal.add(replica, (0..<2).map { record(replica, $0) })
        if replica % 8 == 0 { try journal.save() }
      }
      try journal.save()
    }
    try journal.finish()
    try body(place)
  }

  private func read(_ place: URL, replicas: Range<Int> = 10..<30, recordsPerReplica: Int = 2)
    throws -> (RecordFileReader, [DynamicsKind: ExitRecordTable])
  {
    var tables: [DynamicsKind: ExitRecordTable] = [:]
    for kind in DynamicsKind.allCases {
      tables[kind] = try ExitRecordTable(replicas: 10..<30, recordsPerReplica: recordsPerReplica)
    }
    let reader = try RecordFileReader(path: place.path)
    _ = try reader.readAll(table: { tables[$0].map { ($0, replicas) } }, cost: { _, _, _ in })
    return (reader, tables)
  }

  @Test func `what was written is read`() throws {
    try withFile { place in
      let (reader, tables) = try read(place)
      #expect(reader.header == RecordFileTests.header)
      #expect(reader.isFinished)
      #expect(reader.damage == nil)
      for kind in [DynamicsKind.sde, .chain] {
        let table = try #require(tables[kind])
        #expect(table.missing.isEmpty)
        for replica in 10..<30 {
          #expect(table.records(of: replica) == (0..<2).map { record(replica, $0) })
        }
      }
      #expect(tables[.ode]?.missing == [10..<30])
    }
  }

  @Test func `cut anywhere, a file gives whole replicas or its name`() throws {
    try withFile { place in
      let whole = try Data(contentsOf: place)
      var known = 0
      for length in 0..<whole.count {
        try whole.prefix(length).write(to: place)
        do {
          let (reader, tables) = try read(place)
          #expect(reader.goodLength == length || reader.damage != nil)
          #expect(!reader.isFinished)
          let found = [DynamicsKind.sde, .chain].reduce(0) { sum, kind in
            sum + (10..<30).count { tables[kind]!.has($0) }
          }
          #expect(found >= known)
          known = found
        } catch let error as DataFileError {
          #expect(known == 0)
          #expect(error.description.hasPrefix(place.path))
        }
      }
      #expect(known == 40)
    }
  }

  @Test func `any flipped bit is found`() throws {
    try withFile { place in
      let whole = try Data(contentsOf: place)
      for byte in whole.indices {
        var damaged = whole
        damaged[byte] ^= UInt8(1 << (byte % 8))
        try damaged.write(to: place)
        do {
          let (reader, _) = try read(place)
          #expect(reader.damage != nil, "byte \(byte)")
        } catch let error as DataFileError {
          #expect(error.description.hasPrefix(place.path))
        }
      }
    }
  }

  @Test func `numbers seen of a replica come back to the bit, before its record`() throws {
    let place = FileManager.default.temporaryDirectory
      .appendingPathComponent("escapement-\(UUID().uuidString).records")
    defer { try? FileManager.default.removeItem(at: place) }
    // The last is longer than a piece, and than what is written at once.
    let counts = [0, 1, 3, 700_000]
    func numbers(_ replica: Int) -> [Double] {
      (0..<counts[replica - 10]).map { $0 % 5 == 4 ? .nan : Double($0) / 7 + Double(replica) }
    }
    let journal = try RecordJournal(
      creating: place.lastPathComponent,
      in: try DirectoryHandle(path: place.deletingLastPathComponent().path),
      header: RecordFileTests.header)
    journal.begin(.chain, recordsPerReplica: 1, progress: ProgressMeter())
    for replica in 10..<14 {
      journal.add(replica, numbers: numbers(replica))
      journal.add(replica, [record(replica, 0)])
    }
    try journal.save()

    let table = try ExitRecordTable(replicas: 10..<14, recordsPerReplica: 1)
    var (found, lengths) = ([Int: [Double]](), [Int: Int]())
    let reader = try RecordFileReader(path: place.path)
    _ = try reader.readAll(
      table: {
        for replica in 10..<14 where lengths[replica] == nil && table.has(replica) {
          lengths[replica] = found[replica]?.count ?? 0
        }
        return $0 == .chain ? (table, 10..<14) : nil
      },
      numbers: { kind, replica, place, values in
        guard kind == .chain, place == found[replica]?.count ?? 0 else { return false }
        found[replica, default: []] += values
        return true
      },
      cost: { _, _, _ in })
    #expect(reader.damage == nil && table.missing.isEmpty)
    for replica in 10..<14 {
      let bits = (found[replica] ?? []).map(\.bitPattern)
      #expect(bits == numbers(replica).map(\.bitPattern))
      if let length = lengths[replica] { #expect(length == counts[replica - 10]) }
    }
    // Files of runs have none.
    let other = try RecordFileReader(path: place.path)
    #expect(throws: DataFileError.self) {
      try other.readAll(table: { _ in (table, 10..<14) }, cost: { _, _, _ in })
    }
  }

  @Test func `numbers that cannot be are refused`() {
    var block = NumberBlock(kind: .sde)
    block.add(7, from: 3, [0.5, .nan])
    func isGood(_ content: [UInt8]) -> Bool {
      NumberBlock.forEach(in: content) { kind, replica, place, numbers in
        #expect(kind == .sde && replica == 7 && place == 3 && numbers.count == 2)
      }
    }
    #expect(isGood(block.bytes))
    for length in [0, 2, 20, 21, 29, block.bytes.count - 1] {
      #expect(!isGood(Array(block.bytes.prefix(length))), "\(length) bytes")
    }
    block.add(7, from: 5, [.infinity])
    #expect(!isGood(block.bytes))
    var dynamics = NumberBlock(kind: .sde).bytes
    dynamics[0] = 9
    #expect(!isGood(dynamics))
  }

  @Test func `intact records that do not fit are refused`() throws {
    try withFile { place in
      #expect(throws: DataFileError.self) { try read(place, replicas: 10..<29) }
      #expect(throws: DataFileError.self) { try read(place, recordsPerReplica: 3) }
      #expect(throws: DataFileError.self) { try RecordFileReader(path: "/dev/null") }
      #expect(throws: DataFileError.self) { try RecordFileReader(path: "/") }
    }
  }
}
