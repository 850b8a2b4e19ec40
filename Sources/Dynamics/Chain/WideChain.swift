internal import CKernels

/// Holds one replica of the exact chain for k = 1 and many students, vectors down the columns.
///
/// A step reads and writes the factor and the student overlaps once: 24 p² bytes of traffic. A
/// workspace belongs to one task.
final class WideChain: KernelReplica {
  let model: Model
  private let instructions: InstructionSet
  private let network: KernelNetwork
  private let stride: Int
  private let memory: KernelMemory
  private var state = EscWideState()

  /// Whether the kernel covers a model: it needs d ≥ p + 3 for its chi-square sampler.
  static func covers(_ model: Model) -> Bool {
    model.teacherUnits == 1 && model.dimension >= model.width + 3
  }

  init(model: Model, seed: UInt64, instructions: InstructionSet) {
    self.model = model
    self.instructions = instructions
    network = KernelNetwork(model: model, seed: seed)
    stride = Int(esc_wide_stride(UInt64(model.width)))
    let square = model.width * stride
    memory = KernelMemory([stride, square, square, 12 * stride + 64])
    state.overlap = memory.take(stride)
    state.factor = memory.take(square)
    state.gram = memory.take(square)
    state.scratch = memory.take(12 * stride + 64)
  }

  var portion: Int { max(1, 8_000_000 / (model.width * model.width)) }

  var step: Int { Int(state.step) }

  var risk: Double { state.risk }

  var overlaps: [Double] {
    let p = model.width
    var result = (0..<p).map { state.overlap[$0] }
    for j in 0..<p { for l in 0...j { result.append(state.gram[j * stride + l]) } }
    return result
  }

  func place(_ frame: StudentFrame, replica: Int) {
    let p = model.width
    memory.clear()
    for j in 0..<p {
      state.overlap[j] = frame.teacherOverlaps[j]
      for i in 0...j { state.factor[i * stride + j] = frame.residual[j * p + i] }
    }
    state.stream = kernelStream(.chain, replica: replica)
    state.step = 0
    esc_wide_begin(network.pointer, &state)
  }

  func advance(_ steps: Int, until risk: Double) -> EscEvent {
    esc_wide_advance(
      network.pointer, &state, .infinity, risk, UInt64(steps), instructions.kernel)
  }

  func pass(through transfer: any StateTransfer) throws {
    try memory.pass(with: &state, \.risk, \.step, \.generators, through: transfer)
  }
}
