/// Holds the sufficient statistics of a replica: M, Q and the second layer.
public struct NetworkState: Sendable, Equatable {
  /// M, p×k, row-major: the overlaps of students and teacher units.
  public let teacherOverlaps: [Double]
  /// Q, p×p, row-major and symmetric.
  public let studentOverlaps: [Double]
  /// a, p numbers.
  public let secondLayer: [Double]

  /// Takes M and Q from a flat state, and the second layer behind them or, where it is fixed, the model's.
  init(model: Model, state: [Double]) {
    let (p, layout) = (model.width, model.layout)
    teacherOverlaps = Array(state[0..<(p * model.teacherUnits)])
    studentOverlaps = (0..<(p * p)).map { state[layout.studentOverlap($0 / p, $0 % p)] }
    secondLayer = state.count > layout.count ? Array(state[layout.count...]) : model.secondLayer
  }

  /// Takes C along the teacher's orthonormal axes and Q packed column by column.
  init(
    model: Model, axes: UnsafePointer<Double>, gram: UnsafePointer<Double>,
    secondLayer: UnsafePointer<Double>
  ) {
    let (p, k) = (model.width, model.teacherUnits)
    var overlaps = [Double](repeating: 0, count: p * k)
    for j in 0..<p {
      for r in 0..<k {
        if let factor = model.teacherFactor {
          for s in 0...r { overlaps[j * k + r] += factor[r * k + s] * axes[j * k + s] }
        } else {
          overlaps[j * k + r] = axes[j * k + r]
        }
      }
    }
    teacherOverlaps = overlaps
    studentOverlaps = (0..<(p * p)).map {
      let (row, column) = ($0 / p, $0 % p)
      return gram[packedIndex(max(row, column), min(row, column), order: p)]
    }
    self.secondLayer = (0..<p).map { secondLayer[$0] }
  }
}
