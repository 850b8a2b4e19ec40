internal import CKernels

/// Holds lanes of the exact chain of squares for k = 1 and up to 64 students, vectors across replicas.
///
/// A replica is its overlaps M, the residual factor B and the student overlaps Q; number i of each
/// stands at [i · lanes + lane].
final class SquaresChainLanes: SteppedLanes {
  /// The widths for which sixteen replicas, 128 p² bytes, stay in a second-level cache; a lane then
  /// costs half of a replica by itself. One student is here where ``ScalarChainLanes`` cannot watch |m|.
  static let widths = 1...64

  let model: Model
  private let instructions: InstructionSet
  private let network: KernelNetwork
  private let lanes: UnsafeMutablePointer<EscSquaresLanes>
  private let storage: UnsafeMutablePointer<Double>

  /// Whether the kernel covers a model: it needs d ≥ p + 3 for its chi-square sampler.
  static func covers(_ model: Model) -> Bool {
    model.teacherUnits == 1 && widths.contains(model.width)
      && model.dimension >= model.width + 3
  }

  init(model: Model, seed: UInt64, instructions: InstructionSet) {
    self.model = model
    self.instructions = instructions
    network = KernelNetwork(model: model, seed: seed)
    let p = model.width
    let triangle = p * (p + 1) / 2 * laneCount
    let count = Int(esc_squares_lanes_size(UInt64(p)))
    storage = UnsafeMutableRawPointer.allocate(byteCount: count * 8, alignment: 64)
      .bindMemory(to: Double.self, capacity: count)
    storage.initialize(repeating: 0, count: count)
    lanes = .allocate(capacity: 1)
    lanes.initialize(to: EscSquaresLanes())
    lanes.pointee.overlap = storage
    lanes.pointee.factor = storage + p * laneCount
    lanes.pointee.gram = storage + p * laneCount + triangle
    lanes.pointee.scratch = storage + p * laneCount + 2 * triangle
  }

  deinit {
    lanes.deallocate()
    storage.deallocate()
  }

  func place(_ lane: Int, replica: Int, frame: StudentFrame) {
    write(lane, frame.teacherOverlaps, frame.residual)
    lanes.set(\.stream, lane, kernelStream(.chain, replica: replica))
    lanes.set(\.step, lane, UInt64(0))
    lanes.set(\.boundary, lane, Double.infinity)
  }

  func pass(_ lane: Int, through transfer: any StateTransfer) throws {
    let triangle = model.width * (model.width + 1) / 2
    let parts = [
      (lanes.pointee.overlap, model.width), (lanes.pointee.factor, triangle),
      (lanes.pointee.gram, triangle),
    ]
    for (numbers, count) in parts {
      guard let numbers else { continue }
      for index in 0..<count { try transfer.pass(numbers + index * laneCount + lane, count: 1) }
    }
    try lanes.pass(\.risk, lane, as: Double.self, through: transfer)
    try lanes.pass(\.step, lane, as: UInt64.self, through: transfer)
    for word in 0..<4 {
      try lanes.pass(\.generators, word * laneCount + lane, as: UInt64.self, through: transfer)
    }
    try StateError.require(lanes.get(\.step, lane, as: UInt64.self) < 1 << 60)
  }

  var portion: Int { max(16, 8192 / (model.width * model.width)) }

  func watch(_ lane: Int, _ lines: ExitWatch) { lanes.set(\.target, lane, lines.boundary) }

  func stop(_ lane: Int, at step: Int) { lanes.set(\.horizon, lane, UInt64(step)) }

  func park(_ lane: Int) {
    // Students orthogonal to each other and to the teacher: a state as regular as any.
    let p = model.width
    var identity = [Double](repeating: 0, count: p * p)
    for j in 0..<p { identity[j * p + j] = 1 }
    write(lane, [Double](repeating: 0, count: p), identity)
    lanes.set(\.target, lane, -Double.infinity)
    lanes.set(\.boundary, lane, Double.infinity)
    lanes.set(\.horizon, lane, UInt64.max)
  }

  func advance(_ steps: Int) -> UInt32 {
    esc_squares_advance(network.pointer, lanes, UInt64(steps), instructions.kernel)
  }

  func event(_ lane: Int) -> EscEvent {
    EscEvent(rawValue: UInt32(lanes.get(\.event, lane, as: UInt8.self)))
  }

  func step(_ lane: Int) -> Int { Int(lanes.get(\.step, lane, as: UInt64.self)) }

  func risk(_ lane: Int) -> Double { lanes.get(\.risk, lane, as: Double.self) }

  func point(_ lane: Int) -> PathPoint {
    PathPoint(risk: risk(lane)) { [self] in
      let p = model.width
      // Q stands row after row, as in the flat state.
      return NetworkState(
        model: model,
        state: (0..<p).map { lanes.pointee.overlap[$0 * laneCount + lane] }
          + (0..<(p * (p + 1) / 2)).map { lanes.pointee.gram[$0 * laneCount + lane] })
    }
  }

  private func write(_ lane: Int, _ overlaps: [Double], _ residual: [Double]) {
    let p = model.width
    for j in 0..<p { lanes.pointee.overlap[j * laneCount + lane] = overlaps[j] }
    var index = 0
    for column in 0..<p {
      for row in column..<p {
        lanes.pointee.factor[index * laneCount + lane] = residual[row * p + column]
        index += 1
      }
    }
    esc_squares_begin(network.pointer, lanes, Int32(lane))
  }
}
