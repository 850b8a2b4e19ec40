internal import CKernels
import GSL

/// Lanes whose replicas move in the steps of SGD.
protocol SteppedLanes: Lanes {
  var model: Model { get }
  /// Puts a replica at its start into a lane.
  func place(_ lane: Int, replica: Int, frame: StudentFrame) throws
  /// Has the lane's next event where the watch has its next line.
  func watch(_ lane: Int, _ lines: ExitWatch)
  /// Sets the step at which the lane has its next event.
  func stop(_ lane: Int, at step: Int)
  /// The event of a lane.
  func event(_ lane: Int) -> EscEvent
  /// The excess risk of a lane.
  func risk(_ lane: Int) -> Double
  /// Risk and overlaps of a lane as they are now.
  func point(_ lane: Int) -> PathPoint
  /// The levels that are watched beside the risk.
  func levels(_ lane: Int) -> [Double]
  /// Passes all that the next step of a lane depends on, of a replica that has been placed there.
  func pass(_ lane: Int, through transfer: any StateTransfer) throws
}

extension SteppedLanes {
  /// Kernels are taken only where the risk tells all.
  func levels(_ lane: Int) -> [Double] { [] }
}

/// A replica that a vector kernel advances by itself, many steps a call.
protocol KernelReplica: AnyObject {
  var model: Model { get }
  /// Steps a kernel takes in some ten milliseconds: the time between looks at cancellation.
  var portion: Int { get }
  /// Steps taken since the start.
  var step: Int { get }
  /// The excess risk after the last step.
  var risk: Double { get }
  /// The overlaps as a flat state.
  var overlaps: [Double] { get }
  /// Puts a replica at its start.
  func place(_ frame: StudentFrame, replica: Int)
  /// Takes at most `steps` steps, fewer when the risk falls to `risk`.
  func advance(_ steps: Int, until risk: Double) -> EscEvent
  /// Passes all that the next step depends on, of a replica that has been placed.
  func pass(through transfer: any StateTransfer) throws
}

/// A replica on a vector kernel of its own, as a lane.
final class KernelLane<Replica: KernelReplica>: SteppedLanes {
  private let replica: Replica
  private var lastStep = 0
  private var boundary = -Double.infinity
  private var event = ESC_EVENT_NONE

  init(_ replica: Replica) { self.replica = replica }

  var model: Model { replica.model }
  var count: Int { 1 }
  var portion: Int { replica.portion }

  func place(_ lane: Int, replica index: Int, frame: StudentFrame) {
    replica.place(frame, replica: index)
  }

  func watch(_ lane: Int, _ lines: ExitWatch) { boundary = lines.boundary }

  func stop(_ lane: Int, at step: Int) { lastStep = step }

  func park(_ lane: Int) {}

  func advance(_ steps: Int) -> UInt32 {
    event = replica.advance(min(steps, lastStep - replica.step), until: boundary)
    if event == ESC_EVENT_NONE && replica.step == lastStep { event = ESC_EVENT_HORIZON }
    return event == ESC_EVENT_NONE ? 0 : 1
  }

  func event(_ lane: Int) -> EscEvent { event }

  func step(_ lane: Int) -> Int { replica.step }

  func risk(_ lane: Int) -> Double { replica.risk }

  func point(_ lane: Int) -> PathPoint {
    PathPoint(risk: replica.risk) { [replica] in
      NetworkState(model: replica.model, state: replica.overlaps)
    }
  }

  func pass(_ lane: Int, through transfer: any StateTransfer) throws {
    try replica.pass(through: transfer)
  }
}

/// A replica that moves in the steps of SGD, in plain Swift.
protocol SteppedReplica: AnyObject {
  var model: Model { get }
  /// The excess risk after the last step.
  var risk: Double { get }
  /// Writes the levels that are watched beside the risk.
  func writeLevels(into output: UnsafeMutablePointer<Double>)
  /// Puts the replica at a start.
  func place(_ frame: StudentFrame)
  /// Takes what a replica draws once, before its first step, from the stream of its steps or by its index.
  func begin(_ stream: RandomStream, replica: Int)
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
  func begin(_ stream: RandomStream, replica: Int) {}

  /// Phase retrieval's own paths are taken only where the risk tells all.
  func writeLevels(into output: UnsafeMutablePointer<Double>) {
    preconditionFailure("a path that knows the risk alone")
  }
}

/// The portion of a replica whose state is `numbers`.
func steppedPortion(_ numbers: Int) -> Int { max(1, min(8192, 1_000_000 / numbers)) }

/// A replica in plain Swift with its stream, as a lane.
final class SteppedLane<Replica: SteppedReplica>: SteppedLanes {
  private let replica: Replica
  private let streams: StreamFamily
  private let purpose: StreamPurpose
  private var stream: RandomStream?
  private var step = 0
  private var lastStep = 0
  private var boundary = -Double.infinity
  private var thresholds: [Double] = []
  private var levels: [Double]
  private var event = ESC_EVENT_NONE

  /// Creates the lane of a replica that knows as many levels beside the risk.
  init(_ replica: Replica, _ purpose: StreamPurpose, of streams: StreamFamily, levels: Int) {
    self.replica = replica
    self.streams = streams
    self.purpose = purpose
    self.levels = Array(repeating: 0, count: levels)
  }

  var model: Model { replica.model }
  var count: Int { 1 }
  var portion: Int { replica.portion }

  func place(_ lane: Int, replica index: Int, frame: StudentFrame) throws {
    replica.place(frame)
    let stream = try streams.stream(for: purpose, replica: index)
    replica.begin(stream, replica: index)
    self.stream = stream
    step = 0
    boundary = -.infinity
    thresholds = []
  }

  func watch(_ lane: Int, _ lines: ExitWatch) {
    boundary = lines.boundary
    thresholds = lines.levels.map(lines.nextThreshold)
  }

  func stop(_ lane: Int, at step: Int) { lastStep = step }

  func park(_ lane: Int) {}

  func advance(_ steps: Int) -> UInt32 {
    guard let stream else { return 0 }
    let end = min(lastStep, step + steps)
    event = ESC_EVENT_NONE
    while step < end && event == ESC_EVENT_NONE {
      replica.step(stream)
      step += 1
      let risk = replica.risk
      if !risk.isFinite {
        event = ESC_EVENT_DIVERGED
      } else if risk <= boundary || !thresholds.isEmpty && reachesLevel() {
        event = ESC_EVENT_CROSSED
      }
    }
    if event == ESC_EVENT_NONE && step == lastStep { event = ESC_EVENT_HORIZON }
    return event == ESC_EVENT_NONE ? 0 : 1
  }

  private func reachesLevel() -> Bool {
    replica.writeLevels(into: &levels)
    return thresholds.indices.contains { levels[$0] >= thresholds[$0] }
  }

  func event(_ lane: Int) -> EscEvent { event }

  func step(_ lane: Int) -> Int { step }

  func risk(_ lane: Int) -> Double { replica.risk }

  func point(_ lane: Int) -> PathPoint { replica.point }

  func levels(_ lane: Int) -> [Double] {
    if !levels.isEmpty { replica.writeLevels(into: &levels) }
    return levels
  }

  func pass(_ lane: Int, through transfer: any StateTransfer) throws {
    try replica.pass(through: transfer)
    try stream?.withState { try transfer.pass($0) }
    try transfer.pass(&step)
  }
}
