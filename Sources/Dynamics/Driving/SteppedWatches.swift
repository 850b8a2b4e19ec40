internal import CKernels

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
    let clock = model.clock
    try perform(
      SteppedPaths(
        source: paths.source, start: paths.start,
        steps: paths.times.map { Int(clock.steps(by: $0)) },
        observe: paths.observe,
        end: { replica, step, hasDiverged in
          let time = hasDiverged ? clock.time(ofStep: step) : paths.lastTime
          paths.end(replica, PathEnd(hasDiverged: hasDiverged, time: time, step: step))
        }),
      watchesRisk: false)
  }
}

/// Something to do with the replicas of a dynamics that moves in the steps of SGD: to time their exits,
/// or to show their paths.
///
/// The engine chooses how steps are taken; a task says how far, and what is looked at.
protocol SteppedTask {
  /// Replicas and streams.
  var source: ReplicaSource { get }
  /// How many levels are watched beside the risk.
  var levelCount: Int { get }
  /// Runs replicas in lanes.
  func run(in lanes: some SteppedLanes) throws
}

extension SteppedTask {
  /// Where random numbers come from.
  var streams: StreamFamily { source.streams }

  /// Runs replicas one after another on a kernel.
  func run(on replica: some KernelReplica) throws { try run(in: KernelLane(replica)) }

  /// Runs replicas one after another, step by step.
  func run(on replica: some SteppedReplica, _ purpose: StreamPurpose) throws {
    try run(in: SteppedLane(replica, purpose, of: streams, levels: levelCount))
  }
}

/// Times the exits of replicas.
struct SteppedExits: SteppedTask {
  let work: ReplicaWork
  let rule: ExitRule
  let stepLimit: Int

  var source: ReplicaSource { work.source }
  var levelCount: Int { rule.levels.count }

  func run(in lanes: some SteppedLanes) throws { try run(lanes) }

  private func run<System: SteppedLanes>(_ lanes: System) throws {
    try LaneDriver<SteppedExitWatch<System>>.run(lanes, source) { replica, lane in
      let frame = try work.start.frame(of: replica, lanes.model, source.streams)
      try lanes.place(lane, replica: replica, frame: frame)
      return SteppedExitWatch(self, replica, in: lanes, lane)
    }
  }
}

/// Times the exits of one replica: the first steps after which risk and levels have reached their lines.
private struct SteppedExitWatch<System: SteppedLanes>: ReplicaWatch {
  static var isKept: Bool { true }

  private let task: SteppedExits
  private let replica: Int
  private var lines: ExitWatch
  /// The records, once the replica has ended.
  private var records: [ExitRecord]?

  init(_ task: SteppedExits, _ replica: Int, in lanes: System, _ lane: Int) {
    self.task = task
    self.replica = replica
    let risk = lanes.risk(lane)
    lines = task.rule.watch(of: lanes.model, initialRisk: risk)
    lines.begin(risk: risk, step: 0)
    if !lines.levels.isEmpty { lines.begin(levels: lanes.levels(lane), step: 0) }
    if lines.isDone || task.stepLimit == 0 { censor() }
  }

  var isDone: Bool { records != nil }

  func arm(_ lanes: System, _ lane: Int) {
    lanes.watch(lane, lines)
    lanes.stop(lane, at: task.stepLimit)
  }

  mutating func see(_ lanes: System, _ lane: Int) {
    let step = lanes.step(lane)
    let time = lanes.model.clock.time(ofStep: step)
    switch lanes.event(lane) {
    case ESC_EVENT_CROSSED:
      if lines.levels.isEmpty {
        lines.confirm(lanes.risk(lane), at: time, step: step)
      } else {
        lines.observe(lanes.risk(lane), at: time, step: step)
        lines.observe(levels: lanes.levels(lane), at: time, step: step)
      }
      if lines.isDone || step == task.stepLimit { censor() }
    case ESC_EVENT_HORIZON: censor()
    default: records = lines.finish(.diverged, at: time, step: step)
    }
  }

  /// Ends the watch where it is: what has not been crossed is censored.
  private mutating func censor() {
    records = lines.finish(.censored, at: task.rule.horizon, step: task.stepLimit)
  }

  func finish() { task.work.record(replica, records ?? []) }

  mutating func pass(_ lanes: System, _ lane: Int, through transfer: any StateTransfer) throws {
    try lanes.pass(lane, through: transfer)
    try lines.pass(through: transfer)
    // A replica ends at the horizon itself.
    try StateError.require((0..<task.stepLimit).contains(lanes.step(lane)))
  }
}

/// Shows replicas after given steps.
struct SteppedPaths: SteppedTask {
  let source: ReplicaSource
  let start: Start
  /// The steps, ascending.
  let steps: [Int]
  /// Is shown a replica after a step, by its place in `steps`.
  let observe: (_ replica: Int, _ index: Int, _ point: PathPoint) -> Void
  /// Is told at which step a replica ended: the last one, or that at which numbers were lost.
  let end: (_ replica: Int, _ step: Int, _ hasDiverged: Bool) -> Void

  var levelCount: Int { 0 }

  func run(in lanes: some SteppedLanes) throws { try run(lanes) }

  private func run<System: SteppedLanes>(_ lanes: System) throws {
    try LaneDriver<SteppedPathWatch<System>>.run(lanes, source) { replica, lane in
      let frame = try start.frame(of: replica, lanes.model, source.streams)
      try lanes.place(lane, replica: replica, frame: frame)
      return SteppedPathWatch(self, replica, in: lanes, lane)
    }
  }
}

/// Shows one replica after each step of a list.
private struct SteppedPathWatch<System: SteppedLanes>: ReplicaWatch {
  private let task: SteppedPaths
  private let replica: Int
  /// The place of the step that is seen next.
  private var next = 0
  private var end: (step: Int, hasDiverged: Bool)?

  init(_ task: SteppedPaths, _ replica: Int, in lanes: System, _ lane: Int) {
    self.task = task
    self.replica = replica
    show(lanes, lane)
  }

  var isDone: Bool { end != nil }

  func arm(_ lanes: System, _ lane: Int) { lanes.stop(lane, at: task.steps[next]) }

  mutating func see(_ lanes: System, _ lane: Int) {
    guard lanes.event(lane) == ESC_EVENT_HORIZON else {
      end = (lanes.step(lane), true)
      return
    }
    show(lanes, lane)
  }

  /// Shows the lane at every place that falls on its step.
  private mutating func show(_ lanes: System, _ lane: Int) {
    let step = lanes.step(lane)
    while next < task.steps.count, task.steps[next] <= step {
      let point = lanes.point(lane)
      // Steps that do without the risk do not see it leave the finite numbers.
      guard point.risk.isFinite else {
        end = (step, true)
        return
      }
      task.observe(replica, next, point)
      next += 1
    }
    if next == task.steps.count { end = (step, false) }
  }

  func finish() {
    if let end { task.end(replica, end.step, end.hasDiverged) }
  }
}
