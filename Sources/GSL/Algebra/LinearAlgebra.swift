import CGSL

/// Returns the eigenvalues of the symmetric `matrix`, ascending.
///
/// Throws `GSLError` when the matrix is not symmetric to 10⁻¹⁰ of its largest entry, or an
/// entry is not finite. Cost: of the order of n³. Error: of the order of ε times the largest
/// eigenvalue in magnitude.
public func symmetricEigenvalues(of matrix: Matrix) throws -> [Double] {
  handlerIsOff
  try requireSymmetric(matrix, "gsl_eigen_symm")
  let workspace = try allocated(gsl_eigen_symm_alloc(matrix.rows), "gsl_eigen_symm_alloc")
  defer { gsl_eigen_symm_free(workspace) }
  var (matrix, values) = (matrix, Array(repeating: 0.0, count: matrix.rows))
  try matrix.withGSL { matrix in
    try values.withGSLVector { values in
      try check(gsl_eigen_symm(matrix, values, workspace), "gsl_eigen_symm")
    }
  }
  return values.sorted()
}

/// Returns the eigenvalues of the symmetric `matrix`, ascending, and its eigenvectors.
///
/// Column j of `vectors` has length 1 and belongs to `values[j]`; its sign is arbitrary.
/// Throws and costs as `symmetricEigenvalues`.
public func symmetricEigensystem(
  of matrix: Matrix
) throws -> (values: [Double], vectors: Matrix) {
  handlerIsOff
  try requireSymmetric(matrix, "gsl_eigen_symmv")
  let size = matrix.rows
  let workspace = try allocated(gsl_eigen_symmv_alloc(size), "gsl_eigen_symmv_alloc")
  defer { gsl_eigen_symmv_free(workspace) }
  var (matrix, values) = (matrix, Array(repeating: 0.0, count: size))
  var vectors = Matrix(rows: size, columns: size, repeating: 0)
  try matrix.withGSL { matrix in
    try values.withGSLVector { values in
      try vectors.withGSL { vectors in
        try check(gsl_eigen_symmv(matrix, values, vectors, workspace), "gsl_eigen_symmv")
        try check(
          gsl_eigen_symmv_sort(values, vectors, GSL_EIGEN_SORT_VAL_ASC), "gsl_eigen_symmv_sort")
      }
    }
  }
  return (values, vectors)
}

/// Returns the lower triangular L with L Lᵀ = `matrix`.
///
/// Throws `GSLError` when the matrix is not symmetric (to 10⁻¹⁰ of its largest entry), not
/// finite, or not positive definite. Cost: of the order of n³ / 3.
public func choleskyFactor(of matrix: Matrix) throws -> Matrix {
  handlerIsOff
  try requireSymmetric(matrix, "gsl_linalg_cholesky_decomp1")
  var factor = matrix
  try factor.withGSL { factor in
    try check(gsl_linalg_cholesky_decomp1(factor), "gsl_linalg_cholesky_decomp1")
  }
  // GSL leaves the input above the diagonal.
  for i in 0..<factor.rows {
    for j in (i + 1)..<max(factor.columns, i + 1) {
      factor[i, j] = 0
    }
  }
  return factor
}

/// Solves `a` x = `b` by the LU decomposition with partial pivoting.
///
/// Throws `GSLError` when `a` is not square, `b` has another length, an entry is not finite, or
/// a pivot is exactly 0. Cost: of the order of 2 n³ / 3.
public func solve(_ a: Matrix, _ b: [Double]) throws -> [Double] {
  handlerIsOff
  let name = "gsl_linalg_LU_solve"
  guard a.rows == a.columns else { throw GSLError(Int32(GSL_ENOTSQR), name) }
  guard b.count == a.rows else { throw GSLError(Int32(GSL_EBADLEN), name) }
  try requireFinite(a.storage, name)
  try requireFinite(b, name)
  let permutation = try allocated(gsl_permutation_alloc(a.rows), "gsl_permutation_alloc")
  defer { gsl_permutation_free(permutation) }
  var (a, solution) = (a, b)
  try a.withGSL { a in
    var sign: Int32 = 0
    try check(gsl_linalg_LU_decomp(a, permutation, &sign), "gsl_linalg_LU_decomp")
    try solution.withGSLVector { solution in
      try check(gsl_linalg_LU_svx(a, permutation, solution), "gsl_linalg_LU_svx")
    }
  }
  return solution
}

