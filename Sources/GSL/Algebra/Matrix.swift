import CGSL

/// Holds a dense real matrix, row after row.
public struct Matrix: Sendable, Equatable {
  /// Counts the rows, at least 1.
  public let rows: Int
  /// Counts the columns, at least 1.
  public let columns: Int
  /// Holds the entry (i, j) at index i · `columns` + j.
  public var storage: [Double] { entries }

  @usableFromInline var entries: [Double]

  /// Makes a matrix whose entries all equal `value`; traps, as `Array` does, unless both
  /// sizes are positive.
  public init(rows: Int, columns: Int, repeating value: Double) {
    precondition(rows >= 1 && columns >= 1, "a matrix has at least one row and one column")
    self.rows = rows
    self.columns = columns
    entries = Array(repeating: value, count: rows * columns)
  }

  /// Makes a matrix of the given rows.
  ///
  /// Throws `GSLError` when there are none, or their lengths differ or are 0.
  public init(_ rows: [[Double]]) throws {
    guard let columns = rows.first?.count, columns >= 1,
      rows.allSatisfy({ $0.count == columns })
    else {
      throw GSLError(
        code: Int32(GSL_EBADLEN), function: "Matrix",
        reason: "rows must exist, be of one length, and hold a number")
    }
    self.rows = rows.count
    self.columns = columns
    entries = rows.flatMap { $0 }
  }

  /// Makes the identity matrix of `size` ≥ 1.
  public static func identity(_ size: Int) -> Matrix {
    var result = Matrix(rows: size, columns: size, repeating: 0)
    for index in 0..<size {
      result[index, index] = 1
    }
    return result
  }

  /// Accesses the entry of row `i` and column `j`, both from 0.
  @inlinable
  public subscript(i: Int, j: Int) -> Double {
    get {
      precondition(i >= 0 && i < rows && j >= 0 && j < columns, "no such entry")
      return entries[i * columns + j]
    }
    set {
      precondition(i >= 0 && i < rows && j >= 0 && j < columns, "no such entry")
      entries[i * columns + j] = newValue
    }
  }

  /// Is the matrix with rows and columns exchanged.
  public var transposed: Matrix {
    var result = Matrix(rows: columns, columns: rows, repeating: 0)
    for i in 0..<rows {
      for j in 0..<columns {
        result[j, i] = self[i, j]
      }
    }
    return result
  }

  /// Multiplies two matrices.
  ///
  /// Throws `GSLError` unless `left` has as many columns as `right` has rows.
  public static func * (left: Matrix, right: Matrix) throws -> Matrix {
    handlerIsOff
    guard left.columns == right.rows else {
      throw GSLError(Int32(GSL_EBADLEN), "gsl_blas_dgemm")
    }
    var (left, right) = (left, right)
    var product = Matrix(rows: left.rows, columns: right.columns, repeating: 0)
    try left.withGSL { left in
      try right.withGSL { right in
        try product.withGSL { product in
          try check(
            gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, left, right, 0, product),
            "gsl_blas_dgemm")
        }
      }
    }
    return product
  }

  /// Lends the storage to GSL as a matrix.
  mutating func withGSL<Result>(
    _ body: (UnsafeMutablePointer<gsl_matrix>) throws -> Result
  ) rethrows -> Result {
    let (rows, columns) = (rows, columns)
    return try entries.withUnsafeMutableBufferPointer { buffer in
      var view = gsl_matrix_view_array(buffer.baseAddress, rows, columns)
      return try body(&view.matrix)
    }
  }
}

extension Array where Element == Double {
  /// Lends the elements, of which there must be some, to GSL as a vector.
  mutating func withGSLVector<Result>(
    _ body: (UnsafeMutablePointer<gsl_vector>) throws -> Result
  ) rethrows -> Result {
    try withUnsafeMutableBufferPointer { buffer in
      var view = gsl_vector_view_array(buffer.baseAddress, buffer.count)
      return try body(&view.vector)
    }
  }
}
