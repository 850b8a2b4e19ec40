internal import CKernels

/// Holds lanes of the SDE for p = k = 1, where the overlap m is the whole state.
///
/// R = c + s m², so that a threshold is a boundary on |m|; the coordinate that falls is −|m|.
final class ScalarDiffusionLanes: DiffusionLanes {
  let model: Model
  private let overlapRisk: OverlapRisk
  private let instructions: InstructionSet
  private var constants = EscDiffusion()
  private let lanes: UnsafeMutablePointer<EscDiffusionLanes>

  init(engine: DiffusionLimit, diffusion: ScalarDiffusion, seed: UInt64) {
    model = engine.model
    instructions = engine.instructions
    overlapRisk = OverlapRisk(model: model)
    constants.seed = seed
    constants.scale = diffusion.noiseScale
    constants.step = engine.timeStep
    constants.shift = engine.clock.shift(spread: 1)
    constants.bridge = engine.clock.usesBridge ? 1 : 0
    constants.scheme = engine.scheme.kernel
    func bytes(_ value: Double) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
    withUnsafeMutableBytes(of: &constants.drift) {
      $0.copyBytes(from: diffusion.driftCoefficients.flatMap(bytes))
    }
    withUnsafeMutableBytes(of: &constants.variance) {
      $0.copyBytes(from: diffusion.varianceCoefficients.flatMap(bytes))
    }
    lanes = .allocate(capacity: 1)
    lanes.initialize(to: EscDiffusionLanes())
  }

  deinit { lanes.deallocate() }

  func place(_ lane: Int, replica: Int, frame: StudentFrame, lastStep: Int) -> Double {
    let overlap = frame.teacherOverlaps[0]
    lanes.set(\.overlap, lane, overlap)
    lanes.set(\.stream, lane, kernelStream(.sde, replica: replica))
    lanes.set(\.step, lane, UInt64(0))
    lanes.set(\.horizon, lane, UInt64(lastStep))
    return overlapRisk.value(overlap)
  }

  var portion: Int { 4096 }

  func watch(_ lane: Int, risk: Double) { lanes.set(\.boundary, lane, overlapRisk.boundary(risk)) }

  func park(_ lane: Int) {
    lanes.set(\.overlap, lane, 0.0)
    lanes.set(\.boundary, lane, Double.infinity)
    lanes.set(\.step, lane, UInt64(0))
    lanes.set(\.horizon, lane, UInt64.max)
  }

  func advance(_ steps: Int) -> UInt32 {
    esc_diffusion_advance(&constants, lanes, UInt64(steps), instructions.kernel)
  }

  func event(_ lane: Int) -> EscEvent {
    EscEvent(rawValue: UInt32(lanes.get(\.event, lane, as: UInt8.self)))
  }

  func step(_ lane: Int) -> Int { Int(lanes.get(\.step, lane, as: UInt64.self)) }

  func stepEnds(_ lane: Int) -> (from: Double, to: Double, spread: Double) {
    (
      -abs(lanes.get(\.previous, lane, as: Double.self)),
      -abs(lanes.get(\.overlap, lane, as: Double.self)),
      lanes.get(\.spread, lane, as: Double.self)
    )
  }

  func coordinate(risk: Double) -> Double { -overlapRisk.boundary(risk) }
}
