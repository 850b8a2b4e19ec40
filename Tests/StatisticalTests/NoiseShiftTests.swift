import Dynamics
import Ensemble
import Foundation
import GSL
import Testing

/// How much earlier the noise lets SGD escape than the ODE, from the same random starts.
@Suite struct NoiseShiftTests {
  private func model(_ dimension: Int) throws -> Model {
    try Model(dimension: dimension, learningRate: 0.1, labelNoise: 1e-4)
  }

  // An independent program: −0.333 ± 0.006 at d = 1000, −0.27 ± 0.02 at d = 10000; ratio 0.71.
  @Test func `the means without Monte Carlo are those of an independent program`() throws {
    let small = try #require(
      try NoiseShift(model: model(1000), start: .random, threshold: 0.01).means(dimension: 1000))
    #expect(abs(small.sde - small.ode - -0.333) < 3 * 0.006)
    #expect(abs(small.sde / small.ode - 0.71) < 0.01)
    let large = try #require(
      try NoiseShift(model: model(1000), start: .random, threshold: 0.01).means(
        dimension: 10_000))
    #expect(abs(large.sde - large.ode - -0.27) < 0.03)
    print("shift at d = 1000: \(small.sde - small.ode), ratio \(small.sde / small.ode)")
    print("shift at d = 10000: \(large.sde - large.ode), ratio \(large.sde / large.ode)")
  }

  @Test func `the chain shows the shift`() async throws {
    let model = try model(1000)
    let rule = try ExitRule(thresholds: [0.01], horizon: 60)
    let chain = try await exitTimes(
      ReducedChain(model: model, exitRule: rule), replicas: 20_000, start: .random, seed: 71)
    let ode = try await exitTimes(
      DeterministicLimit(model: model, exitRule: rule), replicas: 20_000, start: .random, seed: 71)
    let shifts = zip(chain[0], ode[0]).map { $0 - $1 }
    let known = try #require(
      try NoiseShift(model: model, start: .random, threshold: 0.01).means(dimension: 1000))
    // SGD is watched at its own steps, which costs up to 0.004 here.
    let expected = known.sde - known.ode + 0.002
    let error = (try variance(of: shifts) / Double(shifts.count)).squareRoot()
    let shift = try mean(of: shifts)
    print("chain at d = 1000: shift \(shift) ± \(error), law \(known.sde - known.ode)")
    #expect(abs(shift - expected) < falseAlarmDeviation * error + 0.003)
    #expect(
      abs(shift - -0.333) < falseAlarmDeviation * (error * error + 0.006 * 0.006).squareRoot())
    // Sabotage: the shift of ten times the dimension.
    let other = try #require(
      try NoiseShift(model: model, start: .random, threshold: 0.01).means(dimension: 10_000))
    #expect(abs(shift - (other.sde - other.ode)) > falseAlarmDeviation * error + 0.003)
  }

  @Test(arguments: [0.05, 0.1])
  func `the dimension found is where the margin is met`(margin: Double) throws {
    let shift = NoiseShift(model: try model(1000), start: .random, threshold: 0.01)
    let dimension = try #require(try shift.dimension(margin: margin))
    print("margin \(margin) from d = \(dimension)")
    let means = try #require(try shift.means(dimension: Int(dimension)))
    #expect(abs(means.sde / means.ode - (1 - margin)) < 1e-4)
    // Linearised: the constant shift over log(T d) + Euler's γ + log 2, halved and over μ.
    let law = try LinearisedExitLaw(model: model(1000), start: .random, threshold: 0.01)
    let time = -law.noiseShift / margin * 2 * law.growthRate
    let linear = exp(time - 0.5772156649015329 - log(2)) / 0.01
    #expect(abs(log(dimension / linear)) < 0.15)
    // There, and from there on, it holds already.
    let there = NoiseShift(
      model: try model(2 * Int(dimension)), start: .random, threshold: 0.01)
    #expect(try there.dimension(margin: margin) == nil)
  }
}
