import Dynamics
import Ensemble
import GSL

/// Makes one of two engines on a small model, from random starts; what holds for all engines is in
/// ConformanceTests.
enum EngineCase: Sendable {
  case ode
  case chain(width: Int)

  /// Two thresholds, the upper of which some replicas do not reach by the horizon.
  func engine() throws -> any Engine {
    func model(_ width: Int) throws -> Model {
      try Model(dimension: 40, width: width, learningRate: 0.1, labelNoise: 0.01)
    }
    let rule = try ExitRule(thresholds: [0.1, 0.5], horizon: 2.5)
    switch self {
    case .ode: return try DeterministicLimit(model: model(1), exitRule: rule)
    case .chain(let width): return try ReducedChain(model: model(width), exitRule: rule)
    }
  }

  func run(
    replicas: Int = 40, threads: Int = 2, generator: RandomGenerator = .xoshiro,
    progress: ProgressMeter = ProgressMeter()
  ) async throws -> EnsembleRun {
    try await EnsembleRunner(threads: threads).run(
      engine(), replicas: replicas, start: .random,
      streams: StreamFamily(seed: 11, generator: generator), progress: progress)
  }
}
