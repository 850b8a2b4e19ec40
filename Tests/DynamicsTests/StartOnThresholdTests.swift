import Testing

@testable import Dynamics

/// A start that lies on a threshold, or beyond it, leaves at time 0 in every dynamics.
@Suite struct StartOnThresholdTests {
  private func records(
    _ model: Model, _ start: Start, _ rule: ExitRule, generator: String? = nil
  ) throws -> [String: [ExitRecord]] {
    let engines: [(String, any Engine)] = [
      ("ode", try DeterministicLimit(model: model, exitRule: rule)),
      ("sde", try DiffusionLimit(model: model, exitRule: rule, timeStep: 1.0 / 64)),
      (
        "sde, general",
        try DiffusionLimit(
          model: model, exitRule: rule, timeStep: 1.0 / 64, usesPolynomials: false,
          usesKernels: false)
      ),
      ("chain", try ReducedChain(model: model, exitRule: rule)),
      ("chain, general", try ReducedChain(model: model, exitRule: rule, usesKernels: false)),
      ("sgd", try FullSGD(model: model, exitRule: rule)),
      ("sgd, general", try FullSGD(model: model, exitRule: rule, usesKernel: false)),
    ]
    var result: [String: [ExitRecord]] = [:]
    for (name, engine) in engines {
      result[name] = try engine.run(0..<3, start: start, streams: StreamFamily(seed: 3))
    }
    if rule.isTold(byRiskOf: model), model.isPhaseRetrieval {
      result["sgd, single"] = try FullSGD(model: model, exitRule: rule, precision: .single)
        .run(0..<3, start: start, streams: StreamFamily(seed: 3))
    }
    return result
  }

  @Test(arguments: [1, 2, 8, 17])
  func `perfect alignment has left every threshold at time 0`(width p: Int) throws {
    // Dimensions at which full SGD's norms do not come out as exact squares.
    for dimension in [47, 100, 301] {
      let model = try Model(
        dimension: dimension, width: p, learningRate: 0.1 * Double(p), labelNoise: 0.3)
      let ones = Array(repeating: Array(repeating: 1.0, count: p + 1), count: p + 1)
      let start = try Start.gram(ones, of: model)
      let rule = try ExitRule(thresholds: [0.01, 0.5, 0.99], horizon: 0.2)
      for (name, records) in try records(model, start, rule) {
        #expect(
          records.allSatisfy { $0.outcome == .exited && $0.time == 0 && $0.step <= 0 },
          "\(name), d = \(dimension)")
      }
    }
  }

  @Test func `levels that the start has are left at time 0 in every dynamics`() throws {
    for p in [1, 2] {
      let model = try Model(dimension: 61, width: p, learningRate: 0.1 * Double(p), labelNoise: 0.1)
      let start = try Start.overlaps(Array([0.3, 0.1].prefix(p)), of: model)
      // On the level, beyond it, and short of it.
      let rule = try ExitRule(
        thresholds: [0.9], overlapThresholds: [0.3, 0.2, 0.95], horizon: 0.05)
      for (name, records) in try records(model, start, rule) {
        let byMark = Array(records[0..<4])
        #expect(byMark.map(\.time)[0...1] == [0, 0], "\(name), p = \(p)")
        #expect(byMark[0...1].allSatisfy { $0.outcome == .exited }, "\(name), p = \(p)")
        #expect(byMark[2...3].allSatisfy { $0.outcome == .censored }, "\(name), p = \(p)")
      }
    }
    let model = try Model(dimension: 61, width: 2, learningRate: 0.2)
    let start = try Start.overlaps([0.6, 0.3], of: model)
    let subspace = try ExitRule(
      thresholds: [], subspaceThresholds: [0.36 + 0.09, 0.2, 0.99], horizon: 0.02)
    for (name, records) in try records(model, start, subspace) {
      #expect(records[0..<2].allSatisfy { $0.outcome == .exited && $0.time == 0 }, "\(name)")
      #expect(records[2].outcome == .censored, "\(name)")
    }
  }

  @Test func `thresholds within rounding of the start are refused by their key`() throws {
    for value in [1e-13, 1e-17, .leastNormalMagnitude, .nan] {
      let error = #expect(throws: ParameterError.self) {
        try ExitRule(thresholds: [0.5, value], horizon: 1)
      }
      #expect(error?.key == "thresholds")
    }
    let model = try Model(dimension: 100, learningRate: 0.1)
    let rule = try ExitRule(thresholds: [1e-12], horizon: 5)
    for (name, records) in try records(model, .overlaps([0.3], of: model), rule) {
      #expect(records.allSatisfy { $0.outcome == .exited && $0.time > 0 }, "\(name)")
    }
  }
}
