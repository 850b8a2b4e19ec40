import Dynamics
import Synchronization

/// Runs the replicas of one engine over several threads.
///
/// Replicas are handed out in batches whose size depends on their number alone; a batch returns its
/// records and they are put in place by replica, so that neither the number of threads nor the order in
/// which batches end can be seen in the result. Memory: 24 bytes a replica and threshold, and one
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
    let size = EnsembleRunner.batchSize(replicas)
    let batchCount = (replicas + size - 1) / size
    let next = SharedCounter()
    let thresholds = engine.exitRule.thresholds
    let stepsBefore = progress.steps
    let executor = ThreadExecutor()
    let clock = ContinuousClock()
    let began = clock.now
    let batches = try await withThrowingTaskGroup(of: [(Int, [ExitRecord])].self) { group in
      for _ in 0..<min(threads, batchCount) {
        group.addTask(executorPreference: executor) {
          var finished: [(Int, [ExitRecord])] = []
          while true {
            let index = next.take()
            guard index < batchCount else { return finished }
            let range = (index * size)..<min((index + 1) * size, replicas)
            let batch = ReplicaBatch(replicas: range, start: start, streams: streams)
            finished.append((index, try engine.run(batch) { progress.add(steps: $0) }))
            progress.add(replicas: range.count)
          }
        }
      }
      var batches = [[ExitRecord]](repeating: [], count: batchCount)
      for try await part in group {
        for (index, records) in part { batches[index] = records }
      }
      return batches
    }
    let elapsed = clock.now - began
    let seconds =
      Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    return EnsembleRun(
      kind: engine.kind, thresholds: thresholds, replicas: replicas,
      steps: progress.steps - stepsBefore, seconds: seconds, records: Array(batches.joined()))
  }

  /// Enough batches that cores end together, few enough that handing out costs nothing.
  static func batchSize(_ replicas: Int) -> Int { min(max(replicas / 256, 1), 64) }
}

private final class SharedCounter: Sendable {
  private let value = Atomic<Int>(0)

  func take() -> Int { value.add(1, ordering: .relaxed).oldValue }
}
