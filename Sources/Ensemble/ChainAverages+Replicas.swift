import Dynamics
import Synchronization

extension ChainAverages {
  /// Averages replicas 0..<`replicas` over several threads and returns their averages in order.
  ///
  /// `threads` cannot be seen in the result. Throws `ParameterError` for a number below 1, what the chain
  /// throws, and `CancellationError`.
  public func averages(
    replicas: Int, start: Start, streams: StreamFamily, threads: Int,
    progress: ProgressMeter = ProgressMeter()
  ) async throws -> [WindowAverage] {
    for (key, value) in [("replicas", replicas), ("threads", threads)] where value < 1 {
      throw ParameterError(
        key: key, found: "\(value)", expected: "a whole number of at least 1")
    }
    let queue = ReplicaQueue(0..<replicas)
    let table = WindowAverageTable(count: replicas)
    let executor = ThreadExecutor()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<min(threads, replicas) {
        group.addTask(executorPreference: executor) {
          let work = ReplicaWork(
            queue: queue, start: start, streams: streams, record: { _, _ in },
            report: { progress.add(steps: $0) })
          try self.run(work) { replica, average in
            table.set(replica, average)
            progress.add(replicas: 1)
          }
        }
      }
      try await group.waitForAll()
    }
    return table.averages
  }
}

/// Takes the averages of replicas from several threads.
private final class WindowAverageTable: Sendable {
  private let results: Mutex<[WindowAverage?]>

  init(count: Int) { results = Mutex(Array(repeating: nil, count: count)) }

  func set(_ replica: Int, _ average: WindowAverage) { results.withLock { $0[replica] = average } }

  /// The averages in the order of replicas, once all are there.
  var averages: [WindowAverage] { results.withLock { $0.compactMap { $0 } } }
}
