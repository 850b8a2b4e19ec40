import Dynamics
import GSL
import Testing

/// Beyond phase retrieval as well, the exact chain has the law of full SGD.
@Suite struct NetworkLawTests {
  struct Case: Sendable, CustomStringConvertible {
    let activation: Activation
    var target: Target? = nil
    var teacherGram: [[Double]]? = nil
    var constraint = Constraint.spherical
    var secondLayerRate = 0.0
    var description: String { "\(activation.name), \(constraint), γ_a = \(secondLayerRate)" }

    var teacherUnits: Int { teacherGram?.count ?? target?.teacherUnits ?? 1 }

    func model(ofFirst weight: Double = 1.2) throws -> Model {
      try Model(
        dimension: 50, width: 2, teacherUnits: teacherUnits, learningRate: 0.4,
        labelNoise: 0.05, secondLayer: [weight, 0.8], secondLayerRate: secondLayerRate,
        normalisesSecondLayer: secondLayerRate > 0, activation: activation, target: target,
        teacherGram: teacherGram, constraint: constraint)
    }
  }

  static let cases =
    ([.relu, .erf, .tanh, .sigmoid, .softplus, .polynomial([0, 0, 1])]
    + [.hermite([0, 1, 0.5])]).map { Case(activation: $0) } + [
      Case(activation: .tanh, target: .mean(.relu), constraint: .free, secondLayerRate: 0.02),
      Case(activation: .erf, constraint: .lagrange),
      Case(
        activation: .hermite([0, 1, 1]),
        target: .hermiteTerms([
          HermiteTerm(coefficient: 1, degrees: [1, 0]),
          HermiteTerm(coefficient: 1, degrees: [1, 1]),
        ]), teacherGram: [[1, 0.3], [0.3, 1]], secondLayerRate: 0.02),
      Case(
        activation: .erf,
        target: .products([
          ProductTerm(coefficient: 2, factors: [.sign, .step]),
          ProductTerm(coefficient: 0.5, factors: [.one, .hermite(2)]),
        ])),
    ]

  /// The smallest KS p-value over an overlap and two levels of the risk.
  private func pValue(_ item: Case, chainWeight: Double = 1.2) async throws -> Double {
    let rule = try ExitRule(
      thresholds: [0.1, 0.3], overlapThresholds: [0.4],
      teacherUnits: item.teacherUnits, horizon: 6)
    let start = Start.random
    let full = try await exitTimes(
      FullSGD(model: item.model(), exitRule: rule), replicas: 1000, start: start, seed: 31)
    let chain = try await exitTimes(
      ReducedChain(model: item.model(ofFirst: chainWeight), exitRule: rule), replicas: 1000,
      start: start, seed: 32)
    #expect(full.allSatisfy { $0.contains { $0.isFinite } })
    return try zip(full, chain).map { try kolmogorovSmirnov($0, $1) }.min() ?? 0
  }

  @Test(arguments: cases)
  func `exit times have one law`(item: Case) async throws {
    #expect(try await pValue(item) > falseAlarmRate / 3)
  }

  @Test func `a second layer that is off by a tenth is seen`() async throws {
    #expect(try await pValue(Case(activation: .erf), chainWeight: 1.32) < falseAlarmRate / 3)
  }

  @Test func `squares on the general path have the law of phase retrieval`() async throws {
    let rule = try ExitRule(thresholds: [0.05, 0.5], horizon: 20)
    let square = try Model(dimension: 100, width: 2, learningRate: 0.2, labelNoise: 0.1)
    let polynomial = try Model(
      dimension: 100, width: 2, learningRate: 0.2, labelNoise: 0.1,
      activation: .polynomial([0, 0, 1]))
    let first = try await exitTimes(
      ReducedChain(model: square, exitRule: rule), replicas: 3000, start: .random, seed: 33)
    let second = try await exitTimes(
      ReducedChain(model: polynomial, exitRule: rule), replicas: 3000, start: .random, seed: 34)
    for (x, y) in zip(first, second) { #expect(try kolmogorovSmirnov(x, y) > falseAlarmRate / 2) }
  }
}
