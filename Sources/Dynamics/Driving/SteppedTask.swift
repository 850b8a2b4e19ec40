/// Something to do with the replicas of a dynamics that moves in steps of one sample: to time their exits,
/// or to show their paths.
///
/// The engine chooses how steps are taken; a task says how far, and what is looked at.
protocol SteppedTask {
  /// Where random numbers come from.
  var streams: StreamFamily { get }
  /// Runs replicas abreast in the lanes of a kernel, with `portion` steps between looks at cancellation.
  func run(in block: some LaneBlock, portion: UInt64) throws
  /// Runs replicas one after another on a kernel.
  func run(on replica: some KernelReplica) throws
  /// Runs replicas one after another, step by step.
  func run(on replica: some SteppedReplica, _ purpose: StreamPurpose) throws
}

/// An engine that moves in steps of one sample.
protocol SteppedEngine: ObservableEngine {
  /// The network.
  var model: Model { get }
  /// Samples up to the horizon.
  var stepLimit: Int { get }
  /// Does a task on the quickest path there is; `watchesRisk` asks for the risk after every step.
  func perform(_ task: some SteppedTask, watchesRisk: Bool) throws
}

extension SteppedEngine {
  /// Runs the replicas of the queue; a step is one sample.
  public func run(_ work: ReplicaWork) throws {
    try perform(
      SteppedExits(work: work, rule: exitRule, stepLimit: stepLimit),
      watchesRisk: !exitRule.thresholds.isEmpty)
  }

  /// Shows the replicas of the queue, on the very paths of ``Engine/run(_:)``.
  public func observe(_ paths: PathWork) throws {
    try perform(SteppedPaths(paths, of: model), watchesRisk: false)
  }
}
