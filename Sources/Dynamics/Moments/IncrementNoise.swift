import GSL

/// Draws Gaussian noise with the covariance C of ``IncrementCovariance``, which it never forms.
///
/// The one-sample increments are linear in ℰλ_iλ_j and ℰ²λ_iλ_j. With Ω = L₀L₀ᵀ and the symmetric
/// L₀ᵀAL₀ = V diag(α) Vᵀ, the fields are λ̃ = L g for L = L₀V and g ~ N(0, I), and ℰ = Σ α_i g_i² + √Δ z.
/// Since g_i → −g_i changes no law, (ℰg_ig_j, ℰ²g_ig_j) is uncorrelated between different pairs i < j
/// and with every (ℰg_i², ℰ²g_i²). The noise is therefore two symmetric random matrices: a pair
/// (U_ij, V_ij) with a 2×2 covariance for each i < j, and a diagonal of 2n numbers with a 2n×2n one,
/// both from the series of ``FieldMoments``, in which S is now diagonal, S_i = 1/(1 − 2θα_i):
/// - E[ℰⁿ g_i²g_j²] = n! [θⁿ] D S_iS_j for i ≠ j, and three times that for i = j.
///
/// LULᵀ and LVLᵀ are then combined as the increments are, and the normalisation's Jacobian applied.
///
/// n = p + k. Cost of `update` and `increments` together: O(n³), of the order of 30 n³ flops, where C
/// and its factor took O(p⁶); memory O(n²). Exact to rounding, also for a singular Ω. A workspace
/// belongs to one task.
final class IncrementNoise {
  /// Number of independent normals a draw takes: n(n + 1).
  let normalCount: Int

  private let model: Model
  private let layout: OverlapLayout
  private let count: Int
  /// γ/p, at which the noise is drawn.
  private var unitRate: Double
  private let form: [Double]
  private let solver: SymmetricEigensolver
  /// [θᵐ] D for m = 0…4.
  private var series: ErrorSeries
  /// β_i = 2α_i.
  private let roots: UnsafeMutablePointer<Double>
  /// Lower factor of the diagonal's covariance, rows (U_00, V_00, U_11, …).
  private let diagonal: UnsafeMutablePointer<Double>
  /// L₀, then L, each with the students' rows first, and Lᵀ.
  private let gramFactor: UnsafeMutablePointer<Double>
  private let fields: UnsafeMutablePointer<Double>
  private let fieldsTransposed: UnsafeMutablePointer<Double>
  private let residual: UnsafeMutablePointer<Double>
  /// Scratch, n×n each, and 4n numbers.
  private let linear: UnsafeMutablePointer<Double>
  private let quadratic: UnsafeMutablePointer<Double>
  private let linearRows: UnsafeMutablePointer<Double>
  private let quadraticRows: UnsafeMutablePointer<Double>
  private let vector: UnsafeMutablePointer<Double>
  /// The students' overlaps when `update` was called.
  private let gram: UnsafeMutablePointer<Double>

  init(model: Model) throws {
    self.model = model
    layout = model.layout
    count = model.fieldCount
    normalCount = count * (count + 1)
    unitRate = model.sampleRate / Double(model.width)
    form = model.pushForm
    solver = try SymmetricEigensolver(size: count)
    series = ErrorSeries(traces: (0, 0, 0, 0), labelNoise: model.labelNoise)
    func zeros(_ size: Int) -> UnsafeMutablePointer<Double> {
      let pointer = UnsafeMutablePointer<Double>.allocate(capacity: size)
      pointer.initialize(repeating: 0, count: size)
      return pointer
    }
    let size = count * count
    roots = zeros(count)
    diagonal = zeros(4 * size)
    gramFactor = zeros(size)
    fields = zeros(size)
    fieldsTransposed = zeros(size)
    residual = zeros(model.width * model.width)
    linear = zeros(size)
    quadratic = zeros(size)
    linearRows = zeros(size)
    quadraticRows = zeros(size)
    vector = zeros(4 * count)
    gram = zeros(layout.count)
  }

  deinit {
    for pointer in [
      roots, diagonal, gramFactor, fields, fieldsTransposed, residual, linear, quadratic,
      linearRows, quadraticRows, vector, gram,
    ] { pointer.deallocate() }
  }

  /// Takes another learning rate γ.
  func take(learningRate: Double) {
    unitRate = model.sampleRate(at: learningRate) / Double(layout.width)
  }

