/// Turns a flat state into the students' coordinates C along the teacher's axes, C Tᵀ = M with P = T Tᵀ, and
/// packs Q column by column. A workspace belongs to one task.
final class StateFrame {
  /// C, row by row.
  let axes: UnsafeMutablePointer<Double>
  /// The lower triangle of Q, column by column.
  let gram: UnsafeMutablePointer<Double>
  private let layout: OverlapLayout
  private let factor: [Double]?
  private let memory: KernelMemory

  init(model: Model) {
    layout = model.layout
    factor = model.teacherFactor
    let (p, k) = (model.width, model.teacherUnits)
    memory = KernelMemory([p * k, p * (p + 1) / 2])
    axes = memory.take(p * k)
    gram = memory.take(p * (p + 1) / 2)
  }

  /// Takes the frame of a state.
  func fill(from state: UnsafePointer<Double>) {
    let (p, k) = (layout.width, layout.teacherUnits)
    for j in 0..<p {
      for r in 0..<k {
        var value = state[layout.teacherOverlap(j, r)]
        if let factor {
          for s in 0..<r { value -= factor[r * k + s] * axes[j * k + s] }
          let pivot = factor[r * k + r]
          value = pivot > 0 ? value / pivot : 0
        }
        axes[j * k + r] = value
      }
      for l in 0...j { gram[packedIndex(j, l, order: p)] = state[layout.studentOverlap(j, l)] }
    }
  }
}
