/// Holds the students in an orthonormal frame whose first k axes are the teacher's.
///
/// Row j of [M B] is w_j/√d: M (p×k) are the coordinates along these axes, which for orthonormal teacher
/// units are the teacher overlaps, and B (p×p, lower triangular) is the
/// part orthogonal to the teacher, so that Q = M Mᵀ + B Bᵀ. A frame determines the law of all four
/// dynamics, and full SGD places it on the first p + k coordinates.
public struct StudentFrame: Sendable, Equatable {
  /// The numbers p and k.
  public let layout: OverlapLayout
  /// M, row-major.
  public let teacherOverlaps: [Double]
  /// B, row-major with zeros above the diagonal; its diagonal is not negative.
  public let residual: [Double]

  init(layout: OverlapLayout, teacherOverlaps: [Double], residual: [Double]) {
    self.layout = layout
    self.teacherOverlaps = teacherOverlaps
    self.residual = residual
  }

  /// The students times `norm`.
  func scaled(_ norm: Double) -> StudentFrame {
    StudentFrame(
      layout: layout, teacherOverlaps: teacherOverlaps.map { norm * $0 },
      residual: residual.map { norm * $0 })
  }

  /// Writes M and Q as a flat state, M taken along the teacher's units rather than its axes.
  func overlaps(of model: Model) -> [Double] {
    var state = overlaps
    guard let factor = model.teacherFactor else { return state }
    let k = layout.teacherUnits
    for j in 0..<layout.width {
      for r in 0..<k {
        var sum = 0.0
        for s in 0...r { sum += factor[r * k + s] * teacherOverlaps[j * k + s] }
        state[layout.teacherOverlap(j, r)] = sum
      }
    }
    return state
  }

  /// Writes M and Q as a flat state; O(p²(p + k)).
  public var overlaps: [Double] {
    let (p, k) = (layout.width, layout.teacherUnits)
    var state = teacherOverlaps
    state.reserveCapacity(layout.count)
    for j in 0..<p {
      for l in 0...j {
        var sum = 0.0
        for r in 0..<k { sum += teacherOverlaps[j * k + r] * teacherOverlaps[l * k + r] }
        for i in 0...l { sum += residual[j * p + i] * residual[l * p + i] }
        state.append(sum)
      }
    }
    return state
  }
}

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
