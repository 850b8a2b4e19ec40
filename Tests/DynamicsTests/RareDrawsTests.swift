import GSL
import Testing

@testable import Dynamics

/// Where ODE and SDE are ruled by draws that a replica does not see.
@Suite struct RareDrawsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var activation = Activation.square
    var loss = LearningRule.Loss.square
    var lookAhead = 0.0
    var repetitions = 1
    var rate = 0.1

    func model() throws -> Model {
      try Model(
        dimension: 10_000, learningRate: rate, labelNoise: 0.1, activation: activation,
        rule: LearningRule(loss: loss, lookAhead: lookAhead, repetitions: repetitions))
    }

    /// Of replicas with as many samples.
    func draws(samples: Double) throws -> RareDraws {
      let model = try model()
      return try #require(try RareDraws(of: model, horizon: samples * model.clock.timePerSample))
    }
  }

  static let ruled = [
    Case(testDescription: "squares, look-ahead 0.1", lookAhead: 0.1),
    Case(testDescription: "squares, look-ahead −0.1", lookAhead: -0.1),
    Case(testDescription: "squares, two repetitions", repetitions: 2),
  ]

  @Test(arguments: ruled) func `draws that no replica sees rule the limit`(item: Case) throws {
    let draws = try item.draws(samples: 1e5)
    #expect(draws.ruleDrift && draws.noise > 0.9, "\(draws)")
  }

  static let seen = [
    Case(testDescription: "squares, a small look-ahead", lookAhead: 0.01),
    Case(testDescription: "squares, two repetitions at a small rate", repetitions: 2, rate: 0.02),
    Case(testDescription: "erf, look-ahead 0.3", activation: .erf, lookAhead: 0.3, rate: 0.5),
    Case(testDescription: "erf, look-ahead −0.3", activation: .erf, lookAhead: -0.3, rate: 0.5),
    Case(testDescription: "tanh, two repetitions", activation: .tanh, repetitions: 2, rate: 0.5),
    Case(
      testDescription: "squares, correlation loss, look-ahead 0.1", loss: .correlation,
      lookAhead: 0.1, rate: 0.05),
  ]

  @Test(arguments: seen) func `draws that replicas see are the limit`(item: Case) throws {
    let draws = try item.draws(samples: 1e5)
    #expect(!draws.ruleDrift && !draws.ruleNoise, "\(draws)")
  }

  @Test func `fields that are not moved are not asked`() throws {
    #expect(try RareDraws(of: Model(dimension: 100, learningRate: 0.1), horizon: 9) == nil)
    let cubic = Case(testDescription: "He₃", activation: .hermite([0, 0, 0, 1]), rate: 0.001)
    #expect(try RareDraws(of: cubic.model(), horizon: 9) == nil)
  }

  @Test func `parts are those of draws at random`() throws {
    // One in fifty: enough of four million draws lie beyond to be averaged.
    let item = Case(testDescription: "", lookAhead: 0.02)
    let draws = try item.draws(samples: 50)
    let noise = try sampled(item, overlap: 0.03)
    let drift = try sampled(item, overlap: 1.0 / 3)
    #expect(abs(draws.noise - noise.noise) < 0.05, "\(draws), \(noise)")
    #expect(abs(draws.drift - drift.drift) < 0.05, "\(draws), \(drift)")
    // Sabotage: the drift of an overlap that is not asked for.
    #expect(abs(draws.drift - noise.drift) > 0.05, "\(draws), \(noise)")
  }

  /// The parts of m's drift and noise from the largest fiftieth of four million changes.
  private func sampled(_ item: Case, overlap m: Double) throws -> (drift: Double, noise: Double) {
    let stream = try RandomStream(seed: 7, purpose: 5, replica: 0)
    let (rate, reach) = (item.rate, item.lookAhead)
    var changes: [Double] = []
    for _ in 0..<4_000_000 {
      let teacher = stream.gaussian()
      let own = m * teacher + (1 - m * m).squareRoot() * stream.gaussian()
      let label = teacher * teacher + 0.1.squareRoot() * stream.gaussian()
      let moved = own + reach * 2 * own * (label - own * own)
      let push = rate * 2 * moved * (label - moved * moved)
      changes.append(push * teacher - 0.5 * m * push * (2 * own + push))
    }
    changes.sort { abs($0) > abs($1) }
    let rare = changes.prefix(changes.count / 50)
    func squares(_ values: some Sequence<Double>) -> Double { values.reduce(0) { $0 + $1 * $1 } }
    return (
      abs(rare.reduce(0, +) / changes.reduce(0, +)), squares(rare) / squares(changes)
    )
  }
}
