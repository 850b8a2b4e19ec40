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
