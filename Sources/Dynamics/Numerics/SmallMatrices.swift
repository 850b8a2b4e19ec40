/// Adds the product of two row-major matrices to a third: C += A B.
///
/// A is `rows`×`inner`, B is `inner`×`columns`; the strides are their row lengths in memory. Rows of
/// B are added four at a time, so that the innermost loop runs along memory and its sums need no
/// reordering. Cost: 2 · rows · inner · columns flops.
@inline(__always)
func addProduct(
  _ a: UnsafePointer<Double>, stride aStride: Int, _ b: UnsafePointer<Double>, stride bStride: Int,
  to c: UnsafeMutablePointer<Double>, stride cStride: Int, rows: Int, inner: Int, columns: Int
) {
  for i in 0..<rows {
    let (left, out) = (a + i * aStride, c + i * cStride)
    var l = 0
    while l + 4 <= inner {
      let (x0, x1, x2, x3) = (left[l], left[l + 1], left[l + 2], left[l + 3])
      let b0 = b + l * bStride
      let (b1, b2, b3) = (b0 + bStride, b0 + 2 * bStride, b0 + 3 * bStride)
      for j in 0..<columns {
        out[j] += (x0 * b0[j] + x1 * b1[j]) + (x2 * b2[j] + x3 * b3[j])
      }
      l += 4
    }
    while l < inner {
      let (x, row) = (left[l], b + l * bStride)
      for j in 0..<columns { out[j] += x * row[j] }
      l += 1
    }
  }
}

/// Overwrites the lower triangle of a positive semidefinite matrix by a factor L with L Lᵀ = C.
///
/// Cholesky's recursion in place, row-major, `order` n; the part above the diagonal is neither read
/// nor written. A pivot of at most `tolerance` n max_i C_ii counts as zero and its column of L is
/// set to zero, which is exact for a semidefinite matrix and the nearest harmless answer for one
/// that rounding made slightly indefinite. GSL's Cholesky refuses singular matrices, and these are
/// singular by construction at perfect alignment. Cost n³/3 flops.
/// Source: Higham (2002), Accuracy and Stability of Numerical Algorithms, section 10.3.
func factorSemidefinite(
  _ matrix: UnsafeMutablePointer<Double>, order: Int, tolerance: Double = 1e-15
) {
  var largest = 0.0
  for i in 0..<order { largest = max(largest, matrix[i * order + i]) }
  let floor = largest * tolerance * Double(order)
  for i in 0..<order {
    let row = matrix + i * order
    for j in 0..<i {
      let other = matrix + j * order
      let pivot = other[j]
      if pivot == 0 {
        row[j] = 0
        continue
      }
      var sum = row[j]
      for l in 0..<j { sum -= row[l] * other[l] }
      row[j] = sum / pivot
    }
    var square = row[i]
    for l in 0..<i { square -= row[l] * row[l] }
    row[i] = square > floor ? square.squareRoot() : 0
  }
}
