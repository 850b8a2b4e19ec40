import Foundation
import GSL
import Testing

@testable import Dynamics
@testable import Ensemble

/// Keeps states of replicas on disk; that engines go on from them is for the conformance suite.
@Suite struct SnapshotTests {
  private static let header = RecordFileHeader(
    version: "1", commit: nil, experiment: "dimension: 300\n", share: nil)

  private func withStore(_ body: (URL, () -> SnapshotStore) throws -> Void) throws {
    let place = FileManager.default.temporaryDirectory
      .appendingPathComponent("escapement-snapshots-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    let handle = try DirectoryHandle(path: place.path)
    try body(place) {
      SnapshotStore(
        directory: handle, prefix: "snapshot", header: SnapshotTests.header, interval: .zero)
    }
  }

  @Test func `cut or altered anywhere, a state is named and left alone`() throws {
    try withStore { _, makeStore in
      let file = try write(makeStore())
      let whole = try Data(contentsOf: file)
      for place in whole.indices {
        var altered = whole
        altered[place] ^= UInt8(1 << (place % 8))
        for damaged in [whole.prefix(place), altered] {
          try damaged.write(to: file)
          let store = makeStore()
          let notes = store.takeUp { _, _ in true }
          #expect(notes.count == 1 && notes[0].hasPrefix(file.path), "byte \(place)")
          #expect(try read(store) == nil, "byte \(place)")
        }
      }
    }
  }

  @Test func `a state is taken up by its own replica and experiment alone`() throws {
    try withStore { place, makeStore in
      let file = try write(makeStore())
      let store = makeStore()
      #expect(store.takeUp { _, _ in true }.count == 1)
      #expect(try read(store) == 7)
      #expect(try read(store, replica: 6) == nil)
      // Intact, and shorter or longer than the replica has it.
      #expect(throws: DataFileError.self) { try read(store, count: 2) }
      #expect(throws: DataFileError.self) { try read(store, count: 0) }

      let other = RecordFileHeader(
        version: "1", commit: nil, experiment: "dimension: 301\n", share: nil)
      let stranger = SnapshotStore(
        directory: try DirectoryHandle(path: place.path), prefix: "snapshot", header: other)
      let notes = stranger.takeUp { _, _ in true }
      #expect(notes.count == 1 && notes[0].contains("is of another experiment"))
      #expect(try read(stranger) == nil)

      let moved = place.appendingPathComponent("snapshot-sgd-6.state")
      try FileManager.default.moveItem(at: file, to: moved)
      let confused = makeStore().takeUp { _, _ in true }
      #expect(confused.count == 1 && confused[0].contains("is of another replica"))
    }
  }

  @Test func `a state goes once the replica's records are on disk, and not before`() throws {
    try withStore { place, makeStore in
      let store = makeStore()
      let file = try write(store)
      let journal = try RecordJournal(
        creating: "records", in: try DirectoryHandle(path: place.path),
        header: SnapshotTests.header,
        snapshots: store)
      journal.begin(.sgd, recordsPerReplica: 1, progress: ProgressMeter())
      journal.add(5, [ExitRecord(outcome: .exited, time: 1)])
      #expect(FileManager.default.fileExists(atPath: file.path))
      try journal.save()
      #expect(!FileManager.default.fileExists(atPath: file.path))
      // One whose replica is there is left over from a process that ended in between.
      _ = try write(makeStore())
      #expect(makeStore().takeUp { _, replica in replica != 5 }.isEmpty)
      #expect(!FileManager.default.fileExists(atPath: file.path))
    }
  }

  /// Keeps the number 7 as the state of replica 5.
  private func write(_ store: SnapshotStore) throws -> URL {
    var number = 7.0
    try store.states(of: .sgd).keeper(5).keep { try $0.pass(&number) }
    return URL(
      fileURLWithPath: store.path(SnapshotSubject(kind: .sgd, replica: 5)))
  }

  /// The last of `count` numbers of a state; nil when none is there.
  private func read(_ store: SnapshotStore, replica: Int = 5, count: Int = 1) throws -> Double? {
    var result: Double?
    try store.states(of: .sgd).restore(replica) { transfer in
      for _ in 0..<count {
        var number = 0.0
        try transfer.pass(&number)
        result = number
      }
    }
    return result
  }
}
