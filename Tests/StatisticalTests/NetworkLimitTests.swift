import Dynamics
import GSL
import Testing

/// At large d and from a start of order one, the mean exit of the chain is the ODE's.
@Suite struct NetworkLimitTests {
  private static let activations: [Activation] = [
    .square, .relu, .erf, .tanh, .sigmoid, .softplus, .hermite([0, 1, 0.5, 0.2]),
  ]

  /// (mean of the chain − ODE) over ODE, and its standard error, at the later of two exits.
  private func shift(_ activation: Activation, odeNoise: Double = 0.1) async throws -> (
    estimate: Double, error: Double
  ) {
    // Rates far below the critical ones, and few steps where the gradient is small.
    let rate = activation.degree != nil ? 0.05 : activation == .sigmoid ? 2 : 0.3
    func model(_ noise: Double) throws -> Model {
      try Model(
        dimension: 10_000, learningRate: rate, labelNoise: noise, activation: activation,
        constraint: activation.degree == nil ? .free : .spherical)
    }
    let rule = try ExitRule(thresholds: [], overlapThresholds: [0.7], horizon: 60)
    let start = try Start.overlaps([0.3], of: model(0.1))
    let ode = try await exitTimes(
      DeterministicLimit(model: model(odeNoise), exitRule: rule), replicas: 1, start: start,
      seed: 51)[0][0]
    let chain = try await exitTimes(
      ReducedChain(model: model(0.1), exitRule: rule), replicas: 40, start: start, seed: 52)[0]
    #expect(ode.isFinite && chain.allSatisfy(\.isFinite))
    let spread = try variance(of: chain) / Double(chain.count)
    return (try mean(of: chain) / ode - 1, spread.squareRoot() / ode)
  }

  // What is left of d is of the order of 100/d; ReLU's quadrature is off by its estimate besides.
  @Test(arguments: activations)
  func `mean exits agree`(activation: Activation) async throws {
    let shift = try await shift(activation)
    #expect(abs(shift.estimate) < falseAlarmDeviation * shift.error + 0.01)
    #expect(shift.error < 0.015)
  }

  @Test func `an ODE of other label noise is seen`() async throws {
    let shift = try await shift(.square, odeNoise: 3)
    #expect(abs(shift.estimate) > falseAlarmDeviation * shift.error + 0.01)
  }
}
