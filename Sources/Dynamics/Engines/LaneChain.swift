internal import CKernels

/// Runs the exact chain for p = k = 1 with many replicas abreast, on the vector kernel.
///
/// The overlap m is the whole state: R = c + s m², so that a threshold is a boundary on |m|. Lanes
/// that finish are refilled from the queue at once. A replica's numbers come from its own stream,
/// in an order of its own (see chain_kernel.h), so that lanes and neighbours do not matter.
struct LaneChain {
  let model: Model
  let rule: ExitRule
  let stepLimit: Int
  let level: KernelLevel

  /// Steps between looks at cancellation and progress.
  private static let portion: UInt64 = 4096

  func run(_ work: ReplicaWork) throws {
    let lanes = ChainLanes()
    var constants = EscChain(
      seed: work.streams.seed, dimension: UInt64(model.dimension), rate: model.learningRate,
      weight: model.secondLayer[0], noise: model.labelNoise.squareRoot())
    var replicas = [LaneReplica?](repeating: nil, count: ChainLanes.count)
    for lane in replicas.indices { replicas[lane] = try fill(lane, lanes, work) }
    while true {
      let active = replicas.count { $0 != nil }
      guard active > 0 else { return }
      // All lanes advance together, so that any of them tells how far.
      let before = lanes.step[0]
      let events = esc_chain_advance(&constants, lanes.pointer, LaneChain.portion, level.kernel)
      work.report(Int(lanes.step[0] - before) * active)
      if Task.isCancelled { throw CancellationError() }
      for lane in replicas.indices where events & (1 << UInt32(lane)) != 0 {
        guard var replica = replicas[lane] else {
          // An idle lane that left the finite numbers would end every call at once.
          lanes.overlap[lane] = 0
          continue
        }
        if let records = settle(&replica, lane, lanes) {
          work.record(replica.index, records)
          replicas[lane] = try fill(lane, lanes, work)
        } else {
          replicas[lane] = replica
        }
      }
    }
  }

  /// Records what a lane's event means; returns the records once the replica is done.
  private func settle(_ replica: inout LaneReplica, _ lane: Int, _ lanes: ChainLanes)
    -> [ExitRecord]?
  {
    let step = Int(lanes.step[lane])
    let time = Double(step) * model.timePerStep
    switch EscEvent(rawValue: UInt32(lanes.event[lane])) {
    case ESC_EVENT_CROSSED:
      let overlap = abs(lanes.overlap[lane])
      while overlap >= replica.boundary { replica.exit(at: time, step: step) }
      if replica.watch.isDone { return replica.watch.finish(.exited, at: time, step: step) }
      lanes.boundary[lane] = replica.boundary
      if step < stepLimit { return nil }
      return replica.watch.finish(.censored, at: rule.horizon, step: stepLimit)
    case ESC_EVENT_HORIZON:
      return replica.watch.finish(.censored, at: rule.horizon, step: stepLimit)
    default:
      return replica.watch.finish(.diverged, at: time, step: step)
    }
  }

  /// Puts the next replica of the queue into a lane, or nothing when the queue is empty.
  private func fill(_ lane: Int, _ lanes: ChainLanes, _ work: ReplicaWork) throws -> LaneReplica? {
    while let index = work.queue.next() {
      let overlap = try work.frame(of: index, model: model).teacherOverlaps[0]
      var replica = LaneReplica(index: index, overlap: overlap, model: model, rule: rule)
      while abs(overlap) >= replica.boundary { replica.exit(at: 0, step: 0) }
      if replica.watch.isDone || stepLimit == 0 {
        work.record(index, replica.watch.finish(.censored, at: rule.horizon, step: stepLimit))
        continue
      }
      lanes.overlap[lane] = overlap
      lanes.boundary[lane] = replica.boundary
      lanes.stream[lane] = UInt64(index) | UInt64(StreamPurpose.chain.rawValue) << 48
      lanes.step[lane] = 0
      lanes.horizon[lane] = UInt64(stepLimit)
      return replica
    }
    lanes.overlap[lane] = 0
    lanes.boundary[lane] = .infinity
    lanes.horizon[lane] = .max
    return nil
  }
}

/// Owns a block of lanes and names its fields.
private final class ChainLanes {
  static let count = Int(ESC_LANES)

  let pointer: UnsafeMutablePointer<EscChainLanes>
  let overlap: UnsafeMutablePointer<Double>
  let boundary: UnsafeMutablePointer<Double>
  let stream: UnsafeMutablePointer<UInt64>
  let step: UnsafeMutablePointer<UInt64>
  let horizon: UnsafeMutablePointer<UInt64>
  let event: UnsafeMutablePointer<UInt8>

  init() {
    let pointer = UnsafeMutablePointer<EscChainLanes>.allocate(capacity: 1)
    pointer.initialize(to: EscChainLanes())
    func field<Field, Element>(_ path: KeyPath<EscChainLanes, Field>, _: Element.Type)
      -> UnsafeMutablePointer<Element>
    {
      let offset = MemoryLayout<EscChainLanes>.offset(of: path)!
      return (UnsafeMutableRawPointer(pointer) + offset).assumingMemoryBound(to: Element.self)
    }
    self.pointer = pointer
    overlap = field(\.overlap, Double.self)
    boundary = field(\.boundary, Double.self)
    stream = field(\.stream, UInt64.self)
    step = field(\.step, UInt64.self)
    horizon = field(\.horizon, UInt64.self)
    event = field(\.event, UInt8.self)
  }

  deinit { pointer.deallocate() }
}
