internal import CKernels

/// Holds lanes of the exact chain for p = k = 1, where the overlap m is the whole state.
///
/// R = c + s m², so that a threshold is a boundary on |m|.
final class ScalarChainLanes: SteppedLanes {
  let model: Model
  private let overlapRisk: OverlapRisk
  private let instructions: InstructionSet
  private var constants: EscChain
  private let lanes: UnsafeMutablePointer<EscChainLanes>

  init(model: Model, seed: UInt64, instructions: InstructionSet) {
    self.model = model
    self.instructions = instructions
    overlapRisk = OverlapRisk(model: model)
    constants = EscChain(
      seed: seed, dimension: UInt64(model.dimension), learning_rate: model.learningRate,
      weight: model.secondLayer[0], label_noise_deviation: model.labelNoise.squareRoot())
    lanes = .allocate(capacity: 1)
    lanes.initialize(to: EscChainLanes())
  }

  deinit { lanes.deallocate() }

  func place(_ lane: Int, replica: Int, frame: StudentFrame) {
    lanes.set(\.overlap, lane, frame.teacherOverlaps[0])
    lanes.set(\.stream, lane, kernelStream(.chain, replica: replica))
    lanes.set(\.step, lane, UInt64(0))
  }

  func pass(_ lane: Int, through transfer: any StateTransfer) throws {
    try lanes.pass(\.overlap, lane, as: Double.self, through: transfer)
    try lanes.pass(\.step, lane, as: UInt64.self, through: transfer)
    for word in 0..<4 {
      try lanes.pass(\.generators, word * laneCount + lane, as: UInt64.self, through: transfer)
    }
    try StateError.require(lanes.get(\.step, lane, as: UInt64.self) < 1 << 60)
  }

  var portion: Int { 8192 }

  func watch(_ lane: Int, _ lines: ExitWatch) {
    lanes.set(\.boundary, lane, overlapRisk.boundary(lines.boundary))
  }

  func stop(_ lane: Int, at step: Int) { lanes.set(\.horizon, lane, UInt64(step)) }

  func park(_ lane: Int) {
    lanes.set(\.overlap, lane, 0.0)
    lanes.set(\.boundary, lane, Double.infinity)
    lanes.set(\.horizon, lane, UInt64.max)
  }

  func advance(_ steps: Int) -> UInt32 {
    esc_chain_advance(&constants, lanes, UInt64(steps), instructions.kernel)
  }

  func event(_ lane: Int) -> EscEvent {
    EscEvent(rawValue: UInt32(lanes.get(\.event, lane, as: UInt8.self)))
  }

  func step(_ lane: Int) -> Int { Int(lanes.get(\.step, lane, as: UInt64.self)) }

  func risk(_ lane: Int) -> Double {
    overlapRisk.value(lanes.get(\.overlap, lane, as: Double.self))
  }

  func point(_ lane: Int) -> PathPoint {
    PathPoint(risk: risk(lane)) { [self] in
      NetworkState(model: model, state: [lanes.get(\.overlap, lane, as: Double.self), 1])
    }
  }
}
