/// Holds the students of one replica of the exact chain in a frame that a batch widens.
///
/// Row j of [C R] is w_j/√d: C its coordinates along the teacher's k orthonormal axes, R along others, of which the first
/// p, lower triangular, are all that is needed between batches. Q = C Cᵀ + R Rᵀ is taken from the rows. A workspace
/// belongs to one task; nothing here allocates once it is made.
final class MovingFrame {
  let model: Model
  /// The rule's pushes, and the second layer.
  let gradient: SampleGradient
  /// The excess risk after the last step; not a number once a norm is no finite number.
  private(set) var risk = 0.0
  /// C, row-major.
  let axes: UnsafeMutablePointer<Double>
  /// R, rows of `stride` numbers.
  let residual: UnsafeMutablePointer<Double>
  let stride: Int

  private let networkRisk: NetworkRisk
  private let levels: OverlapLevels
  private let watchesRisk: Bool
  private let memory: KernelMemory
  /// Q, its lower triangle column by column.
  private let gram: UnsafeMutablePointer<Double>

  /// Makes room for `extra` directions beside the students' own.
  init(model: Model, extra: Int, watchesRisk: Bool, levels: [ExitCriterion]) throws {
    self.model = model
    self.watchesRisk = watchesRisk
    let (p, k) = (model.width, model.teacherUnits)
    gradient = SampleGradient(model: model)
    networkRisk = try NetworkRisk(model: model)
    self.levels = OverlapLevels(model: model, criteria: levels)
    stride = p + extra
    let triangle = p * (p + 1) / 2
    memory = KernelMemory([p * k, p * stride, triangle])
    axes = memory.take(p * k)
    residual = memory.take(p * stride)
    gram = memory.take(triangle)
  }

  /// Puts the replica at a start.
  func place(_ frame: StudentFrame) {
    let (p, k) = (model.width, model.teacherUnits)
    memory.clear()
    for i in 0..<(p * k) { axes[i] = frame.teacherOverlaps[i] }
    for j in 0..<p { for i in 0...j { residual[j * stride + i] = frame.residual[j * p + i] } }
    gradient.reset()
    settle(columns: p)
  }

  /// Q_jj.
  func squaredNorm(_ j: Int) -> Double { gram[packedIndex(j, j, order: model.width)] }

  /// The part of row j that a step keeps: 1 − `radial`/(d Q_jj) where the gradient's part along w_j is left out, with
  /// `radial` = Σ_b u_jbλ_jb, else 1.
  func kept(_ j: Int, radial: Double) -> Double {
    model.constraint.isTangential ? 1 - radial / (Double(model.dimension) * squaredNorm(j)) : 1
  }

  /// Ends a step: normalises where the constraint does, and takes Q and the risk from the rows.
  ///
  /// R has `columns` columns in use; `narrows` turns the frame so that p are.
  func settle(columns: Int, narrows: Bool = false) {
    let (p, k) = (model.width, model.teacherUnits)
    if model.constraint.keepsNorm {
      for j in 0..<p { normalise(axes + j * k, residual + j * stride, columns) }
    }
    var used = columns
    if narrows {
      lowerTriangle(of: residual, rows: p, columns: columns, stride: stride)
      used = p
    }
    var index = 0
    for column in 0..<p {
      for row in column..<p {
        gram[index] =
          product(axes + row * k, axes + column * k, k)
          + product(residual + row * stride, residual + column * stride, used)
        index += 1
      }
    }
    updateRisk()
  }

  private func normalise(
    _ axes: UnsafeMutablePointer<Double>, _ residual: UnsafeMutablePointer<Double>, _ columns: Int
  ) {
    let k = model.teacherUnits
    let square = product(axes, axes, k) + product(residual, residual, columns)
    let scale = 1 / square.squareRoot()
    for r in 0..<k { axes[r] *= scale }
    for i in 0..<columns { residual[i] *= scale }
  }

  private func updateRisk() {
    guard levels.isFinite(gram: gram) else {
      risk = .nan
      return
    }
    risk =
      watchesRisk
      ? networkRisk.value(axes: axes, gram: gram, secondLayer: gradient.secondLayer) : 0
  }

  /// M, Q and a as they are now, with the risk also where steps do without.
  var point: PathPoint {
    let risk =
      watchesRisk || !self.risk.isFinite
      ? self.risk : networkRisk.value(axes: axes, gram: gram, secondLayer: gradient.secondLayer)
    return PathPoint(risk: risk) {
      NetworkState(
        model: self.model, axes: self.axes, gram: self.gram, secondLayer: self.gradient.secondLayer)
    }
  }

  /// Writes the levels that are watched.
  func writeLevels(into output: UnsafeMutablePointer<Double>) {
    levels.write(into: output, axes: axes, gram: gram)
  }

  func pass(through transfer: any StateTransfer) throws {
    try memory.pass(through: transfer)
    try gradient.pass(through: transfer)
    try transfer.pass(&risk)
  }
}

/// Σ x_i y_i, in order.
@inline(__always)
func product(
  _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int
) -> Double {
  var sum = 0.0
  for i in 0..<count { sum += x[i] * y[i] }
  return sum
}

/// Turns the columns of a row-major matrix so that it is lower triangular with a diagonal of at least 0: an L with
/// L Lᵀ = A Aᵀ.
///
/// Householder reflections from the right, each of which takes its row to +|row| e_i without cancellation; entries right of
/// the diagonal become zero. Cost 2 · `rows`² · `columns` flops.
/// Source: Golub and Van Loan (2013), Matrix Computations, algorithm 5.1.1 (after Parlett 1971).
func lowerTriangle(
  of matrix: UnsafeMutablePointer<Double>, rows: Int, columns: Int, stride: Int
) {
  for i in 0..<min(rows, columns) {
    let row = matrix + (i * stride + i)
    let count = columns - i
    let rest = product(row + 1, row + 1, count - 1)
    let first = row[0]
    if rest == 0 && first >= 0 { continue }
    let length = (first * first + rest).squareRoot()
    // The reflection's vector is the row with this for its first entry.
    let lead = first > 0 ? -rest / (first + length) : first - length
    let factor = 2 / (lead * lead + rest)
    row[0] = lead
    for l in (i + 1)..<max(rows, i + 1) {
      let other = matrix + (l * stride + i)
      let share = factor * product(row, other, count)
      for m in 0..<count { other[m] -= share * row[m] }
    }
    row[0] = length
    for m in 1..<max(count, 1) { row[m] = 0 }
  }
}
