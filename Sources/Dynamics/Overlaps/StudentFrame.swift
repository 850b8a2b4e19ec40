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
