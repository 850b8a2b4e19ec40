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
  let table: ExitRecordTable

  /// The records of replica 0 at every threshold, then of replica 1, …
  public var records: [ExitRecord] {
    (0..<replicas).flatMap { replica in thresholds.indices.map { table[replica, $0] } }
  }

  /// The records at one threshold, in replica order.
  public func records(at threshold: Int) -> [ExitRecord] {
    (0..<replicas).map { table[$0, threshold] }
  }
}
