/// Shows a replica at one time.
public struct PathPoint {
  /// The excess risk.
  public let risk: Double
  private let makeState: () -> NetworkState
  private let findTrainingRisk: (() -> Double)?

  init(
    risk: Double, trainingRisk: (() -> Double)? = nil, state: @escaping () -> NetworkState
  ) {
    self.risk = risk
    findTrainingRisk = trainingRisk
    makeState = state
  }

  /// (1/N) Σ ½(y − f)² over the finite set of samples that returns, the noise of its labels in it; nil where all samples
  /// are fresh. Evaluated when asked for, O(N p d); only inside the call that shows the point.
  public var trainingRisk: Double? { findTrainingRisk?() }

  /// M, Q and a, gathered when they are asked for: O(p(p + k)); only inside the call that shows the point.
  public var state: NetworkState { makeState() }
}

/// Tells an engine which replicas to follow, and at which times to show them.
public struct PathWork {
  /// The replicas, where they start, their streams, and what takes their ends.
  ///
  /// `record` is called once a replica, with one record: `censored` at the last time, or `diverged` when
  /// numbers were lost; nothing is shown from then on.
  public let replicas: ReplicaWork
  /// Times τ ≥ 0, ascending, at least one.
  public let times: [Double]
  /// Is shown a replica at a time, by its index; the times of a replica come in order.
  public let observe: (_ replica: Int, _ time: Int, _ point: PathPoint) -> Void

  /// Creates the work of one task.
  public init(
    _ replicas: ReplicaWork, times: [Double],
    observe: @escaping (_ replica: Int, _ time: Int, _ point: PathPoint) -> Void
  ) {
    precondition(!times.isEmpty && times[0] >= 0, "times of at least 0")
    self.replicas = replicas
    self.times = times
    self.observe = observe
  }

  /// Records that a replica has been followed to the last time.
  func end(_ replica: Int, step: Int = -1) {
    replicas.record(
      replica, [ExitRecord(outcome: .censored, time: times[times.count - 1], step: step)])
  }

  /// Records that a replica has left the finite numbers.
  func diverge(_ replica: Int, at time: Double, step: Int = -1) {
    replicas.record(replica, [ExitRecord(outcome: .diverged, time: time, step: step)])
  }
}

/// A dynamics whose replicas can be followed along times, past every exit.
public protocol ObservableEngine: Engine {
  /// Takes replicas from the queue until it is empty and shows each at every time.
  ///
  /// Dynamics with steps are shown after the last step that is taken by then. Chain and full SGD follow
  /// the very paths that ``Engine/run(_:)`` times the exits of; so does the ODE. Exit rule and horizon
  /// are not looked at. Throws as ``Engine/run(_:)`` does.
  func observe(_ paths: PathWork) throws
}
