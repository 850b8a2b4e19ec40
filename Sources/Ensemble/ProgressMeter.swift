import Synchronization

/// Counts steps and finished replicas while an ensemble runs; any task may read it at any time.
public final class ProgressMeter: Sendable {
  private let stepCount = Atomic<Int>(0)
  private let replicaCount = Atomic<Int>(0)

  /// Creates a meter at zero.
  public init() {}

  /// Steps taken so far, to within the last 10⁴ of each task.
  public var steps: Int { stepCount.load(ordering: .relaxed) }
  /// Replicas finished so far.
  public var finishedReplicas: Int { replicaCount.load(ordering: .relaxed) }

  func add(steps: Int) { stepCount.add(steps, ordering: .relaxed) }
  func add(replicas: Int) { replicaCount.add(replicas, ordering: .relaxed) }
}
