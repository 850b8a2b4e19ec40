import Dynamics
import Ensemble
import GSL
import Testing

/// Names one engine on one small model, from random starts, for tests that hold for all of them.
struct EngineCase: Sendable, CustomTestStringConvertible {
  let kind: DynamicsKind
  let width: Int

  /// All four dynamics at widths 1 and 3.
  static let all = DynamicsKind.allCases.flatMap { kind in
    [1, 3].map { EngineCase(kind: kind, width: $0) }
  }

  var testDescription: String { "\(kind.rawValue), p = \(width)" }

  /// Two thresholds, the upper of which some replicas do not reach by the horizon.
  func engine() throws -> any Engine {
    let model = try Model(dimension: 40, width: width, learningRate: 0.1, labelNoise: 0.01)
    let rule = try ExitRule(thresholds: [0.1, 0.5], horizon: 2.5)
    switch kind {
    case .ode: return try DeterministicLimit(model: model, exitRule: rule)
    case .sde: return try DiffusionLimit(model: model, exitRule: rule, timeStep: 1.0 / 64)
    case .chain: return try ReducedChain(model: model, exitRule: rule)
    case .sgd: return try FullSGD(model: model, exitRule: rule)
    }
  }

  func run(
    replicas: Int = 40, threads: Int = 2, seed: UInt64 = 11, generator: RandomGenerator = .xoshiro,
    progress: ProgressMeter = ProgressMeter()
  ) async throws -> EnsembleRun {
    try await EnsembleRunner(threads: threads).run(
      engine(), replicas: replicas, start: .random,
      streams: StreamFamily(seed: seed, generator: generator), progress: progress)
  }
}
