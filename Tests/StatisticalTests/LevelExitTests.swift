import Dynamics
import GSL
import Testing

/// Exits by overlaps and by the subspace have one law in chain, full SGD and SDE.
@Suite struct LevelExitTests {
  private let horizon = 12.0

  /// Phase retrieval of two directions by `width` students.
  private func model(
    dimension: Int, width: Int = 2, labelNoise: Double = 0.1, teacherGram: [[Double]]? = nil
  ) throws -> Model {
    try Model(
      dimension: dimension, width: width, teacherUnits: 2, learningRate: 0.1 * Double(width),
      labelNoise: labelNoise, teacherGram: teacherGram)
  }

  private func rule(_ level: Double) throws -> ExitRule {
    try ExitRule(
      thresholds: [0.3], overlapThresholds: [level], subspaceThresholds: [0.15, 0.4],
      teacherUnits: 2, horizon: horizon)
  }

  private func smallest(_ first: [[Double]], _ second: [[Double]]) throws -> Double {
    try zip(first, second).map { try kolmogorovSmirnov($0, $1) }.min() ?? 0
  }

  @Test(arguments: [nil, [[1, 0.4], [0.4, 1]]] as [[[Double]]?])
  func `the chain has full SGD's law`(teacherGram: [[Double]]?) async throws {
    let model = try model(dimension: 50, width: 3, teacherGram: teacherGram)
    let rule = try rule(0.5)
    let full = try await exitTimes(
      FullSGD(model: model, exitRule: rule), replicas: 600, start: .random, seed: 91)
    let chain = try await exitTimes(
      ReducedChain(model: model, exitRule: rule), replicas: 600, start: .random, seed: 92)
    #expect(full.allSatisfy { $0.contains(where: \.isFinite) })
    #expect(try smallest(full, chain) > falseAlarmRate / 5)
    // Sabotage: levels that are too high.
    let higher = try ExitRule(
      thresholds: [], subspaceThresholds: [0.25, 0.6], teacherUnits: 2, horizon: horizon)
    let other = try await exitTimes(
      ReducedChain(model: model, exitRule: higher), replicas: 600, start: .random, seed: 93)
    #expect(try smallest(Array(full[3...]), other) < falseAlarmRate / 2)
  }

  private let start = [
    [1, 0, 0.1, 0.02], [0, 1, -0.03, 0.09], [0.1, -0.03, 1, 0], [0.02, 0.09, 0, 1],
  ]

  private func diffusion(
    _ model: Model, replicas: Int = 3000, seed: UInt64 = 94
  ) async throws -> [[Double]] {
    try await exitTimes(
      DiffusionLimit(
        model: model, exitRule: rule(0.4), timeStep: 1.0 / 64, monitoring: .discrete),
      replicas: replicas, start: .gram(start, of: model), seed: seed)
  }

  @Test func `the SDE has the chain's law, and others are seen`() async throws {
    let model = try model(dimension: 4000)
    let sde = try await diffusion(model)
    let chain = try await exitTimes(
      ReducedChain(model: model, exitRule: rule(0.4)), replicas: 400,
      start: .gram(start, of: model), seed: 95)
    #expect(sde.allSatisfy { $0.contains(where: \.isFinite) })
    let values = try zip(sde, chain).map { try kolmogorovSmirnov($0, $1) }
    print("SDE against chain on overlap-1, overlap-2, risk, subspace: p = \(values)")
    #expect(values.allSatisfy { $0 > falseAlarmRate / 5 })
    // Sabotage: the noise of another dimension, seen by every criterion.
    let noisy = try await diffusion(self.model(dimension: 400), replicas: 1000, seed: 96)
    #expect(try zip(noisy, chain).allSatisfy { try kolmogorovSmirnov($0, $1) < falseAlarmRate })
  }

  @Test func `one student's overlap, its square and the general path have one law`() async throws {
    let model = try Model(
      dimension: 300, learningRate: 0.3, labelNoise: 0.1, activation: .hermite([0, 1, 0.3]))
    func times(_ rule: ExitRule, _ usesPolynomials: Bool, seed: UInt64) async throws -> [[Double]] {
      try await exitTimes(
        DiffusionLimit(
          model: model, exitRule: rule, timeStep: 1.0 / 32, usesPolynomials: usesPolynomials),
        replicas: 1500, start: .overlaps([0.1], of: model), seed: seed)
    }
    let overlap = try ExitRule(thresholds: [], overlapThresholds: [0.5], horizon: 20)
    let subspace = try ExitRule(thresholds: [], subspaceThresholds: [0.25], horizon: 20)
    let table = try await times(overlap, true, seed: 97)
    let general = try await times(overlap, false, seed: 98)
    let square = try await times(subspace, true, seed: 99)
    #expect(try smallest(table, general) > falseAlarmRate)
    #expect(try smallest(table, square) > falseAlarmRate)
    #expect(try smallest(table, table.map { $0.map { $0 + 4.0 / 32 } }) < falseAlarmRate)
  }
}