  /// Diagonalises the error form at the overlaps `state`; throws `GSLError` when GSL fails.
  func update(_ state: UnsafePointer<Double>) throws {
    let (p, k, n) = (layout.width, layout.teacherUnits, count)
    gram.update(from: state, count: layout.count)
    factorGram()
    let matrix = solver.matrix
    for a in 0..<n {
      for i in 0..<n { linear[a * n + i] = form[i] * gramFactor[i * n + a] }
    }
    matrix.update(repeating: 0, count: n * n)
    addProduct(
      linear, stride: n, gramFactor, stride: n, to: matrix, stride: n, rows: n, inner: p + k,
      columns: n)
    try solver.diagonalise()
    fields.update(repeating: 0, count: n * n)
    addProduct(
      gramFactor, stride: n, solver.vectors, stride: n, to: fields, stride: n, rows: n, inner: n,
      columns: n)
    for i in 0..<n {
      for a in 0..<n { fieldsTransposed[a * n + i] = fields[i * n + a] }
    }
    var traces = (0.0, 0.0, 0.0, 0.0)
    for i in 0..<n {
      let alpha = solver.values[i]
      roots[i] = 2 * alpha
      let square = alpha * alpha
      traces.0 += alpha
      traces.1 += square
      traces.2 += square * alpha
      traces.3 += square * square
    }
    series = ErrorSeries(traces: traces, labelNoise: model.labelNoise)
    factorDiagonal()
  }

  /// Turns `normalCount` independent normals into increments of the overlaps per √τ; the components
  /// Q_jj are 0.
  func increments(
    from normals: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>
  ) {
    fillSymmetric(normals)
    let (p, k, n) = (layout.width, layout.teacherUnits, count)
    linearRows.update(repeating: 0, count: p * n)
    quadraticRows.update(repeating: 0, count: p * n)
    addProduct(
      fields, stride: n, linear, stride: n, to: linearRows, stride: n, rows: p, inner: n,
      columns: n)
    addProduct(
      fields, stride: n, quadratic, stride: n, to: quadraticRows, stride: n, rows: p, inner: n,
      columns: n)
    // Row j needs students 0…j and the teacher.
    linear.update(repeating: 0, count: p * n)
    quadratic.update(repeating: 0, count: p * n)
    for j in 0..<p {
      let (u, v) = (linear + j * n, quadratic + j * n)
      addProduct(
        linearRows + j * n, stride: n, fieldsTransposed, stride: n, to: u, stride: n, rows: 1,
        inner: n, columns: j + 1)
      addProduct(
        linearRows + j * n, stride: n, fieldsTransposed + p, stride: n, to: u + p, stride: n,
        rows: 1, inner: n, columns: k)
      addProduct(
        quadraticRows + j * n, stride: n, fieldsTransposed, stride: n, to: v, stride: n, rows: 1,
        inner: n, columns: j + 1)
    }
    let a = model.secondLayer
    let own = vector
    for j in 0..<p {
      own[j] = 4 * a[j] * (linear[j * n + j] + unitRate * a[j] * quadratic[j * n + j])
    }
    for j in 0..<p {
      for r in 0..<k {
        let at = layout.teacherOverlap(j, r)
        output[at] = 2 * a[j] * linear[j * n + p + r] - 0.5 * gram[at] * own[j]
      }
      for l in 0..<j {
        let at = layout.studentOverlap(j, l)
        let raw =
          2 * (a[j] + a[l]) * linear[j * n + l] + 4 * unitRate * a[j] * a[l] * quadratic[j * n + l]
        output[at] = raw - 0.5 * gram[at] * (own[j] + own[l])
      }
      output[layout.studentOverlap(j, j)] = 0
    }
  }

