import CGSL

/// Diagonalises symmetric matrices of one size again and again without allocating.
///
/// The workspace is allocated once and belongs to one task. Source: Householder tridiagonalisation
/// and implicit QR as GSL has them. Cost: about 2 n³ ns. Error: of the order of ε times the largest
/// eigenvalue in magnitude.
public final class SymmetricEigensolver {
  /// Number n of rows.
  public let size: Int
  /// The matrix to diagonalise, row-major; only the lower triangle is read. Overwritten.
  public let matrix: UnsafeMutablePointer<Double>
  /// The eigenvalues, in no order.
  public let values: UnsafeMutablePointer<Double>
  /// The eigenvectors, row-major: column a belongs to `values[a]` and has length 1.
  public let vectors: UnsafeMutablePointer<Double>
  private let workspace: UnsafeMutablePointer<gsl_eigen_symmv_workspace>

  /// Allocates room for n = `size` ≥ 1 rows; throws `GSLError` when there is none.
  public init(size: Int) throws {
    handlerIsOff
    workspace = try allocated(gsl_eigen_symmv_alloc(size), "gsl_eigen_symmv_alloc")
    self.size = size
    matrix = .allocate(capacity: size * size)
    values = .allocate(capacity: size)
    vectors = .allocate(capacity: size * size)
    matrix.initialize(repeating: 0, count: size * size)
    values.initialize(repeating: 0, count: size)
    vectors.initialize(repeating: 0, count: size * size)
  }

  deinit {
    gsl_eigen_symmv_free(workspace)
    matrix.deallocate()
    values.deallocate()
    vectors.deallocate()
  }

  /// Fills `values` and `vectors` from `matrix`, with NaN where an entry is not finite.
  ///
  /// Throws `GSLError` when the iteration fails.
  public func diagonalise() throws {
    for row in 0..<size {
      for column in 0...row where !matrix[row * size + column].isFinite {
        values.update(repeating: .nan, count: size)
        vectors.update(repeating: .nan, count: size * size)
        return
      }
    }
    var input = gsl_matrix_view_array(matrix, size, size)
    var output = gsl_matrix_view_array(vectors, size, size)
    var diagonal = gsl_vector_view_array(values, size)
    try check(
      gsl_eigen_symmv(&input.matrix, &diagonal.vector, &output.matrix, workspace),
      "gsl_eigen_symmv")
  }
}
