import Testing

@testable import Dynamics

/// Replicas in lanes: the same bits at every level, whatever their neighbours.
@Suite struct LaneChainTests {
  private func records(
    _ replicas: Range<Int>, level: KernelLevel = .best, learningRate: Double = 0.1,
    horizon: Double = 30
  ) throws -> [ExitRecord] {
    let model = try Model(
      dimension: 60, learningRate: learningRate, labelNoise: 0.1, secondLayer: [0.9])
    let engine = try ReducedChain(
      model: model, exitRule: ExitRule(thresholds: [0.05, 0.3, 0.5], horizon: horizon),
      level: level)
    return try engine.run(replicas, start: .random, streams: StreamFamily(seed: 5))
  }

  @Test func `every dispatch level gives the same records`() throws {
    let reference = try records(0..<200, level: .baseline)
    #expect(reference.contains { $0.outcome == .exited })
    for level in KernelLevel.available {
      #expect(try records(0..<200, level: level) == reference)
    }
  }

  @Test func `a replica's records do not depend on its neighbours`() throws {
    let all = try records(0..<100)
    #expect(try records(0..<1) == Array(all[0..<3]))
    #expect(try records(37..<38) == Array(all[111..<114]))
    #expect(try records(60..<97) == Array(all[180..<291]))
  }

  @Test func `a short horizon censors every lane at its step`() throws {
    let short = try records(0..<40, horizon: 0.5)
    let long = try records(0..<40)
    for (a, b) in zip(short, long) {
      if b.outcome == .exited && b.time <= 0.5 {
        #expect(a == b)
      } else {
        // 0.5 is 300 steps of γ/d = 1/600.
        #expect(a == ExitRecord(outcome: .censored, time: 0.5, step: 300))
      }
    }
  }

  @Test func `a learning rate beyond all numbers ends as diverged or censored`() throws {
    let wild = try records(0..<20, learningRate: 1e200, horizon: 1e200)
    #expect(wild.allSatisfy { $0.outcome != .exited || $0.time.isFinite })
  }
}
