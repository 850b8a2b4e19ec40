import Dynamics

/// Holds the exit records of an ensemble, in replica order.
public struct EnsembleRun: Sendable {
  /// Which dynamics was run.
  public let kind: DynamicsKind
  /// What was watched, in the order of records.
  public let marks: [ExitMark]
  /// Steps taken by all replicas together.
  public let steps: Int
  /// Wall-clock seconds, of all processes that had a share.
  public let seconds: Double
  private let table: ExitRecordTable

  /// Number of replicas.
  public var replicas: Int { table.replicas.count }

  /// Creates a run from a table in which every replica is there.
  public init(
    kind: DynamicsKind, marks: [ExitMark], steps: Int, seconds: Double, table: ExitRecordTable
  ) {
    precondition(table.recordsPerReplica == marks.count, "one record a replica, mark")
    self.kind = kind
    self.marks = marks
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
    guard
      let table = try? ExitRecordTable(
        replicas: 0..<replicas, recordsPerReplica: thresholds.count)
    else { preconditionFailure("no memory for a second copy of the records") }
    for replica in 0..<replicas {
      let first = replica * thresholds.count
      table.set(replica, Array(records[first..<(first + thresholds.count)]))
    }
    self.init(
      kind: kind, marks: thresholds.map { ExitMark(.risk, $0) }, steps: steps, seconds: seconds,
      table: table)
  }

  /// Creates a run from records that are already there, those of one mark after the other.
  ///
  /// Traps unless every mark has as many.
  public init(
    kind: DynamicsKind, marks: [ExitMark], steps: Int, seconds: Double,
    recordsByMark: [[ExitRecord]]
  ) {
    let replicas = recordsByMark.first?.count ?? 0
    precondition(
      recordsByMark.count == marks.count && recordsByMark.allSatisfy { $0.count == replicas },
      "one record a replica, mark")
    guard let table = try? ExitRecordTable(replicas: 0..<replicas, recordsPerReplica: marks.count)
    else { preconditionFailure("no memory for a second copy of the records") }
    for replica in 0..<replicas { table.set(replica, recordsByMark.map { $0[replica] }) }
    self.init(kind: kind, marks: marks, steps: steps, seconds: seconds, table: table)
  }

  /// Thresholds of the marks.
  public var thresholds: [Double] { marks.map(\.threshold) }

  /// The records of replica 0 at every mark, then of replica 1, …
  public var records: [ExitRecord] { table.replicas.flatMap { table.records(of: $0) } }

  /// The records at one mark, by its index, in replica order; they are read in place, not copied.
  public func records(at threshold: Int) -> some RandomAccessCollection<ExitRecord> {
    table.replicas.lazy.map { table[$0, threshold] }
  }
}
