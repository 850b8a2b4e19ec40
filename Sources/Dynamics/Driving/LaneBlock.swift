internal import CKernels

/// A block of lanes, each with a replica of the exact chain, that a vector kernel advances.
protocol LaneBlock: AnyObject {
  var model: Model { get }
  /// Puts a replica at its start into a lane; returns its excess risk.
  func place(_ lane: Int, replica: Int, frame: StudentFrame, horizon: UInt64) -> Double
  /// Sets the excess risk at which the lane has its next event.
  func watch(_ lane: Int, risk: Double)
  /// Sets the step at which the lane has its next event.
  func stop(_ lane: Int, at step: UInt64)
  /// Empties a lane, so that it has no events.
  func park(_ lane: Int)
  /// Advances all lanes by the same number of steps, at most `steps`; returns the set of lanes
  /// with an event.
  func advance(_ steps: UInt64) -> UInt32
  /// The event of a lane.
  func event(_ lane: Int) -> EscEvent
  /// Steps a lane has taken since its start.
  func step(_ lane: Int) -> Int
  /// The excess risk of a lane.
  func risk(_ lane: Int) -> Double
  /// The overlaps of a lane as a flat state.
  func overlaps(_ lane: Int) -> [Double]
  /// Passes all that the next step of a lane depends on, of a replica that has been placed there.
  func pass(_ lane: Int, through transfer: any StateTransfer) throws
}

/// The number of replicas that advance abreast.
let laneCount = Int(ESC_LANES)

/// Advances a block until its lanes are empty; lanes that finish are refilled at once.
///
/// `fill` puts the next replica into a lane, nil when there is none; `settle` sees to a lane's event and
/// says whether its replica is done; `look` sees every lane once a portion. A replica's numbers come from its own stream, in an order of its own,
/// so that lanes and neighbours do not matter.
func keepLanesBusy<Occupant>(
  of block: some LaneBlock, _ portion: UInt64, _ work: ReplicaWork,
  fill: (_ lane: Int) throws -> Occupant?,
  settle: (_ occupant: inout Occupant, _ lane: Int) -> Bool,
  look: (_ occupant: inout Occupant, _ lane: Int) throws -> Void = { _, _ in }
) throws {
  var taken: UInt64 = 0
  var occupants = [Occupant?](repeating: nil, count: laneCount)
  func refill(_ lane: Int) throws {
    occupants[lane] = try fill(lane)
    if occupants[lane] == nil { block.park(lane) }
  }
  for lane in occupants.indices { block.park(lane) }
  for lane in occupants.indices { try refill(lane) }
  while true {
    let active = occupants.count { $0 != nil }
    guard active > 0 else { return }
    // All lanes advance together, so that any of them tells how far.
    let before = block.step(0)
    let events = block.advance(portion)
    let steps = block.step(0) - before
    work.report(steps * active)
    if Task.isCancelled { throw CancellationError() }
    for lane in occupants.indices where events & (1 << UInt32(lane)) != 0 {
      guard var occupant = occupants[lane] else {
        // An idle lane that left the finite numbers would end every call at once.
        block.park(lane)
        continue
      }
      if settle(&occupant, lane) {
        try refill(lane)
      } else {
        occupants[lane] = occupant
      }
    }
    taken += UInt64(steps)
    guard taken >= portion else { continue }
    taken = 0
    for lane in occupants.indices where occupants[lane] != nil { try look(&occupants[lane]!, lane) }
  }
}

/// Times the exits of the replicas of a queue in the lanes of a block.
struct LaneRunner<Block: LaneBlock> {
  let block: Block
  let rule: ExitRule
  let stepLimit: Int
  /// Steps between looks at cancellation and progress.
  let portion: UInt64

  private struct Occupant {
    let replica: Int
    var watch: ExitWatch
    var kept: StateWatch
  }

  func run(_ work: ReplicaWork) throws {
    try keepLanesBusy(
      of: block, portion, work, fill: { try fill($0, work) },
      settle: { occupant, lane in
        guard let records = settle(&occupant, lane) else { return false }
        work.record(occupant.replica, records)
        return true
      },
      look: { occupant, lane in
        var watch = occupant.watch
        try occupant.kept.look { try pass(lane, &watch, through: $0) }
      })
  }

  private func pass(_ lane: Int, _ watch: inout ExitWatch, through transfer: any StateTransfer)
    throws
  {
    try block.pass(lane, through: transfer)
    try watch.pass(through: transfer)
    // The kernel stops at the horizon itself, not beyond.
    try StateError.require((0..<stepLimit).contains(block.step(lane)))
  }

  /// Records what a lane's event means; returns the records once the replica is done.
  private func settle(_ occupant: inout Occupant, _ lane: Int) -> [ExitRecord]? {
    let step = block.step(lane)
    let time = block.model.clock.time(ofStep: step)
    switch block.event(lane) {
    case ESC_EVENT_CROSSED:
      occupant.watch.confirm(block.risk(lane), at: time, step: step)
      if occupant.watch.isDone { return occupant.watch.finish(.exited, at: time, step: step) }
      block.watch(lane, risk: occupant.watch.boundary)
      if step < stepLimit { return nil }
      return occupant.watch.finish(.censored, at: rule.horizon, step: stepLimit)
    case ESC_EVENT_HORIZON:
      return occupant.watch.finish(.censored, at: rule.horizon, step: stepLimit)
    default:
      return occupant.watch.finish(.diverged, at: time, step: step)
    }
  }

  /// Puts the next replica of the queue into a lane; nil when the queue is empty.
  private func fill(_ lane: Int, _ work: ReplicaWork) throws -> Occupant? {
    while let replica = work.queue.next() {
      let frame = try work.frame(of: replica, model: block.model)
      let risk = block.place(
        lane, replica: replica, frame: frame, horizon: UInt64(stepLimit))
      var watch = rule.watch(of: block.model, initialRisk: risk)
      watch.begin(risk: risk, step: 0)
      if watch.isDone || stepLimit == 0 {
        work.record(replica, watch.finish(.censored, at: rule.horizon, step: stepLimit))
        continue
      }
      let kept = StateWatch(work.states, replica)
      try kept.restore { try pass(lane, &watch, through: $0) }
      block.watch(lane, risk: watch.boundary)
      return Occupant(replica: replica, watch: watch, kept: kept)
    }
    return nil
  }
}
