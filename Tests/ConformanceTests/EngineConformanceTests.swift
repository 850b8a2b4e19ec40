import Foundation
import Testing

@testable import Ensemble
@testable import Escapement

/// What every engine owes, whatever its dynamics: a new one is in it with its case of `DynamicsKind`.
@Suite struct EngineConformanceTests {
  /// Exits that took some time.
  private func exits(_ run: EnsembleRun) -> [ExitRecord] {
    run.records.filter { $0.outcome == .exited && $0.time > 0 }
  }

  @Test func `every dynamics is tried, in more than one setting`() {
    for kind in DynamicsKind.allCases {
      #expect(EngineCase.all.count { $0.kind == kind } > 1, "\(kind)")
    }
  }

  // MARK: Bytes

  @Test(arguments: EngineCase.all)
  func `records are equal for 1, 2 and 7 threads`(engine: EngineCase) async throws {
    let single = try await engine.run(threads: 1)
    #expect(single.kind == engine.kind)
    // Records that are all alike would be equal whatever the threads do.
    #expect(Set(single.records.map(\.time)).count > 20)
    for threads in [2, 7] {
      let several = try await engine.run(threads: threads)
      #expect(several.records == single.records, "\(threads) threads")
      #expect(several.steps == single.steps, "\(threads) threads")
    }
  }

