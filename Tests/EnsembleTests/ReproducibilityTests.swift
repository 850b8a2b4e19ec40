import Dynamics
import Ensemble
import GSL
import Testing

@Suite struct ReproducibilityTests {
  // A generator of GSL has a stream for each replica too, but by another road: 32-bit seeds.
  @Test func `records are equal for 1 and 7 threads on a generator of GSL`() async throws {
    let generator = try RandomGenerator(named: "mt19937")
    let chain = EngineCase.chain(width: 3)
    let single = try await chain.run(threads: 1, generator: generator)
    #expect(try await chain.run(threads: 7, generator: generator).records == single.records)
    #expect(try await chain.run(threads: 1).records != single.records)
  }

  @Test func `no two replicas of an ensemble are alike`() async throws {
    let run = try await EngineCase.ode.run(replicas: 600)
    let exits = run.records(at: 0).filter { $0.outcome == .exited && $0.time > 0 }.map(\.time)
    #expect(exits.count > 400)
    #expect(Set(exits).count == exits.count)
  }

  @Test func `records at a threshold are those of every replica in order`() async throws {
    let run = try await EngineCase.chain(width: 1).run()
    #expect(run.thresholds == [0.1, 0.5])
    #expect(run.replicas == 40)
    for threshold in 0...1 {
      let column = Array(run.records(at: threshold))
      #expect(column.count == 40)
      for replica in 0..<40 { #expect(column[replica] == run.records[2 * replica + threshold]) }
    }
    // The lower threshold is crossed first.
    #expect(zip(run.records(at: 0), run.records(at: 1)).allSatisfy { $0.time <= $1.time })
  }
}
