import Foundation
import GSL
import Testing

@testable import Dynamics
@testable import Ensemble

/// Names a model on each of the paths that take steps, with enough steps for several looks.
private struct SteppedCase: Sendable, CustomTestStringConvertible {
  let kind: DynamicsKind
  let dimension: Int
  let width: Int
  var teacherUnits = 1
  var activation = Activation.square
  var horizon = 2.0
  var precision = InputPrecision.double
  var generator = RandomGenerator.xoshiro
  /// Whether overlaps of directions and of the subspace are watched, rather than the risk.
  var watchesLevels = false

  static let all = [
    SteppedCase(kind: .sgd, dimension: 2000, width: 1),
    SteppedCase(kind: .sgd, dimension: 1000, width: 3, precision: .single),
    SteppedCase(kind: .sgd, dimension: 300, width: 3, teacherUnits: 2),
    SteppedCase(kind: .sgd, dimension: 300, width: 2, generator: .philox),
    SteppedCase(kind: .sgd, dimension: 300, width: 2, activation: .erf),
    SteppedCase(kind: .chain, dimension: 3000, width: 1),
    SteppedCase(kind: .chain, dimension: 300, width: 3),
    SteppedCase(kind: .chain, dimension: 300, width: 70, horizon: 0.1),
    SteppedCase(kind: .chain, dimension: 1000, width: 3, teacherUnits: 2),
    SteppedCase(kind: .chain, dimension: 1000, width: 2, activation: .erf),
    SteppedCase(
      kind: .chain, dimension: 2000, width: 3, teacherUnits: 2, horizon: 3, watchesLevels: true),
    SteppedCase(kind: .sgd, dimension: 300, width: 3, horizon: 4, watchesLevels: true),
  ]

  var testDescription: String {
    "\(kind.rawValue), p = \(width), k = \(teacherUnits), \(activation), \(precision.rawValue), "
      + generator.name + (watchesLevels ? ", levels" : "")
  }

  func engine() throws -> any Engine {
    let model = try Model(
      dimension: dimension, width: width, teacherUnits: teacherUnits, learningRate: 0.1,
      labelNoise: 0.01, activation: activation)
    // Noise alone takes the risk across the first.
    let rule =
      try watchesLevels
      ? ExitRule(
        thresholds: [], overlapThresholds: [0.15, 0.5], subspaceThresholds: [0.05, 0.3],
        teacherUnits: teacherUnits, horizon: horizon)
      : ExitRule(thresholds: [1e-4, 0.4], horizon: horizon)
    return kind == .sgd
      ? try FullSGD(model: model, exitRule: rule, precision: precision)
      : try ReducedChain(model: model, exitRule: rule)
  }
}

/// Keeps the state at every look and stops the work at the look with number `last`.
private final class Interrupter: ReplicaStates, StateKeeper, @unchecked Sendable {
  struct Stop: Error {}

  let store: any ReplicaStates
  let last: Int
  private var looks = 0
  private var keeper: (any StateKeeper)?

  init(_ store: any ReplicaStates, last: Int) {
    self.store = store
    self.last = last
  }

  func restore(_ replica: Int, _ fill: (any StateTransfer) throws -> Void) throws {
    try store.restore(replica, fill)
  }

  func keeper(_ replica: Int) -> any StateKeeper {
    keeper = store.keeper(replica)
    return self
  }

  var isDue: Bool { true }

  func keep(_ show: (any StateTransfer) throws -> Void) throws {
    looks += 1
    guard looks >= last else { return }
    try keeper?.keep(show)
    throw Stop()
  }
}

/// Takes replicas up from states that were kept at many of their steps.
@Suite struct SnapshotTests {
  private static let header = RecordFileHeader(
    version: "1", commit: nil, experiment: "dimension: 300\n", share: nil)

  private func withStore(_ body: (URL, () -> SnapshotStore) throws -> Void) throws {
    let place = FileManager.default.temporaryDirectory
      .appendingPathComponent("escapement-snapshots-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    try body(place) {
      SnapshotStore(
        directory: place.path, prefix: "snapshot", header: SnapshotTests.header, interval: .zero)
    }
  }

  private func run(_ test: SteppedCase, _ states: (any ReplicaStates)?) throws -> (
    records: [ExitRecord], steps: Int
  ) {
    var (records, steps) = ([ExitRecord](), 0)
    try test.engine().run(
      ReplicaWork(
        queue: ReplicaQueue(5..<6), start: .random,
        streams: StreamFamily(seed: 8, generator: test.generator),
        record: { records = $1 }, report: { steps += $0 }, states: states))
    return (records, steps)
  }

  @Test(arguments: SteppedCase.all)
  fileprivate func `a replica goes on from any state of it to the same records`(test: SteppedCase)
    throws
  {
    let whole = try run(test, nil)
    // Some states have a crossing behind them, and one ahead.
    #expect(whole.records[0].outcome == .exited && whole.records[0].step < whole.records[1].step)
    try withStore { _, makeStore in
      var (total, stops) = (0, 0)
      // Each life of the replica ends at its second look; the next goes on from there.
      while true {
        let store = makeStore()
        let notes = store.takeUp { _, _ in true }
        #expect(notes.count == (stops == 0 ? 0 : 1))
        do {
          let states = Interrupter(store.states(of: .sgd), last: 2)
          let (records, steps) = try run(test, states)
          #expect(records == whole.records)
          total += steps
          break
        } catch is Interrupter.Stop {
          stops += 1
        }
        try #require(stops < 10_000)
      }
      #expect(stops > 0, "the replica must be long enough to be stopped")
      #expect(total < whole.steps, "the last life takes the last steps alone")
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
      let stranger = SnapshotStore(directory: place.path, prefix: "snapshot", header: other)
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
        creating: place.appendingPathComponent("records").path, header: SnapshotTests.header,
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
