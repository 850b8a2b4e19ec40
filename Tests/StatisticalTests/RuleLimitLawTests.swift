import Dynamics
import Foundation
import GSL
import Testing

/// At large d the SDE has the chain's mean exit by every rule of learning, and the ODE the chain's mean path.
@Suite struct RuleLimitLawTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var width = 1
    var activation = Activation.square
    var target: Target? = nil
    var constraint = Constraint.spherical
    var rate = 0.1
    var batchSize = 1
    var loss = LearningRule.Loss.square
    var lookAhead = 0.0
    var repetitions = 1
    var level = 0.7
    var replicas = 300

    func model(
      dimension: Int = 2000, repetitions other: Int? = nil, lookAhead ahead: Double? = nil
    ) throws -> Model {
      try Model(
        dimension: dimension, width: width, learningRate: rate * Double(batchSize),
        labelNoise: 0.1, activation: activation, target: target, constraint: constraint,
        rule: LearningRule(
          batchSize: batchSize, loss: loss, lookAhead: ahead ?? lookAhead,
          repetitions: other ?? repetitions))
    }
  }

  static let paths = [
    Case(testDescription: "a batch of 16, Riemannian", constraint: .riemannian, batchSize: 16),
    Case(testDescription: "correlation loss", rate: 0.05, loss: .correlation),
    // Bounded pushes: with moved fields rare draws rule those of squares.
    Case(testDescription: "look-ahead 0.3, erf", activation: .erf, rate: 0.5, lookAhead: 0.3),
    Case(testDescription: "look-ahead −0.3, erf", activation: .erf, rate: 0.5, lookAhead: -0.3),
    Case(testDescription: "two repetitions, erf", activation: .erf, rate: 0.8, repetitions: 2),
    Case(
      testDescription: "erf on a product with a sign, free, a batch of 8", activation: .erf,
      target: .products([
        ProductTerm(coefficient: 1, factors: [.sign]),
        ProductTerm(coefficient: 0.3, factors: [.hermite(3)]),
      ]), constraint: .free, rate: 0.3, batchSize: 8, level: 0.6),
  ]

  /// (mean of the chain − ODE) over ODE from an overlap of 0.3, and its standard error.
  private func shift(_ item: Case, repetitions: Int? = nil, lookAhead: Double? = nil) async throws
    -> (
      estimate: Double, error: Double
    )
  {
    let rule = try ExitRule(thresholds: [], overlapThresholds: [item.level], horizon: 60)
    let start = try Start.overlaps([0.3], of: item.model())
    let ode = try await exitTimes(
      DeterministicLimit(
        model: item.model(repetitions: repetitions, lookAhead: lookAhead), exitRule: rule),
      replicas: 1, start: start, seed: 61)[0][0]
    let chain = try await exitTimes(
      ReducedChain(model: item.model(), exitRule: rule), replicas: 24, start: start, seed: 62)[0]
    #expect(ode.isFinite && chain.allSatisfy(\.isFinite))
    let spread = try variance(of: chain) / Double(chain.count)
    return (try mean(of: chain) / ode - 1, spread.squareRoot() / ode)
  }

  @Test(arguments: paths)
  func `the ODE has the chain's mean exit from a start of order one`(item: Case) async throws {
    let shift = try await shift(item)
    #expect(abs(shift.estimate) < falseAlarmDeviation * shift.error + 0.01)
    #expect(shift.error < 0.03)
  }

  @Test func `an ODE of another rule is seen`() async throws {
    let repeated = try await shift(RuleLimitLawTests.paths[4], repetitions: 1)
    #expect(abs(repeated.estimate) > falseAlarmDeviation * repeated.error + 0.01)
    let ahead = try await shift(RuleLimitLawTests.paths[2], lookAhead: -0.3)
    #expect(abs(ahead.estimate) > falseAlarmDeviation * ahead.error + 0.01)
  }

  static let laws = [
    Case(testDescription: "a batch of 16", batchSize: 16, replicas: 1000),
    Case(testDescription: "a batch of 128", batchSize: 128, replicas: 1000),
    Case(testDescription: "look-ahead 0.3, erf", activation: .erf, rate: 0.5, lookAhead: 0.3),
    Case(testDescription: "look-ahead −0.3, erf", activation: .erf, rate: 0.5, lookAhead: -0.3),
    Case(testDescription: "two repetitions, erf", activation: .erf, rate: 0.8, repetitions: 2),
  ]

  /// The ratio of the mean exits of chain and SDE from the same random starts.
  private func ratio(_ item: Case, lookAhead: Double? = nil) async throws -> ClosedRange<Double> {
    let rule = try ExitRule(thresholds: [0.5], horizon: 60)
    let chain = try await exitTimes(
      ReducedChain(model: item.model(), exitRule: rule), replicas: item.replicas, start: .random,
      seed: 63)[0]
    let sde = try await exitTimes(
      DiffusionLimit(model: item.model(lookAhead: lookAhead), exitRule: rule, timeStep: 1.0 / 64),
      replicas: item.replicas, start: .random, seed: 63)[0]
    #expect(chain.allSatisfy(\.isFinite) && sde.allSatisfy(\.isFinite))
    let differences = zip(chain, sde).map { $0 - $1 }
    let scale = try mean(of: sde)
    let error = (try variance(of: differences) / Double(differences.count)).squareRoot() / scale
    let estimate = try mean(of: chain) / scale
    #expect(error < 0.025)
    return (estimate - falseAlarmDeviation * error)...(estimate + falseAlarmDeviation * error)
  }

  @Test(arguments: laws)
  func `the SDE has the chain's mean exit from random starts within a hundredth`(
    item: Case
  ) async throws {
    let interval = try await ratio(item)
    #expect(interval.lowerBound < 1.01 && interval.upperBound > 0.99)
  }

  @Test func `an SDE that looks the other way is seen`() async throws {
    let interval = try await ratio(RuleLimitLawTests.laws[2], lookAhead: -0.3)
    #expect(!interval.contains(1.01) && !interval.contains(0.99))
  }
}
