import Dynamics

/// Runs the replicas of one engine over several threads.
///
/// Each thread takes replicas one by one from a common queue, so that long and short ones balance,
/// and puts their records in place by index: neither the number of threads nor the order in which
/// replicas end can be seen in the result. Memory: 24 bytes a replica and threshold, and one
/// workspace a thread.
public struct EnsembleRunner: Sendable {
  /// Number of tasks that run at once; more than there are cores gains nothing.
  public let threads: Int

  /// Creates a runner; throws `ParameterError` for the key `threads` below 1.
  public init(threads: Int) throws(ParameterError) {
    guard threads >= 1 else {
      throw ParameterError(
        key: "threads", found: "\(threads)", expected: "a whole number of at least 1")
    }
    self.threads = threads
  }

  /// Runs replicas 0..<`replicas` of `engine` and returns their records in order.
  ///
  /// Throws what the engine throws; the first failure cancels the rest.
  public func run(
    _ engine: some Engine, replicas: Int, start: Start, streams: StreamFamily,
    progress: ProgressMeter = ProgressMeter()
  ) async throws -> EnsembleRun {
    guard replicas >= 1 else {
      throw ParameterError(
        key: "replicas", found: "\(replicas)", expected: "a whole number of at least 1")
    }
    let queue = ReplicaQueue(0..<replicas)
    let thresholds = engine.exitRule.thresholds
    let table = ExitRecordTable(replicas: replicas, thresholdCount: thresholds.count)
    let stepsBefore = progress.steps
    let executor = ThreadExecutor()
    let clock = ContinuousClock()
    let began = clock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<min(threads, replicas) {
        group.addTask(executorPreference: executor) {
          try engine.run(
            ReplicaWork(
              queue: queue, start: start, streams: streams,
              record: {
                table.set($0, $1)
                progress.add(replicas: 1)
              },
              report: { progress.add(steps: $0) }))
        }
      }
      // Unlike waiting for all, leaving at the first error cancels the rest.
      while try await group.next() != nil {}
    }
    let elapsed = clock.now - began
    let seconds =
      Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    return EnsembleRun(
      kind: engine.kind, thresholds: thresholds, replicas: replicas,
      steps: progress.steps - stepsBefore,
      seconds: seconds, table: table)
  }
}
