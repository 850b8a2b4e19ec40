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
    try ItoDiffusion.requireSteps(horizon: horizon, timeStep: timeStep)
    try requireReplicas(replicas)
    let table = try ExitRecordTable(replicas: 0..<replicas, recordsPerReplica: 1)
    try await EnsembleRunner(threads: threads).distribute(
      ReplicaQueue(0..<replicas), StreamFamily(seed: seed, generator: generator), ProgressMeter()
    ) { source in
      try self.run(source, horizon: horizon, timeStep: timeStep) { table.set($0, [$1]) }
    }
    return table.replicas.map { table[$0, 0] }
  }
}
