internal import CKernels

/// Holds lanes of the SDE for k = 1 and a few students, vectors across replicas.
///
/// A replica is its overlaps M and Q; number i stands at [i · lanes + lane].
final class NetworkDiffusionLanes: DiffusionLanes {
  /// The widths for which lanes beat the general path on every instruction set and stay in a second-level cache.
  static let widths = 2...32

  let model: Model
  private let instructions: InstructionSet
  private let weights: UnsafeMutablePointer<Double>
  private let constants: UnsafeMutablePointer<EscSquaresDiffusion>
  private let lanes: UnsafeMutablePointer<EscSquaresDiffusionLanes>
  private let storage: UnsafeMutablePointer<Double>

  /// Whether the kernel covers a model.
  static func covers(_ model: Model) -> Bool {
    model.teacherUnits == 1 && widths.contains(model.width)
  }

  init(engine: DiffusionLimit, seed: UInt64) {
    model = engine.model
    instructions = engine.instructions
    let p = model.width
    weights = .allocate(capacity: p)
    weights.initialize(from: model.secondLayer, count: p)
    constants = .allocate(capacity: 1)
    constants.initialize(
      to: EscSquaresDiffusion(
        seed: seed, width: UInt64(p), dimension: Double(model.dimension),
        learning_rate: model.learningRate, weights: weights, label_noise: model.labelNoise,
        step: engine.timeStep, shift: engine.clock.shift(spread: 1),
        bridge: engine.clock.usesBridge ? 1 : 0, scheme: engine.scheme.kernel,
        finite_size: engine.finiteSizeDrift ? 1 : 0))
    let count = Int(esc_squares_diffusion_size(UInt64(p)))
    storage = UnsafeMutableRawPointer.allocate(byteCount: count * 8, alignment: 64)
      .bindMemory(to: Double.self, capacity: count)
    storage.initialize(repeating: 0, count: count)
    lanes = .allocate(capacity: 1)
    lanes.initialize(to: EscSquaresDiffusionLanes())
    lanes.pointee.overlaps = storage
    lanes.pointee.scratch = storage + p * (p + 3) / 2 * laneCount
  }

  deinit {
    lanes.deallocate()
    storage.deallocate()
    constants.deallocate()
    weights.deallocate()
  }

  func place(_ lane: Int, replica: Int, frame: StudentFrame, lastStep: Int) -> Double {
    let overlaps = frame.overlaps
    lanes.set(\.stream, lane, kernelStream(.sde, replica: replica))
    lanes.set(\.step, lane, UInt64(0))
    lanes.set(\.horizon, lane, UInt64(lastStep))
    return write(lane) { overlaps[$0] }
  }

  var portion: Int { max(4, 4096 / (model.width * model.width)) }

  func watch(_ lane: Int, risk: Double) { lanes.set(\.target, lane, risk) }

  func park(_ lane: Int) {
    // Students orthogonal to each other and to the teacher: a state as regular as any.
    let layout = model.layout
    let ones = Set((0..<model.width).map { layout.studentOverlap($0, $0) })
    _ = write(lane) { ones.contains($0) ? 1 : 0 }
    lanes.set(\.target, lane, -Double.infinity)
    lanes.set(\.step, lane, UInt64(0))
    lanes.set(\.horizon, lane, UInt64.max)
  }

  func advance(_ steps: Int) -> UInt32 {
    esc_squares_diffusion_advance(constants, lanes, UInt64(steps), instructions.kernel)
  }

  func event(_ lane: Int) -> EscEvent {
    EscEvent(rawValue: UInt32(lanes.get(\.event, lane, as: UInt8.self)))
  }

  func step(_ lane: Int) -> Int { Int(lanes.get(\.step, lane, as: UInt64.self)) }

  func stepEnds(_ lane: Int) -> (from: Double, to: Double, spread: Double) {
    (
      lanes.get(\.previous, lane, as: Double.self), lanes.get(\.risk, lane, as: Double.self),
      lanes.get(\.spread, lane, as: Double.self)
    )
  }

  func coordinate(risk: Double) -> Double { risk }

  /// Writes a lane's overlaps by their index in the flat state; returns the risk.
  private func write(_ lane: Int, _ value: (Int) -> Double) -> Double {
    let layout = model.layout
    var index = 0
    for j in 0..<model.width {
      lanes.pointee.overlaps[index * laneCount + lane] = value(layout.teacherOverlap(j, 0))
      index += 1
      for l in 0...j {
        // The kernel takes Q_jj = 1 as the constraint holds it.
        let overlap = l == j ? 1 : value(layout.studentOverlap(j, l))
        lanes.pointee.overlaps[index * laneCount + lane] = overlap
        index += 1
      }
    }
    return esc_squares_diffusion_begin(constants, lanes, Int32(lane))
  }
}
