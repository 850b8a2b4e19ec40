import Dynamics

/// Holds the exit records of all replicas and takes each replica's from whichever task ran it.
///
/// 24 bytes a replica and threshold, allocated once. Unchecked: a replica's index is handed out
/// once, so that no two tasks write one place, and nobody reads before all tasks have ended and
/// every place is written. Memory is touched only as replicas finish.
final class ExitRecordTable: @unchecked Sendable {
  let thresholdCount: Int
  let count: Int
  private let storage: UnsafeMutablePointer<ExitRecord>

  init(replicas: Int, thresholdCount: Int) {
    self.thresholdCount = thresholdCount
    count = replicas * thresholdCount
    storage = .allocate(capacity: count)
  }

  deinit { storage.deallocate() }

  func set(_ replica: Int, _ records: [ExitRecord]) {
    precondition(records.count == thresholdCount, "one record a threshold")
    for (index, record) in records.enumerated() {
      storage[replica * thresholdCount + index] = record
    }
  }

  subscript(replica: Int, threshold: Int) -> ExitRecord {
    storage[replica * thresholdCount + threshold]
  }
}
