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
  /// Records of replica 0 at every threshold, then of replica 1, …; 24 bytes each.
  public let records: [ExitRecord]

  /// The records at one threshold, in replica order.
  public func records(at threshold: Int) -> [ExitRecord] {
    (0..<replicas).map { records[$0 * thresholds.count + threshold] }
  }
}
