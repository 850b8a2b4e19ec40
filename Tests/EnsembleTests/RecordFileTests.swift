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
    let journal = try RecordJournal(creating: place.path, header: RecordFileTests.header)
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

  @Test func `intact records that do not fit are refused`() throws {
    try withFile { place in
      #expect(throws: DataFileError.self) { try read(place, replicas: 10..<29) }
      #expect(throws: DataFileError.self) { try read(place, recordsPerReplica: 3) }
      #expect(throws: DataFileError.self) { try RecordFileReader(path: "/dev/null") }
      #expect(throws: DataFileError.self) { try RecordFileReader(path: "/") }
    }
  }
}