  /// gᵀCg for a gradient g over the overlaps, whose entries at Q_jj do not count.
  func variance(along gradient: UnsafePointer<Double>) -> Double {
    let (p, k, n) = (layout.width, layout.teacherUnits, count)
    let a = model.secondLayer
    let own = vector
    for j in 0..<p {
      var sum = 0.0
      for r in 0..<k {
        let at = layout.teacherOverlap(j, r)
        sum += gradient[at] * gram[at]
      }
      for l in 0..<p where l != j {
        let at = layout.studentOverlap(j, l)
        sum += gradient[at] * gram[at]
      }
      own[j] = -0.5 * sum
    }
    // The gradient over ℰλ_jλ_i and ℰ²λ_jλ_i, each pair of fields once.
    for j in 0..<p {
      let (u, v) = (linear + j * n, quadratic + j * n)
      for l in 0..<j {
        let slope = gradient[layout.studentOverlap(j, l)]
        u[l] = 2 * (a[j] + a[l]) * slope
        v[l] = 4 * unitRate * a[j] * a[l] * slope
      }
      u[j] = 4 * a[j] * own[j]
      v[j] = 4 * unitRate * a[j] * a[j] * own[j]
      for r in 0..<k { u[p + r] = 2 * a[j] * gradient[layout.teacherOverlap(j, r)] }
    }
    linearRows.update(repeating: 0, count: p * n)
    quadraticRows.update(repeating: 0, count: p * n)
    for j in 0..<p {
      addProduct(
        linear + j * n, stride: n, fields, stride: n, to: linearRows + j * n, stride: n, rows: 1,
        inner: j + 1, columns: n)
      addProduct(
        linear + j * n + p, stride: n, fields + p * n, stride: n, to: linearRows + j * n,
        stride: n, rows: 1, inner: k, columns: n)
      addProduct(
        quadratic + j * n, stride: n, fields, stride: n, to: quadraticRows + j * n, stride: n,
        rows: 1, inner: j + 1, columns: n)
    }
    linear.update(repeating: 0, count: n * n)
    quadratic.update(repeating: 0, count: n * n)
    addProduct(
      fieldsTransposed, stride: n, linearRows, stride: n, to: linear, stride: n, rows: n,
      inner: p, columns: n)
    addProduct(
      fieldsTransposed, stride: n, quadraticRows, stride: n, to: quadratic, stride: n, rows: n,
      inner: p, columns: n)
    var variance = 0.0
    for i in 0..<n {
      for j in 0..<i {
        let u = linear[i * n + j] + linear[j * n + i]
        let v = quadratic[i * n + j] + quadratic[j * n + i]
        let (uu, uv, vv) = series.squares(roots[i], roots[j])
        variance += uu * u * u + 2 * uv * u * v + vv * v * v
      }
    }
    for column in 0..<(2 * n) {
      var sum = 0.0
      for row in column..<(2 * n) {
        let weight = (row & 1 == 0 ? linear : quadratic)[(row / 2) * (n + 1)]
        sum += weight * diagonal[row * 2 * n + column]
      }
      variance += sum * sum
    }
    return variance
  }

  /// L₀: the teacher's axes first, then the lower factor of Q − C Cᵀ, with C Tᵀ = M and T Tᵀ = P.
  private func factorGram() {
    let (p, k, n) = (layout.width, layout.teacherUnits, count)
    for j in 0..<p {
      let row = gramFactor + j * n
      for r in 0..<k {
        row[r] = gram[layout.teacherOverlap(j, r)]
        guard let factor = model.teacherFactor else { continue }
        for s in 0..<r { row[r] -= factor[r * k + s] * row[s] }
        let pivot = factor[r * k + r]
        row[r] = pivot > 0 ? row[r] / pivot : 0
      }
      for l in 0...j {
        var value = gram[layout.studentOverlap(j, l)]
        for r in 0..<k { value -= row[r] * gramFactor[l * n + r] }
        residual[j * p + l] = value
      }
    }
    factorSemidefinite(residual, order: p)
    for j in 0..<p {
      for i in 0...j { gramFactor[j * n + k + i] = residual[j * p + i] }
    }
    for r in 0..<k {
      let row = gramFactor + (p + r) * n
      row[r] = 1
      if let factor = model.teacherFactor { for s in 0...r { row[s] = factor[r * k + s] } }
    }
  }

  private func factorDiagonal() {
    let n = count
    let order = 2 * n
    for i in 0..<n {
      let (meanU, meanV) = series.means(roots[i])
      vector[2 * i] = meanU
      vector[2 * i + 1] = meanV
      for j in 0...i {
        var (uu, uv, vv) = series.squares(roots[i], roots[j])
        if i == j { (uu, uv, vv) = (3 * uu, 3 * uv, 3 * vv) }
        let upper = diagonal + 2 * i * order + 2 * j
        let lower = upper + order
        upper[0] = uu - vector[2 * i] * vector[2 * j]
        upper[1] = uv - vector[2 * i] * vector[2 * j + 1]
        lower[0] = uv - vector[2 * i + 1] * vector[2 * j]
        lower[1] = vv - vector[2 * i + 1] * vector[2 * j + 1]
      }
    }
    factorSemidefinite(diagonal, order: order)
  }

  /// U and V from normals: two for each pair, row after row, then 2n for the diagonal.
  private func fillSymmetric(_ normals: UnsafePointer<Double>) {
    let n = count
    var next = normals
    for i in 0..<n {
      for j in 0..<i {
        let (uu, uv, vv) = series.squares(roots[i], roots[j])
        let root = max(uu, 0).squareRoot()
        let cross = root > 0 ? uv / root : 0
        let rest = max(vv - cross * cross, 0).squareRoot()
        let u = root * next[0]
        let v = cross * next[0] + rest * next[1]
        next += 2
        linear[i * n + j] = u
        linear[j * n + i] = u
        quadratic[i * n + j] = v
        quadratic[j * n + i] = v
      }
    }
    for i in 0..<n {
      for half in 0..<2 {
        let row = diagonal + (2 * i + half) * 2 * n
        var sum = 0.0
        for column in 0...(2 * i + half) { sum += row[column] * next[column] }
        (half == 0 ? linear : quadratic)[i * (n + 1)] = sum
      }
    }
  }
}