  @Test(arguments: EngineCase.all)
  func `records are equal at every instruction set of the processor`(engine: EngineCase)
    async throws
  {
    let best = try await engine.run()
    for instructions in InstructionSet.available {
      #expect(
        try await engine.run(instructions: instructions).records == best.records, "\(instructions)")
    }
  }

  @Test(arguments: EngineCase.all)
  func `points of paths are equal for 1 and 3 tasks and at every instruction set`(
    engine: EngineCase
  ) throws {
    func points(_ instructions: InstructionSet, _ parts: [Range<Int>]) throws -> [[Double]] {
      let experiment = try engine.experiment()
      let observed = try experiment.engine(engine.kind, instructions: instructions)
      var points: [Int: [Double]] = [:]
      for part in parts {
        try observed.observe(
          PathWork(
            ReplicaSource(queue: ReplicaQueue(part), streams: experiment.streams),
            start: experiment.start, times: [0, 0.1, 0.5, 1]
          ) { replica, _, point in
            points[replica, default: []] += [point.risk] + point.state.teacherOverlaps
          })
      }
      return points.sorted { $0.key < $1.key }.map(\.value)
    }
    let whole = try points(.best, [0..<12])
    #expect(whole.count == 12 && Set(whole).count == 12)
    #expect(try points(.best, [9..<12, 0..<1, 1..<9]) == whole)
    for instructions in InstructionSet.available {
      #expect(try points(instructions, [0..<12]) == whole, "\(instructions)")
    }
  }

  // MARK: Streams

  @Test(arguments: EngineCase.all)
  func `another seed gives other records`(engine: EngineCase) async throws {
    let (first, second) = (try await engine.run(), try await engine.run([.seed: "12"]))
    let exited = first.records.indices.filter {
      first.records[$0].outcome == .exited && first.records[$0].time > 0
    }
    #expect(exited.count > 20)
    // Exits of the stepped dynamics lie on a grid of a thousand times, on which some may meet.
    let equal = exited.count { first.records[$0].time == second.records[$0].time }
    #expect(equal <= (engine.kind.hasSteps ? exited.count / 4 : 0))
  }

  // 600 replicas go out in batches of 2, 3 in batches of 1.
  @Test(arguments: EngineCase.all)
  func `a replica does not feel how many others run`(engine: EngineCase) async throws {
    let few = try await engine.run(replicas: 3)
    let many = try await engine.run(replicas: 600)
    #expect(few.records == Array(many.records.prefix(few.records.count)))
    #expect(many.records.count == 200 * few.records.count)
  }

  @Test(arguments: EngineCase.all)
  func `from one start, noise alone tells replicas apart`(engine: EngineCase) async throws {
    let experiment = try engine.experiment()
    let count = experiment.model.width * experiment.model.teacherUnits
    let overlaps = (0..<count).map { _ in "0.2" }.joined(separator: ",")
    let run = try await engine.run([.start: "overlaps:\(overlaps)", .horizon: "10"])
    let times = exits(run).map(\.time)
    #expect(times.count >= 40)
    let marks = run.marks.count
    if engine.kind.isDeterministic {
      #expect(Set(times).count <= marks)
    } else {
      #expect(Set(times).count > times.count / 2)
    }
  }

  @Test func `every dynamics with noise has a stream of its own name, and none two`() {
    let names = StreamPurpose.allCases.map { "\($0)" }
    for kind in DynamicsKind.allCases where !kind.isDeterministic {
      #expect(names.contains(kind.rawValue), "\(kind)")
    }
  }

  // MARK: Censoring

  @Test(arguments: EngineCase.all)
  func `a horizon censors what it cuts off, and changes no exit before it`(engine: EngineCase)
    async throws
  {
    let horizon = 0.75
    let whole = try await engine.run()
    let cut = try await engine.run([.horizon: "\(horizon)"])
    let step = try engine.experiment().model.clock.timePerStep
    #expect(whole.records.count == cut.records.count)
    #expect(Set(cut.records.map(\.outcome)).isSubset(of: [.exited, .censored]))
    #expect(cut.records.contains { $0.outcome == .censored })
    for (all, part) in zip(whole.records, cut.records) {
      if all.outcome == .exited && all.time <= horizon - 1 / 64.0 {
        #expect(part.outcome == .exited && part.step == all.step)
        #expect(abs(part.time - all.time) <= 1e-9)
      }
      guard part.outcome == .censored else { continue }
      #expect(all.outcome != .exited || all.time > horizon - 1 / 64.0)
      // A dynamics with steps is seen last at the last of them.
      let allowance = engine.kind.hasSteps ? step * (1 + 1e-9) : 0
      #expect(part.time <= horizon && part.time >= horizon - allowance)
    }
  }

  @Test(arguments: EngineCase.all)
  func `marks of one criterion are crossed in the order of their thresholds`(engine: EngineCase)
    async throws
  {
    let run = try await engine.run()
    for (index, mark) in run.marks.enumerated().dropLast()
    where run.marks[index + 1].criterion == mark.criterion {
      for (low, high) in zip(run.records(at: index), run.records(at: index + 1)) {
        #expect(low.time <= high.time)
        #expect(low.outcome == .exited || high.outcome != .exited)
      }
    }
    let hasSteps = engine.kind.hasSteps
    #expect(run.records.allSatisfy { ($0.step >= 0) == hasSteps })
  }

  // MARK: Progress and cancellation

  @Test(arguments: EngineCase.all)
  func `the meter counts every replica and every step`(engine: EngineCase) async throws {
    let meter = ProgressMeter()
    let run = try await engine.run(threads: 3, progress: meter)
    #expect(meter.finishedReplicas == 40)
    #expect(meter.steps == run.steps)
    #expect(run.steps >= 40)
    if engine.kind.hasSteps {
      // The latest step of a replica is where it ended.
      let marks = run.marks.count
      let ends = (0..<40).map { replica in
        run.records[(marks * replica)..<(marks * (replica + 1))].map(\.step).max() ?? 0
      }
      #expect(run.steps == ends.reduce(0, +))
    }
  }

  // No time limit: it would count the minutes a test waits for a thread of the pool.
  @Test(arguments: EngineCase.all)
  func `cancelling the task throws CancellationError`(engine: EngineCase) async throws {
    // More replicas than could finish before the task is cancelled.
    let replicas = 10_000_000
    let meter = ProgressMeter()
    let task = Task { try await engine.run(replicas: replicas, threads: 1, progress: meter) }
    while meter.steps == 0 { try await Task.sleep(for: .milliseconds(1)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(meter.finishedReplicas < replicas)
  }

  // MARK: Resume

  @Test(arguments: EngineCase.all)
  func `replicas may run in any order, in several lives`(engine: EngineCase) async throws {
    let whole = try await engine.run()
    let experiment = try engine.experiment()
    var records: [Int: [ExitRecord]] = [:]
    for ranges in [[30..<40, 3..<4], [0..<3], [4..<30]] {
      try experiment.engine(engine.kind).run(
        ReplicaWork(
          ReplicaSource(queue: ReplicaQueue(ranges), streams: experiment.streams),
          start: experiment.start, record: { records[$0] = $1 }))
    }
    #expect((0..<40).flatMap { records[$0] ?? [] } == whole.records)
  }

  @Test(arguments: EngineCase.long)
  func `a replica with steps goes on from any state of it to the same records`(engine: EngineCase)
    throws
  {
    let experiment = try engine.experiment()
    func run(_ states: (any ReplicaStates)?) throws -> (records: [ExitRecord], steps: Int) {
      var (records, steps) = ([ExitRecord](), 0)
      try experiment.engine(engine.kind).run(
        ReplicaWork(
          ReplicaSource(
            queue: ReplicaQueue(5..<6), streams: experiment.streams, report: { steps += $0 },
            states: states),
          start: experiment.start, record: { records = $1 }))
      return (records, steps)
    }
    let whole = try run(nil)
    // Some states have a crossing behind them, and one ahead.
    #expect(whole.records[0].outcome == .exited && whole.records[0].step < whole.records[1].step)
    let place = FileManager.default.temporaryDirectory
      .appendingPathComponent("escapement-conformance-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    let header = RecordFileHeader(
      version: "1", commit: nil, experiment: experiment.yaml, share: nil)
    var stops = 0
    // Each life of the replica ends at its second look; the next goes on from there.
    while true {
      let store = SnapshotStore(
        directory: try DirectoryHandle(path: place.path), prefix: "snapshot", header: header,
        interval: .zero)
      #expect(store.takeUp { _, _ in true }.count == (stops == 0 ? 0 : 1))
      do {
        let (records, steps) = try run(Interrupter(store.states(of: engine.kind), last: 2))
        #expect(records == whole.records)
        #expect(steps < whole.steps, "the last life takes the last steps alone")
        break
      } catch is Interrupter.Stop {
        stops += 1
      }
      try #require(stops < 10_000)
    }
    #expect(stops > 0, "the replica must be long enough to be stopped")
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
