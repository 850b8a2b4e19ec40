import Dynamics

/// Holds the exit records of an ensemble, in replica order.
public struct EnsembleRun: Sendable {
  /// Which dynamics was run.
  public let kind: DynamicsKind
  /// Thresholds T, ascending.
  public let thresholds: [Double]
  /// Number of replicas.
  public let replicas: Int
  /// Steps taken by all replicas together.
  public let steps: Int
  /// Wall-clock seconds.
  public let seconds: Double
  private let table: ExitRecordTable

  init(
    kind: DynamicsKind, thresholds: [Double], replicas: Int, steps: Int, seconds: Double,
    table: ExitRecordTable
  ) {
    self.kind = kind
    self.thresholds = thresholds
    self.replicas = replicas
    self.steps = steps
    self.seconds = seconds
    self.table = table
  }

  /// Creates a run from records that are already there, replicas first, thresholds ascending.
  ///
  /// Traps unless there is one record for each replica and threshold.
  public init(
    kind: DynamicsKind, thresholds: [Double], replicas: Int, steps: Int, seconds: Double,
    records: [ExitRecord]
  ) {
    precondition(records.count == replicas * thresholds.count, "one record a replica, threshold")
    let table = ExitRecordTable(replicas: replicas, thresholdCount: thresholds.count)
    for replica in 0..<replicas {
      let first = replica * thresholds.count
      table.set(replica, Array(records[first..<(first + thresholds.count)]))
    }
    self.init(
      kind: kind, thresholds: thresholds, replicas: replicas, steps: steps, seconds: seconds,
      table: table)
  }

  /// The records of replica 0 at every threshold, then of replica 1, …
  public var records: [ExitRecord] {
    (0..<replicas).flatMap { replica in thresholds.indices.map { table[replica, $0] } }
  }

  /// The records at one threshold, in replica order; they are read in place, not copied.
  public func records(at threshold: Int) -> some RandomAccessCollection<ExitRecord> {
    (0..<replicas).lazy.map { table[$0, threshold] }
  }
}
