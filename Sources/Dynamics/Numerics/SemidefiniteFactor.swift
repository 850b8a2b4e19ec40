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
