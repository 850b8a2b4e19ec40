import Dynamics
import GSL
import Testing

/// Beyond phase retrieval as well, the SDE's exit times have the law of the exact chain's.
@Suite struct NetworkDiffusionTests {
  struct Case: Sendable, CustomStringConvertible {
    let activation: Activation
    let learningRate: Double
    let overlap: Double
    let threshold: Double
    let horizon: Double
    var dimension = 10_000
    var replicas = 400
    var description: String { activation.name }
  }

  static let cases = [
    Case(activation: .erf, learningRate: 2, overlap: 0, threshold: 0.5, horizon: 40),
    Case(activation: .tanh, learningRate: 2, overlap: 0, threshold: 0.5, horizon: 40),
    Case(
      activation: .hermite([0, 0, 0, 1]), learningRate: 0.001, overlap: 0.6, threshold: 0.3,
      horizon: 2, dimension: 1000, replicas: 150),
  ]

  private func model(_ item: Case, noise: Double, dimension: Int? = nil) throws -> Model {
    try Model(
      dimension: dimension ?? item.dimension, learningRate: item.learningRate, labelNoise: noise,
      activation: item.activation)
  }

  private func rule(_ item: Case) throws -> ExitRule {
    try ExitRule(thresholds: [item.threshold], horizon: item.horizon)
  }

  private func diffusion(_ item: Case, model: Model, replicas: Int = 4000) async throws -> [Double]
  {
    let step = DiffusionLimit.defaultTimeStep(
      model: model, replicas: replicas, horizon: item.horizon)
    return try await exitTimes(
      DiffusionLimit(model: model, exitRule: rule(item), timeStep: step), replicas: replicas,
      start: .overlaps([item.overlap], of: model), seed: 81)[0]
  }

  private func chain(_ item: Case, model: Model) async throws -> [Double] {
    try await exitTimes(
      ReducedChain(model: model, exitRule: rule(item)), replicas: item.replicas,
      start: .overlaps([item.overlap], of: model), seed: 82)[0]
  }

  @Test(arguments: cases)
  func `exit times have the chain's law`(item: Case) async throws {
    let model = try model(item, noise: 0.1)
    let sde = try await diffusion(item, model: model)
    let chain = try await chain(item, model: model)
    #expect(sde.allSatisfy(\.isFinite) && chain.allSatisfy(\.isFinite))
    let p = try kolmogorovSmirnov(sde, chain)
    let means = (try mean(of: sde), try mean(of: chain))
    let spreads = (try variance(of: sde).squareRoot(), try variance(of: chain).squareRoot())
    print("\(item): SDE \(means.0), chain \(means.1), s.d. \(spreads), p = \(p)")
    #expect(p > falseAlarmRate)
  }

  @Test func `noise of another dimension is seen`() async throws {
    let item = Self.cases[1]
    let chain = try await chain(item, model: model(item, noise: 0.1))
    let other = try await diffusion(item, model: model(item, noise: 0.1, dimension: 2500))
    #expect(try kolmogorovSmirnov(other, chain) < falseAlarmRate)
  }

  @Test func `drift of other label noise is seen`() async throws {
    let item = Self.cases[0]
    let chain = try await chain(item, model: model(item, noise: 0.1))
    let other = try await diffusion(item, model: model(item, noise: 0.3))
    #expect(try kolmogorovSmirnov(other, chain) < falseAlarmRate)
  }

  @Test func `series and quadrature at each step have one law`() async throws {
    let model = try Model(
      dimension: 300, learningRate: 0.5, labelNoise: 0.1, activation: .polynomial([0, 1, 0.3]))
    let rule = try ExitRule(thresholds: [0.3, 0.6], horizon: 30)
    func sample(_ table: Bool, seed: UInt64) async throws -> [[Double]] {
      let engine = try DiffusionLimit(
        model: model, exitRule: rule, timeStep: 1.0 / 32, usesPolynomials: table)
      return try await exitTimes(
        engine, replicas: 1500, start: .overlaps([0.1], of: model), seed: seed)
    }
    let (table, general) = (try await sample(true, seed: 83), try await sample(false, seed: 84))
    for index in 0..<2 {
      #expect(try kolmogorovSmirnov(table[index], general[index]) > falseAlarmRate / 2)
    }
    // Sabotage: times that are four steps late.
    let late = general[0].map { $0 + 4.0 / 32 }
    #expect(try kolmogorovSmirnov(table[0], late) < falseAlarmRate / 2)
  }
}
