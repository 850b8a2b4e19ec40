internal import CKernels
import GSL

/// A block of lanes, each with a replica of the SDE, that a vector kernel advances.
///
/// The kernel watches a coordinate that falls to a level as the risk falls to a threshold.
protocol DiffusionBlock: AnyObject {
  var model: Model { get }
  /// Puts a replica at its start into a lane; returns its excess risk.
  func place(_ lane: Int, replica: Int, frame: StudentFrame, horizon: UInt64) -> Double
  /// Sets the excess risk at which the lane has its next event.
  func watch(_ lane: Int, risk: Double)
  /// Empties a lane, so that it has no events.
  func park(_ lane: Int)
  /// Advances each lane by at most `steps` steps; returns the set of lanes with an event.
  func advance(_ steps: UInt64) -> UInt32
  /// The event of a lane.
  func event(_ lane: Int) -> EscEvent
  /// Steps a lane has taken since its start.
  func step(_ lane: Int) -> UInt64
  /// The coordinate before and after the step of the lane's event, and its variance over the step.
  func lastStep(_ lane: Int) -> (from: Double, to: Double, spread: Double)
  /// The coordinate's value where the excess risk is `risk`.
  func level(risk: Double) -> Double
}

/// Runs the replicas of a queue in the lanes of a block.
///
/// The kernel decides crossings inside a step by the Brownian bridge; their times are drawn here,
/// from a stream of the replica's own. Lanes that finish are refilled at once.
struct DiffusionLaneRunner<Block: DiffusionBlock> {
  let block: Block
  let rule: ExitRule
  let timeStep: Double
  let clock: CrossingClock
  /// Steps between looks at cancellation and progress.
  let portion: UInt64

  private struct Occupant {
    let replica: Int
    var watch: ExitWatch
    var crossings: RandomStream?
  }

  func run(_ work: ReplicaWork) throws {
    // The grid's last time is the first one at or beyond the horizon.
    let horizon = UInt64((rule.horizon / timeStep * (1 - 1e-12)).rounded(.up))
    var occupants = [Occupant?](repeating: nil, count: laneCount)
    for lane in occupants.indices { block.park(lane) }
    for lane in occupants.indices { occupants[lane] = try fill(lane, horizon, work) }
    while true {
      let active = occupants.indices.filter { occupants[$0] != nil }
      if active.isEmpty { return }
      func steps() -> Int { active.reduce(0) { $0 + Int(block.step($1)) } }
      let before = steps()
      let events = block.advance(portion)
      work.report(steps() - before)
      if Task.isCancelled { throw CancellationError() }
      for lane in occupants.indices where events & (1 << UInt32(lane)) != 0 {
        guard var occupant = occupants[lane] else {
          // An idle lane that left the finite numbers would end every call at once.
          block.park(lane)
          continue
        }
        if let records = try settle(&occupant, lane, horizon, work) {
          work.record(occupant.replica, records)
          occupants[lane] = try fill(lane, horizon, work)
        } else {
          occupants[lane] = occupant
        }
      }
    }
  }

  /// Records what a lane's event means; returns the records once the replica is done.
  private func settle(
    _ occupant: inout Occupant, _ lane: Int, _ horizon: UInt64, _ work: ReplicaWork
  ) throws -> [ExitRecord]? {
    let step = block.step(lane)
    let end = Double(step) * timeStep
    switch block.event(lane) {
    case ESC_EVENT_CROSSED, ESC_EVENT_BRIDGED:
      try recordCrossings(&occupant, lane, work, end: end)
      // The last step may reach beyond the horizon.
      let isLate = occupant.watch.lastCrossing > rule.horizon
      if isLate || occupant.watch.isDone || step >= horizon {
        return occupant.watch.finish(.censored, at: rule.horizon).map {
          $0.outcome == .exited && $0.time > rule.horizon
            ? ExitRecord(outcome: .censored, time: rule.horizon) : $0
        }
      }
      block.watch(lane, risk: occupant.watch.boundary)
      return nil
    case ESC_EVENT_HORIZON: return occupant.watch.finish(.censored, at: rule.horizon)
    default: return occupant.watch.finish(.diverged, at: min(end, rule.horizon))
    }
  }

  /// Records the crossing that the kernel saw, and those further thresholds that the same step
  /// crosses: from the level reached, the rest of the step is again a bridge.
  private func recordCrossings(
    _ occupant: inout Occupant, _ lane: Int, _ work: ReplicaWork, end: Double
  ) throws {
    var (from, to, spread) = block.lastStep(lane)
    guard end > 0 else {
      // The start lies within rounding of the boundary, and no step has been taken.
      occupant.watch.exit(at: 0)
      return
    }
    guard clock.usesBridge else {
      occupant.watch.exit(at: end)
      while !occupant.watch.isDone, to <= block.level(risk: occupant.watch.boundary) {
        occupant.watch.exit(at: end)
      }
      return
    }
    let stream =
      try occupant.crossings
      ?? work.streams.stream(for: .crossings, replica: occupant.replica)
    occupant.crossings = stream
    let shift = clock.shift(spread: spread)
    var elapsed = 0.0
    var isKnown = true
    while !occupant.watch.isDone {
      let level = block.level(risk: occupant.watch.boundary) - shift
      let bridge = CrossingBridge(
        from: from, to: to, level: level, variance: spread / timeStep,
        duration: timeStep - elapsed)
      guard isKnown || bridge.crosses(stream) else { return }
      elapsed += bridge.crossingTime(stream)
      occupant.watch.exit(at: clock.reading(at: end - timeStep + elapsed))
      from = level
      isKnown = false
    }
  }

  /// Puts the next replica of the queue into a lane, or nothing when the queue is empty.
  private func fill(_ lane: Int, _ horizon: UInt64, _ work: ReplicaWork) throws -> Occupant? {
    while let replica = work.queue.next() {
      let frame = try work.frame(of: replica, model: block.model)
      let risk = block.place(lane, replica: replica, frame: frame, horizon: horizon)
      var watch = rule.watch(of: block.model, initialRisk: risk)
      watch.begin(risk: risk)
      if watch.isDone {
        work.record(replica, watch.finish(.exited, at: 0))
        continue
      }
      block.watch(lane, risk: watch.boundary)
      return Occupant(replica: replica, watch: watch)
    }
    block.park(lane)
    return nil
  }
}
