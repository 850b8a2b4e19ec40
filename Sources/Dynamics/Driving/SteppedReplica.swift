import GSL

/// A replica that moves in the steps of SGD.
protocol SteppedReplica: AnyObject {
  var model: Model { get }
  /// The excess risk after the last step.
  var risk: Double { get }
  /// Writes the levels that are watched beside the risk.
  func writeLevels(into output: UnsafeMutablePointer<Double>)
  /// Puts the replica at a start.
  func place(_ frame: StudentFrame)
  /// Takes what a replica draws once, before its first step, from the stream of its steps.
  func begin(_ stream: RandomStream)
  /// Takes one step, on fresh samples as the rule of learning has it.
  func step(_ stream: RandomStream)
  /// Risk and overlaps as they are now.
  var point: PathPoint { get }
  /// Steps in some ten milliseconds: the time between looks at cancellation.
  var portion: Int { get }
  /// Passes all that the next step depends on but the stream, of a replica that has been placed.
  func pass(through transfer: any StateTransfer) throws
}

extension SteppedReplica {
  /// Most draw nothing.
  func begin(_ stream: RandomStream) {}

  /// Phase retrieval's own paths are taken only where the risk tells all.
  func writeLevels(into output: UnsafeMutablePointer<Double>) {
    preconditionFailure("a path that knows the risk alone")
  }
}

extension ChainState: SteppedReplica {
  var portion: Int { steppedPortion(model.width * model.width) }

  var point: PathPoint {
    PathPoint(risk: risk) { NetworkState(model: self.model, state: self.overlaps) }
  }
}

extension FullWeights: SteppedReplica {
  var portion: Int { steppedPortion(model.width * model.dimension) }

  var point: PathPoint {
    PathPoint(risk: risk) { NetworkState(model: self.model, state: self.overlaps) }
  }
}

// These may step without the risk, which is evaluated where it is seen.
extension NetworkChain: SteppedReplica {
  var portion: Int { steppedPortion(model.width * model.width) }

  var point: PathPoint { PathPoint(risk: evaluatedRisk) { self.state } }
}

extension NetworkWeights: SteppedReplica {
  var portion: Int { steppedPortion(model.width * model.dimension) }

  var point: PathPoint { PathPoint(risk: evaluatedRisk) { self.state } }
}

/// The portion of a replica whose state is `numbers`.
func steppedPortion(_ numbers: Int) -> Int {
  max(1, min(StepMeter.portion, 1_000_000 / numbers))
}

/// Something to do with the replicas of a dynamics that moves in the steps of SGD: to time their exits,
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

/// An engine that moves in the steps of SGD.
protocol SteppedEngine: ObservableEngine {
  /// The network.
  var model: Model { get }
  /// Steps up to the horizon.
  var stepLimit: Int { get }
  /// Does a task on the quickest path there is; `watchesRisk` asks for the risk after every step.
  func perform(_ task: some SteppedTask, watchesRisk: Bool) throws
}

extension SteppedEngine {
  /// Runs the replicas of the queue; a step is one of SGD.
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
