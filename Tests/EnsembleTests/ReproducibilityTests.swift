import Dynamics
import Ensemble
import GSL
import Testing

@Suite struct ReproducibilityTests {
  @Test(arguments: EngineCase.all)
  func `records are equal for 1, 2 and 7 threads`(engine: EngineCase) async throws {
    let single = try await engine.run(threads: 1)
    // Records that are all alike would be equal whatever the threads do.
    #expect(Set(single.records.map(\.time)).count > 30)
    for threads in [2, 7] {
      let several = try await engine.run(threads: threads)
      #expect(several.records == single.records, "\(threads) threads")
      #expect(several.steps == single.steps, "\(threads) threads")
    }
  }

  // A generator of GSL has a stream for each replica too, but by another road: 32-bit seeds.
  @Test func `records are equal for 1 and 7 threads on a generator of GSL`() async throws {
    let generator = try RandomGenerator(named: "mt19937")
    let chain = EngineCase(kind: .chain, width: 3)
    let single = try await chain.run(threads: 1, generator: generator)
    #expect(try await chain.run(threads: 7, generator: generator).records == single.records)
    #expect(try await chain.run(threads: 1).records != single.records)
  }

  @Test(arguments: EngineCase.all)
  func `another seed gives other records`(engine: EngineCase) async throws {
    let (first, second) = (try await engine.run(seed: 11), try await engine.run(seed: 12))
    let exited = first.records.indices.filter {
      first.records[$0].outcome == .exited && first.records[$0].time > 0
    }
    #expect(exited.count > 40)
    // Exits of the stepped dynamics lie on a grid of 1000 times, on which two may meet.
    let equal = exited.count { first.records[$0].time == second.records[$0].time }
    #expect(equal <= (engine.kind.hasSteps ? 2 : 0))
  }

  // 600 replicas go out in batches of 2, 3 in batches of 1.
  @Test(arguments: EngineCase.all)
  func `a replica does not feel how many others run`(engine: EngineCase) async throws {
    let (few, many) = (try await engine.run(replicas: 3), try await engine.run(replicas: 600))
    #expect(few.records == Array(many.records.prefix(6)))
    #expect(many.records.count == 1200)
  }

  @Test func `no two replicas of an ensemble are alike`() async throws {
    let run = try await EngineCase(kind: .ode, width: 1).run(replicas: 600)
    let exits = run.records(at: 0).filter { $0.outcome == .exited && $0.time > 0 }.map(\.time)
    #expect(exits.count > 400)
    #expect(Set(exits).count == exits.count)
  }

  @Test func `records at a threshold are those of every replica in order`() async throws {
    let run = try await EngineCase(kind: .chain, width: 1).run()
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
