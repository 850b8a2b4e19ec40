internal import CKernels
import GSL

/// Integrates the SDE for p = k = 1 with many replicas abreast, on the vector kernel.
///
/// The kernel watches |m| against the threshold's boundary and decides crossings inside a step by
/// the Brownian bridge of m; their times are drawn here, from a stream of the replica's own. Lanes
/// that finish are refilled from the queue at once.
struct DiffusionLanes {
  let model: Model
  let rule: ExitRule
  let timeStep: Double
  let monitoring: Monitoring
  let level: KernelLevel
  let diffusion: ScalarDiffusion
  let scheme: DiffusionScheme

  private static let portion: UInt64 = 4096

  private struct Occupant {
    let replica: Int
    var watch: ExitWatch
    var crossings: RandomStream?
  }

  func run(_ work: ReplicaWork) throws {
    let risk = OverlapRisk(model: model)
    var constants = EscDiffusion()
    constants.seed = work.streams.seed
    constants.scale = diffusion.noiseScale
    constants.step = timeStep
    constants.bridge = monitoring == .continuous ? 1 : 0
    constants.heun = scheme == .driftHeun ? 1 : 0
    withUnsafeMutableBytes(of: &constants.drift) {
      $0.copyBytes(from: diffusion.driftCoefficients.flatMap(bytes))
    }
    withUnsafeMutableBytes(of: &constants.variance) {
      $0.copyBytes(from: diffusion.varianceCoefficients.flatMap(bytes))
    }
    let lanes = UnsafeMutablePointer<EscDiffusionLanes>.allocate(capacity: 1)
    lanes.initialize(to: EscDiffusionLanes())
    defer { lanes.deallocate() }
    // The grid's last time is the first one at or beyond the horizon.
    let horizon = UInt64((rule.horizon / timeStep * (1 - 1e-12)).rounded(.up))

    var occupants = [Occupant?](repeating: nil, count: laneCount)
    for lane in occupants.indices {
      occupants[lane] = try fill(lane, lanes, horizon, risk, work)
    }
    while occupants.contains(where: { $0 != nil }) {
      let active = occupants.indices.filter { occupants[$0] != nil }
      func steps() -> Int {
        active.reduce(0) { $0 + Int(lanes.get(\.step, $1, as: UInt64.self)) }
      }
      let before = steps()
      let events = esc_diffusion_advance(
        &constants, lanes, DiffusionLanes.portion, level.kernel)
      work.report(steps() - before)
      if Task.isCancelled { throw CancellationError() }
      for lane in occupants.indices where events & (1 << UInt32(lane)) != 0 {
        guard var occupant = occupants[lane] else {
          park(lane, lanes)
          continue
        }
        if let records = try settle(&occupant, lane, lanes, horizon, risk, work) {
          work.record(occupant.replica, records)
          occupants[lane] = try fill(lane, lanes, horizon, risk, work)
        } else {
          occupants[lane] = occupant
        }
      }
    }
  }

  private func settle(
    _ occupant: inout Occupant, _ lane: Int, _ lanes: UnsafeMutablePointer<EscDiffusionLanes>,
    _ horizon: UInt64, _ risk: OverlapRisk, _ work: ReplicaWork
  ) throws -> [ExitRecord]? {
    let step = lanes.get(\.step, lane, as: UInt64.self)
    let end = Double(step) * timeStep
    switch EscEvent(rawValue: UInt32(lanes.get(\.event, lane, as: UInt8.self))) {
    case ESC_EVENT_CROSSED, ESC_EVENT_BRIDGED:
      try recordCrossings(&occupant, lane, lanes, risk, work, end: end)
      // The last step may reach beyond the horizon.
      let isLate = occupant.watch.lastCrossing > rule.horizon
      if isLate || occupant.watch.isDone || step >= horizon {
        return occupant.watch.finish(.censored, at: rule.horizon).map {
          $0.outcome == .exited && $0.time > rule.horizon
            ? ExitRecord(outcome: .censored, time: rule.horizon) : $0
        }
      }
      lanes.set(\.boundary, lane, risk.boundary(occupant.watch.boundary))
      return nil
    case ESC_EVENT_HORIZON: return occupant.watch.finish(.censored, at: rule.horizon)
    default: return occupant.watch.finish(.diverged, at: min(end, rule.horizon))
    }
  }

  /// Records the crossing that the kernel saw, and those further thresholds that the same step
  /// crosses: from the level reached, the rest of the step is again a bridge.
  private func recordCrossings(
    _ occupant: inout Occupant, _ lane: Int, _ lanes: UnsafeMutablePointer<EscDiffusionLanes>,
    _ risk: OverlapRisk, _ work: ReplicaWork, end: Double
  ) throws {
    let to = abs(lanes.get(\.overlap, lane, as: Double.self))
    guard monitoring == .continuous else {
      occupant.watch.exit(at: end)
      while !occupant.watch.isDone, to >= risk.boundary(occupant.watch.boundary) {
        occupant.watch.exit(at: end)
      }
      return
    }
    let stream =
      try occupant.crossings
      ?? work.streams.stream(for: .crossings, replica: occupant.replica)
    occupant.crossings = stream
    let variance = lanes.get(\.spread, lane, as: Double.self) / timeStep
    var from = abs(lanes.get(\.previous, lane, as: Double.self))
    var elapsed = 0.0
    var isKnown = true
    while !occupant.watch.isDone {
      let level = risk.boundary(occupant.watch.boundary)
      // The bridge looks for a fall to a level, and |m| rises to it.
      let bridge = CrossingBridge(
        from: -from, to: -to, level: -level, variance: variance, duration: timeStep - elapsed)
      guard isKnown || bridge.crosses(stream) else { return }
      elapsed += bridge.crossingTime(stream)
      occupant.watch.exit(at: end - timeStep + elapsed)
      from = level
      isKnown = false
    }
  }

  private func fill(
    _ lane: Int, _ lanes: UnsafeMutablePointer<EscDiffusionLanes>, _ horizon: UInt64,
    _ risk: OverlapRisk, _ work: ReplicaWork
  ) throws -> Occupant? {
    while let replica = work.queue.next() {
      let overlap = try work.frame(of: replica, model: model).teacherOverlaps[0]
      var watch = rule.watch(of: model, initialRisk: risk.value(overlap))
      watch.observe(risk.value(overlap), at: 0)
      if watch.isDone {
        work.record(replica, watch.finish(.exited, at: 0))
        continue
      }
      lanes.set(\.overlap, lane, overlap)
      lanes.set(\.boundary, lane, risk.boundary(watch.boundary))
      lanes.set(\.stream, lane, kernelStream(.sde, replica: replica))
      lanes.set(\.step, lane, UInt64(0))
      lanes.set(\.horizon, lane, horizon)
      return Occupant(replica: replica, watch: watch)
    }
    park(lane, lanes)
    return nil
  }

  private func park(_ lane: Int, _ lanes: UnsafeMutablePointer<EscDiffusionLanes>) {
    lanes.set(\.overlap, lane, 0.0)
    lanes.set(\.boundary, lane, Double.infinity)
    lanes.set(\.step, lane, UInt64(0))
    lanes.set(\.horizon, lane, UInt64.max)
  }

  private func bytes(_ value: Double) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
}
