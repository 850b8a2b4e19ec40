internal import CKernels

/// Holds the d-dimensional weights of one replica of full SGD for k = 1, on the vector kernel.
///
/// One pass over the weights a step: the last update is applied while the next input is drawn and
/// projected. A workspace belongs to one task.
final class KernelWeights: KernelReplica {
  let model: Model
  private let precision: InputPrecision
  private let instructions: InstructionSet
  private let network: KernelNetwork
  private let stride: Int
  private let memory: KernelMemory
  private let overlapRisk: OverlapRisk?
  private var state = EscSgdState()

  init(model: Model, seed: UInt64, precision: InputPrecision, instructions: InstructionSet) {
    self.model = model
    self.precision = precision
    self.instructions = instructions
    network = KernelNetwork(model: model, seed: seed)
    overlapRisk = model.riskFallsWithOverlap ? OverlapRisk(model: model) : nil
    stride = Int(esc_sgd_stride(UInt64(model.dimension)))
    let p = model.width
    memory = KernelMemory([p * stride, 2 * stride, p, p, p, p * p, p * 32])
    state.vectors = memory.take(p * stride)
    state.input = memory.take(2 * stride)
    state.scale = memory.take(p)
    state.pending = memory.take(p)
    state.overlap = memory.take(p)
    state.gram = memory.take(p * p)
    state.scratch = memory.take(p * 32)
  }

  var portion: Int { max(1, 8_000_000 / (model.dimension * model.width)) }

  var step: Int { Int(state.step) }

  var risk: Double { overlapRisk?.value(state.overlap[0]) ?? state.risk }

  var overlaps: [Double] {
    let p = model.width
    var result = (0..<p).map { state.overlap[$0] }
    for j in 0..<p { for l in 0...j { result.append(l == j ? 1 : state.gram[j * p + l]) } }
    return result
  }

  /// Puts the students on the first p + 1 coordinates, where the frame says.
  func place(_ frame: StudentFrame, replica: Int) {
    let p = model.width
    let length = Double(model.dimension).squareRoot()
    memory.clear()
    for j in 0..<p {
      let row = state.vectors + j * stride
      row[0] = length * frame.teacherOverlaps[j]
      for i in 0...j { row[1 + i] = length * frame.residual[j * p + i] }
    }
    state.stream = kernelStream(.sgd, replica: replica)
    state.step = 0
    esc_sgd_begin(network.pointer, &state, instructions.kernel)
  }

  /// For p = 1 the boundary is on |m|, the whole state, where the risk falls with it; else on the risk.
  func advance(_ steps: Int, until risk: Double) -> EscEvent {
    esc_sgd_advance(
      network.pointer, &state, precision.kernel, overlapRisk?.boundary(risk) ?? .infinity,
      overlapRisk == nil ? risk : -.infinity, UInt64(steps), instructions.kernel)
  }

  func pass(through transfer: any StateTransfer) throws {
    try memory.pass(with: &state, \.risk, \.step, \.generators, through: transfer)
  }
}
