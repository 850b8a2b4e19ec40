import Dynamics
import GSL

extension ItoDiffusion {
  /// Runs replicas over several threads until each has left the region or the horizon has come.
  ///
  /// Returns a record for each replica, in order; steps of −1 since an SDE has none. A result depends on
  /// the functions, the numbers and the seed alone, not on `threads`. Throws `ParameterError` for a
  /// number out of range and `CancellationError` when the task is cancelled. Cost a step: two drifts, one
  /// noise matrix and 2 · dimension + 1 boundaries.
  public func exits(
    replicas: Int, horizon: Double, timeStep: Double, seed: UInt64,
    generator: RandomGenerator = .xoshiro, threads: Int
  ) async throws -> [ExitRecord] {
    let engine = try ItoDiffusionEngine(self, horizon: horizon, timeStep: timeStep)
    // The start is the diffusion's own; that of networks is not looked at.
    let run = try await EnsembleRunner(threads: threads).run(
      engine, replicas: replicas, start: .random,
      streams: StreamFamily(seed: seed, generator: generator))
    return Array(run.records(at: 0))
  }
}
