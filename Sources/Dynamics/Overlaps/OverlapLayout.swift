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
