internal import CKernels

/// A block of lanes, each with a replica of the exact chain, that a vector kernel advances.
protocol LaneBlock: AnyObject {
  var model: Model { get }
  /// Puts a replica at its start into a lane; returns its excess risk.
  func place(_ lane: Int, replica: Int, frame: StudentFrame, horizon: UInt64) -> Double
  /// Sets the excess risk at which the lane has its next event.
  func watch(_ lane: Int, risk: Double)
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
}

/// The number of replicas that advance abreast.
let laneCount = Int(ESC_LANES)

/// Runs the replicas of a queue in the lanes of a block.
///
/// Lanes that finish are refilled at once. A replica's numbers come from its own stream, in an order
/// of its own, so that lanes and neighbours do not matter.
struct LaneRunner<Block: LaneBlock> {
  let block: Block
  let rule: ExitRule
  let stepLimit: Int
  /// Steps between looks at cancellation and progress.
  let portion: UInt64

  private struct Occupant {
    let replica: Int
    var watch: ExitWatch
  }

  func run(_ work: ReplicaWork) throws {
    var occupants = [Occupant?](repeating: nil, count: laneCount)
    for lane in occupants.indices { block.park(lane) }
    for lane in occupants.indices { occupants[lane] = try fill(lane, work) }
    while true {
      let active = occupants.count { $0 != nil }
      guard active > 0 else { return }
      // All lanes advance together, so that any of them tells how far.
      let before = block.step(0)
      let events = block.advance(portion)
      work.report((block.step(0) - before) * active)
      if Task.isCancelled { throw CancellationError() }
      for lane in occupants.indices where events & (1 << UInt32(lane)) != 0 {
        guard var occupant = occupants[lane] else {
          // An idle lane that left the finite numbers would end every call at once.
          block.park(lane)
          continue
        }
        if let records = settle(&occupant, lane) {
          work.record(occupant.replica, records)
          occupants[lane] = try fill(lane, work)
        } else {
          occupants[lane] = occupant
        }
      }
    }
  }

  /// Records what a lane's event means; returns the records once the replica is done.
  private func settle(_ occupant: inout Occupant, _ lane: Int) -> [ExitRecord]? {
    let step = block.step(lane)
    let time = Double(step) * block.model.timePerStep
    switch block.event(lane) {
    case ESC_EVENT_CROSSED:
      // The kernel has seen the crossing; the risk here may differ from its boundary by rounding.
      occupant.watch.exit(at: time, step: step)
      occupant.watch.observe(block.risk(lane), at: time, step: step)
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

  /// Puts the next replica of the queue into a lane, or nothing when the queue is empty.
  private func fill(_ lane: Int, _ work: ReplicaWork) throws -> Occupant? {
    while let replica = work.queue.next() {
      let frame = try work.frame(of: replica, model: block.model)
      let risk = block.place(
        lane, replica: replica, frame: frame, horizon: UInt64(stepLimit))
      var watch = rule.watch(of: block.model, initialRisk: risk)
      watch.observe(risk, at: 0, step: 0)
      if watch.isDone || stepLimit == 0 {
        work.record(replica, watch.finish(.censored, at: rule.horizon, step: stepLimit))
        continue
      }
      block.watch(lane, risk: watch.boundary)
      return Occupant(replica: replica, watch: watch)
    }
    block.park(lane)
    return nil
  }
}
