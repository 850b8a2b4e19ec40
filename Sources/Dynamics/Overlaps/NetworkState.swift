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
    secondLayer =
      state.count > layout.count ? Array(state[layout.count...].prefix(p)) : model.secondLayer
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

/// Numbers the overlaps in a flat state vector: M row by row, then Q's lower triangle row by row.
public struct OverlapLayout: Sendable, Equatable {
  /// Student width p.
  public let width: Int
  /// Number of teacher units k.
  public let teacherUnits: Int

  /// Creates the layout for `width` students and `teacherUnits` teacher units.
  public init(width: Int, teacherUnits: Int) {
    self.width = width
    self.teacherUnits = teacherUnits
  }

  /// Length of the state: p k + p(p + 1)/2.
  public var count: Int { width * teacherUnits + width * (width + 1) / 2 }

  /// Index of M_jr.
  @inlinable public func teacherOverlap(_ j: Int, _ r: Int) -> Int { j * teacherUnits + r }

  /// Index of Q_jl, in either order of `j` and `l`.
  @inlinable public func studentOverlap(_ j: Int, _ l: Int) -> Int {
    let (row, column) = j >= l ? (j, l) : (l, j)
    return width * teacherUnits + row * (row + 1) / 2 + column
  }
}

extension Model {
  /// The layout of this model's overlaps.
  public var layout: OverlapLayout { OverlapLayout(width: width, teacherUnits: teacherUnits) }
}
