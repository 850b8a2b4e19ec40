/// Evaluates how much of the teacher's subspace the students span, S = tr(P⁻¹ Mᵀ Q⁺ M)/k.
///
/// S is the mean squared cosine of the k principal angles between the spans, from 0 to min(p, k)/k, and the
/// same under any mixing of the students among themselves; for p = k = 1 it is m²/(Q P). With the coordinates
/// C of the students along the teacher's orthonormal axes S = tr(Cᵀ Q⁺ C)/k, by a Cholesky factor of Q with
/// pivots: O(p²(p + k)). Students are taken at unit norm, and one that lies within `1e-5` of the span of
/// others adds nothing: what is left of it would be rounding.
///
/// At finite d a random start has E[S] = p/d. A workspace belongs to one task.
/// Source: Björck and Golub (1973), Math. Comp. 27, for principal angles.
final class SubspaceOverlap {
  private let width: Int
  private let units: Int
  private let memory: KernelMemory
  private let matrix: UnsafeMutablePointer<Double>
  private let right: UnsafeMutablePointer<Double>
  private let column: UnsafeMutablePointer<Double>
  private let norms: UnsafeMutablePointer<Double>
  private var order: [Int]
  /// Number of students that pivots were taken from, at the last value.
  private var rank = 0

  /// The squared distance of a unit student from the span of others below which it adds nothing.
  private static let tolerance = 1e-10

  init(width: Int, units: Int) {
    self.width = width
    self.units = units
    memory = KernelMemory([width * width, width * units, width, width])
    matrix = memory.take(width * width)
    right = memory.take(width * units)
    column = memory.take(width)
    norms = memory.take(width)
    order = Array(0..<width)
  }

  /// S for coordinates C (p×k, row by row) and Q packed column by column.
  func value(axes: UnsafePointer<Double>, gram: UnsafePointer<Double>) -> Double {
    reduce(axes, gram)
    var sum = 0.0
    for step in 0..<rank {
      let y = right + order[step] * units
      for r in 0..<units { sum += y[r] * y[r] }
    }
    return min(sum / Double(units), 1)
  }

  /// Writes X = Q⁺C (p×k), with which dS = (2 tr(Xᵀ dC) − tr(X Xᵀ dQ))/k.
  func writeWeights(
    into output: UnsafeMutablePointer<Double>, axes: UnsafePointer<Double>,
    gram: UnsafePointer<Double>
  ) {
    reduce(axes, gram)
    for i in 0..<(width * units) { output[i] = 0 }
    // Back substitution with the factor's transpose, over the students that were taken.
    for step in (0..<rank).reversed() {
      let own = order[step]
      for r in 0..<units {
        var value = right[own * units + r]
        for later in (step + 1)..<max(rank, step + 1) {
          let other = order[later]
          value -= matrix[other * width + own] * output[other * units + r]
        }
        output[own * units + r] = value / matrix[own * width + own]
      }
    }
    for j in 0..<width { for r in 0..<units { output[j * units + r] *= norms[j] } }
  }

  /// Factors Q at unit norms: row j of `matrix` holds student j's entries of L, `right` L⁻¹C.
  private func reduce(_ axes: UnsafePointer<Double>, _ gram: UnsafePointer<Double>) {
    let (p, k) = (width, units)
    for j in 0..<p {
      let square = gram[packedIndex(j, j, order: p)]
      norms[j] = square > 0 ? 1 / square.squareRoot() : 0
      order[j] = j
      for r in 0..<k { right[j * k + r] = norms[j] * axes[j * k + r] }
    }
    for column in 0..<p {
      for row in column..<p {
        let value = norms[row] * norms[column] * gram[packedIndex(row, column, order: p)]
        matrix[row * p + column] = value
        matrix[column * p + row] = value
      }
    }
    rank = 0
    while rank < p {
      var best = rank
      for step in rank..<p
      where matrix[order[step] * p + order[step]] > matrix[order[best] * p + order[best]] {
        best = step
      }
      order.swapAt(rank, best)
      let own = order[rank]
      let left = matrix[own * p + own]
      guard left > SubspaceOverlap.tolerance else { break }
      let pivot = left.squareRoot()
      matrix[own * p + own] = pivot
      for r in 0..<k { right[own * k + r] /= pivot }
      for step in (rank + 1)..<max(p, rank + 1) {
        column[order[step]] = matrix[order[step] * p + own] / pivot
      }
      for step in (rank + 1)..<max(p, rank + 1) {
        let row = order[step]
        let factor = column[row]
        for other in (rank + 1)...step {
          let to = order[other]
          let value = matrix[row * p + to] - factor * column[to]
          matrix[row * p + to] = value
          matrix[to * p + row] = value
        }
        matrix[row * p + own] = factor
        for r in 0..<k { right[row * k + r] -= factor * right[own * k + r] }
      }
      rank += 1
    }
  }
}
