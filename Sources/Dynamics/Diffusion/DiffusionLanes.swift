internal import CKernels
import GSL

/// Lanes whose replicas follow the SDE on a vector kernel.
///
/// The kernel watches a coordinate that falls to a line as the risk falls to a threshold.
protocol DiffusionLanes: Lanes {
  var model: Model { get }
  /// Puts a replica at its start into a lane; returns its excess risk.
  func place(_ lane: Int, replica: Int, frame: StudentFrame, lastStep: Int) -> Double
  /// Sets the excess risk at which the lane has its next event.
  func watch(_ lane: Int, risk: Double)
  /// The event of a lane.
  func event(_ lane: Int) -> EscEvent
  /// The coordinate before and after the step of the lane's event, and its variance over the step.
  func stepEnds(_ lane: Int) -> (from: Double, to: Double, spread: Double)
  /// The coordinate's value where the excess risk is `risk`.
  func coordinate(risk: Double) -> Double
}

/// Times the exits of the SDE in the lanes of a kernel, whose steps are all of one length.
struct DiffusionLaneExits<System: DiffusionLanes> {
  let work: ReplicaWork
  let rule: ExitRule
  let clock: CrossingClock

  func run(_ lanes: System) throws {
    // The grid's last time is the first one at or beyond the horizon.
    let lastStep = Int((rule.horizon / clock.timeStep * (1 - 1e-12)).rounded(.up))
    try LaneDriver<DiffusionLaneWatch<System>>.run(lanes, work.source) { replica, lane in
      let frame = try work.start.frame(of: replica, lanes.model, work.source.streams)
      let risk = lanes.place(lane, replica: replica, frame: frame, lastStep: lastStep)
      return DiffusionLaneWatch(
        task: self, replica: replica, lastStep: lastStep,
        lines: rule.watch(of: lanes.model, initialRisk: risk), risk: risk)
    }
  }
}

/// Times the exits of one replica.
///
/// The kernel decides crossings inside a step by the Brownian bridge; their times are drawn here, from a
/// stream of the replica's own.
private struct DiffusionLaneWatch<System: DiffusionLanes>: ReplicaWatch {
  private let task: DiffusionLaneExits<System>
  private let replica: Int
  private let lastStep: Int
  private var lines: ExitWatch
  private var stream: RandomStream?
  /// The records, once the replica has ended.
  private var records: [ExitRecord]?

  init(
    task: DiffusionLaneExits<System>, replica: Int, lastStep: Int, lines: ExitWatch, risk: Double
  ) {
    self.task = task
    self.replica = replica
    self.lastStep = lastStep
    self.lines = lines
    self.lines.begin(risk: risk)
    if self.lines.isDone { censor() }
  }

  var isDone: Bool { records != nil }

  func arm(_ lanes: System, _ lane: Int) { lanes.watch(lane, risk: lines.boundary) }

  mutating func see(_ lanes: System, _ lane: Int) throws {
    let step = lanes.step(lane)
    let end = Double(step) * task.clock.timeStep
    switch lanes.event(lane) {
    case ESC_EVENT_CROSSED, ESC_EVENT_BRIDGED:
      let isLate = try recordCrossings(lanes, lane, end: end)
      if isLate || lines.isDone || step >= lastStep { censor() }
    case ESC_EVENT_HORIZON: censor()
    default: records = lines.finish(.diverged, at: min(end, task.rule.horizon))
    }
  }

  /// Records the crossing that the kernel saw and those of further thresholds in the same step; says
  /// whether one was too late.
  private mutating func recordCrossings(_ lanes: System, _ lane: Int, end: Double) throws -> Bool {
    let (from, to, spread) = lanes.stepEnds(lane)
    let clock = task.clock
    guard end > 0 else {
      // The start lies within rounding of the boundary, and no step has been taken.
      lines.exit(at: 0)
      return false
    }
    guard clock.usesBridge else {
      guard end <= task.rule.horizon else { return true }
      lines.exit(at: end)
      while !lines.isDone, to <= lanes.coordinate(risk: lines.boundary) { lines.exit(at: end) }
      return false
    }
    let streams = task.work.source.streams
    let stream = try stream ?? streams.stream(for: .crossings, replica: replica)
    self.stream = stream
    let crossings = StepCrossings(
      time: end - clock.timeStep, duration: clock.timeStep, clock: clock,
      horizon: task.rule.horizon)
    return crossings.draw(
      BridgeEnds(from: from, to: to, variance: spread / clock.timeStep),
      shift: clock.shift(spread: spread), isKnown: true, stream, &lines,
      boundary: { lanes.coordinate(risk: $0.boundary) }, exit: { $0.exit(at: $1) })
  }

  /// Ends the watch where it is: what has not been crossed is censored.
  private mutating func censor() {
    records = lines.finish(.censored, at: task.rule.horizon)
  }

  func finish() { task.work.record(replica, records ?? []) }
}
