import Dynamics
import Ensemble
import Testing

/// Fails at one replica; the others wait until they are cancelled, or return at once.
private struct FailingEngine: Engine {
  struct Failure: Error, Equatable { let replica: Int }

  let kind = DynamicsKind.ode
  let exitRule: ExitRule
  let failing: Int
  let othersWait: Bool

  func run(_ work: ReplicaWork) throws {
    while let replica = work.source.queue.next() {
      if replica == failing { throw Failure(replica: replica) }
      while othersWait { try Task.checkCancellation() }
      work.record(replica, [ExitRecord(outcome: .exited, time: Double(replica))])
    }
  }
}

@Suite struct FailureTests {
  private func failing(at replica: Int, othersWait: Bool) throws -> FailingEngine {
    FailingEngine(
      exitRule: try ExitRule(thresholds: [0.5], horizon: 1), failing: replica,
      othersWait: othersWait)
  }

  @Test func `what an engine throws, run throws`() async throws {
    let engine = try failing(at: 17, othersWait: false)
    for threads in [1, 3] {
      await #expect(throws: FailingEngine.Failure(replica: 17)) {
        try await EnsembleRunner(threads: threads).run(
          engine, replicas: 40, start: .random, streams: StreamFamily(seed: 1))
      }
    }
    // The same engine without a failing replica puts every record in its place.
    let run = try await EnsembleRunner(threads: 3).run(
      try failing(at: -1, othersWait: false), replicas: 1000, start: .random,
      streams: StreamFamily(seed: 1))
    #expect(run.records.map(\.time) == (0..<1000).map(Double.init))
  }

  // No time limit here: it would count the minutes a test waits for a thread of the pool.
  @Test func `the first failure cancels the rest`() async throws {
    let engine = try failing(at: 1, othersWait: true)
    await #expect(throws: FailingEngine.Failure(replica: 1)) {
      try await EnsembleRunner(threads: 2).run(
        engine, replicas: 2, start: .random, streams: StreamFamily(seed: 1))
    }
  }

  @Test func `no replicas is a parameter error`() async throws {
    for replicas in [0, -1] {
      let error = await #expect(throws: ParameterError.self) {
        try await EngineCase.ode.run(replicas: replicas)
      }
      #expect(error?.key == "replicas")
      #expect(error?.found == "\(replicas)")
    }
  }

  @Test func `no threads is a parameter error`() {
    for threads in [0, -3] {
      let error = #expect(throws: ParameterError.self) { try EnsembleRunner(threads: threads) }
      #expect(error?.key == "threads")
      #expect(error?.found == "\(threads)")
    }
  }
}