/// Returns the eigenvalues of a square `matrix`, by descending real part.
///
/// Throws `GSLError` when the matrix is not square, an entry is not finite or the iteration fails. Cost:
/// of the order of 10 n³. Error: of the order of ε times the largest eigenvalue in magnitude where
/// eigenvectors are well apart.
public func eigenvalues(of matrix: Matrix) throws -> [(real: Double, imaginary: Double)] {
  handlerIsOff
  let name = "gsl_eigen_nonsymm"
  guard matrix.rows == matrix.columns else { throw GSLError(Int32(GSL_ENOTSQR), name) }
  try requireFinite(matrix.storage, name)
  let size = matrix.rows
  let workspace = try allocated(gsl_eigen_nonsymm_alloc(size), "gsl_eigen_nonsymm_alloc")
  defer { gsl_eigen_nonsymm_free(workspace) }
  // Rows and columns of unlike size are balanced first.
  gsl_eigen_nonsymm_params(0, 1, workspace)
  var (matrix, pairs) = (matrix, [Double](repeating: 0, count: 2 * size))
  try matrix.withGSL { matrix in
    try pairs.withUnsafeMutableBufferPointer { pairs in
      var view = gsl_vector_complex_view_array(pairs.baseAddress, size)
      try check(gsl_eigen_nonsymm(matrix, &view.vector, workspace), name)
    }
  }
  return (0..<size).map { (real: pairs[2 * $0], imaginary: pairs[2 * $0 + 1]) }
    .sorted { $0.real > $1.real }
}

/// Decomposes a square `matrix` = U diag(`values`) Vᵀ into orthogonal matrices and singular values.
///
/// The values descend. Throws `GSLError` when the matrix is not square, an entry is not finite or the
/// iteration fails. Cost: of the order of 20 n³.
public func singularValues(
  of matrix: Matrix
) throws -> (left: Matrix, values: [Double], right: Matrix) {
  handlerIsOff
  let name = "gsl_linalg_SV_decomp"
  guard matrix.rows == matrix.columns else { throw GSLError(Int32(GSL_ENOTSQR), name) }
  try requireFinite(matrix.storage, name)
  let size = matrix.rows
  var (left, right) = (matrix, Matrix(rows: size, columns: size, repeating: 0))
  var (values, work) = ([Double](repeating: 0, count: size), [Double](repeating: 0, count: size))
  try left.withGSL { left in
    try right.withGSL { right in
      try values.withGSLVector { values in
        try work.withGSLVector { work in
          try check(gsl_linalg_SV_decomp(left, right, values, work), name)
        }
      }
    }
  }
  return (left, values, right)
}

private func requireSymmetric(_ matrix: Matrix, _ name: String) throws {
  guard matrix.rows == matrix.columns else { throw GSLError(Int32(GSL_ENOTSQR), name) }
  try requireFinite(matrix.storage, name)
  let largest = matrix.storage.reduce(0) { max($0, abs($1)) }
  for i in 0..<matrix.rows {
    for j in 0..<i where abs(matrix[i, j] - matrix[j, i]) > 1e-10 * largest {
      throw GSLError.invalid(name, "the matrix is not symmetric at (\(i), \(j))")
    }
  }
}

private func requireFinite(_ values: [Double], _ name: String) throws {
  guard values.allSatisfy(\.isFinite) else {
    throw GSLError.invalid(name, "an entry is not finite")
  }
}
