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
    try requireReplicas(replicas)
    let table = WindowAverageTable(count: replicas)
    try await EnsembleRunner(threads: threads).distribute(
      ReplicaQueue(0..<replicas), streams, progress
    ) { source in
      try self.run(source, start: start) { replica, average in
        table.set(replica, average)
        progress.add(replicas: 1)
      }
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
