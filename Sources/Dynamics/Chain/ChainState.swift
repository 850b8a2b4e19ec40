import GSL

/// Holds the overlaps of one replica of the exact chain and takes its steps.
///
/// A workspace belongs to one task; a step allocates nothing.
final class ChainState: SteppedReplica {
  let model: Model
  /// The excess risk after the last step.
  private(set) var risk = 0.0

  private let width: Int
  private let teacherUnits: Int
  private let dimension: Double
  private let rate: Double
  private let noise: Double
  private let restDegrees: Double
  private let form: [Double]

  // M is row-major; B and Q hold their lower triangles column by column, since a step sweeps
  // down columns.
  private let teacher: UnsafeMutablePointer<Double>
  private let factor: UnsafeMutablePointer<Double>
  private let gram: UnsafeMutablePointer<Double>
  private let normals: UnsafeMutablePointer<Double>
  private let residualField: UnsafeMutablePointer<Double>
  private let field: UnsafeMutablePointer<Double>
  private let push: UnsafeMutablePointer<Double>
  private let rotated: UnsafeMutablePointer<Double>
  private let scale: UnsafeMutablePointer<Double>
  private let secondLayer: UnsafeMutablePointer<Double>
  private let studentForm: UnsafeMutablePointer<Double>
  private let teacherConstant: Double
  private let teacherTrace: Double
  private var stepsUntilRefresh = 0

  private static let refreshInterval = 4096

  init(model: Model) {
    func zeros(_ count: Int) -> UnsafeMutablePointer<Double> {
      let memory = UnsafeMutablePointer<Double>.allocate(capacity: max(count, 1))
      memory.initialize(repeating: 0, count: max(count, 1))
      return memory
    }
    self.model = model
    width = model.width
    teacherUnits = model.teacherUnits
    dimension = Double(model.dimension)
    rate = model.learningRate / Double(model.width)
    noise = model.labelNoise.squareRoot()
    restDegrees = Double(model.dimension - model.fieldCount)
    form = model.errorForm
    teacher = zeros(width * teacherUnits)
    factor = zeros(width * (width + 1) / 2)
    gram = zeros(width * (width + 1) / 2)
    normals = zeros(width + teacherUnits)
    residualField = zeros(width)
    field = zeros(width)
    push = zeros(width)
    rotated = zeros(width)
    scale = zeros(width)
    secondLayer = zeros(width)
    studentForm = zeros(width)
    for j in 0..<width {
      secondLayer[j] = model.secondLayer[j]
      studentForm[j] = form[j]
    }
    var (constant, trace) = (0.0, 0.0)
    for r in width..<(width + teacherUnits) {
      constant += form[r] * form[r]
      trace += form[r]
    }
    teacherConstant = constant
    teacherTrace = trace
  }

  deinit {
    for memory in [
      teacher, factor, gram, normals, residualField, field, push, rotated, scale, secondLayer,
      studentForm,
    ] { memory.deallocate() }
  }

  /// Puts the replica at a start.
  func place(_ frame: StudentFrame) {
    for i in 0..<(width * teacherUnits) { teacher[i] = frame.teacherOverlaps[i] }
    var index = 0
    for column in 0..<width {
      for row in column..<width {
        factor[index] = frame.residual[row * width + column]
        index += 1
      }
    }
    refreshGram()
    risk = currentRisk()
  }

  /// The overlaps as a flat state.
  var overlaps: [Double] {
    let layout = model.layout
    var state = [Double](repeating: 0, count: layout.count)
    for i in 0..<(width * teacherUnits) { state[i] = teacher[i] }
    var index = 0
    for column in 0..<width {
      for row in column..<width {
        state[layout.studentOverlap(row, column)] = gram[index]
        index += 1
      }
    }
    return state
  }

  var point: PathPoint {
    PathPoint(risk: risk) { NetworkState(model: self.model, state: self.overlaps) }
  }

  var portion: Int { steppedPortion(width * width) }

  func pass(through transfer: any StateTransfer) throws {
    try transfer.pass(teacher, count: width * teacherUnits)
    try transfer.pass(factor, count: width * (width + 1) / 2)
    try transfer.pass(gram, count: width * (width + 1) / 2)
    try transfer.pass(&risk, stepsUntilRefresh: &stepsUntilRefresh, of: ChainState.refreshInterval)
  }

  /// Takes one step of SGD on a fresh sample.
  func step(_ stream: RandomStream) {
    let p = width
    let k = teacherUnits
    var teacherNormSquared = 0.0
    var target = 0.0
    for r in 0..<k {
      let value = stream.gaussian()
      normals[r] = value
      teacherNormSquared += value * value
      target += form[p + r] * value * value
    }
    let residualNormals = normals + k
    var residualNormSquared = 0.0
    for i in 0..<p {
      let value = stream.gaussian()
      residualNormals[i] = value
      residualNormSquared += value * value
    }
    let labelError = noise == 0 ? 0 : noise * stream.gaussian()
    let rest = stream.chiSquare(degreesOfFreedom: restDegrees)

    for j in 0..<p { residualField[j] = 0 }
    var index = 0
    for column in 0..<p {
      let value = residualNormals[column]
      let entries = factor + (index - column)
      for row in column..<p { residualField[row] += entries[row] * value }
      index += p - column
    }

    var error = target + labelError
    for j in 0..<p {
      var value = residualField[j]
      for r in 0..<k { value += teacher[j * k + r] * normals[r] }
      field[j] = value
      error += studentForm[j] * value * value
    }

    let offTeacher = residualNormSquared + rest
    let norm = offTeacher.squareRoot()
    let inverseDimension = 1 / dimension
    let inputNorm = (teacherNormSquared + offTeacher) * inverseDimension * inverseDimension
    var trace = teacherTrace
    var cross = 0.0
    var diagonal = 0
    for j in 0..<p {
      let u = 2 * rate * secondLayer[j] * error * field[j]
      push[j] = u
      rotated[j] = u * norm * inverseDimension + residualField[j] / norm
      let own = gram[diagonal] + 2 * u * field[j] * inverseDimension + u * u * inputNorm
      diagonal += p - j
      let factor = 1 / own.squareRoot()
      scale[j] = factor
      trace += studentForm[j]
      for r in 0..<k {
        let overlap = factor * (teacher[j * k + r] + u * normals[r] * inverseDimension)
        teacher[j * k + r] = overlap
        cross += studentForm[j] * form[p + r] * overlap * overlap
      }
    }

    let squares = sweep(residualNormals, offTeacher, inverseDimension, inputNorm)
    risk = 0.5 * trace * trace + teacherConstant + 2 * cross + squares
    stepsUntilRefresh -= 1
    if stepsUntilRefresh <= 0 { refreshGram() }
  }

  /// Updates B and Q column by column and returns Σ_jl A_jA_l Q_jl².
  ///
  /// The new residual Gram matrix is B(I − ggᵀ/r²)Bᵀ + wwᵀ with r² = |g|² + χ² and
  /// w = u r/d + Bg/r. The factor of I − ggᵀ/r² has the closed form
  /// K_jj = √(t_j/t_{j−1}), K_ij = −g_ig_j/(r²√(t_jt_{j−1})), t_j = 1 − Σ_{i≤j} g_i²/r², so that
  /// BK needs only the running sums Σ_{i>j} B_ai g_i; the rank-one update follows by rotations.
  private func sweep(
    _ normals: UnsafePointer<Double>, _ normSquared: Double, _ inverseDimension: Double,
    _ inputNorm: Double
  ) -> Double {
    let p = width
    var index = 0
    var squares = 0.0
    var remaining = 1.0
    let inverseNormSquared = 1 / normSquared
    for column in 0..<p {
      let g = normals[column]
      let next = max(remaining - g * g * inverseNormSquared, 0)
      let stretch = remaining > 0 ? (next / remaining).squareRoot() : 0
      let product = next * remaining
      let shear = product > 0 ? -g * inverseNormSquared / product.squareRoot() : 0
      remaining = next

      let entries = factor + (index - column)
      let overlaps = gram + (index - column)
      let pivot = stretch * entries[column]
      let length = (pivot * pivot + rotated[column] * rotated[column]).squareRoot()
      let cosine = length > 0 ? pivot / length : 1
      let sine = length > 0 ? rotated[column] / length : 0

      let columnScale = scale[column]
      let pushed = push[column] * inverseDimension
      let mixed = field[column] * inverseDimension + push[column] * inputNorm
      let weight = 2 * studentForm[column]
      var sum = 0.0
      for row in column..<p {
        let old = entries[row]
        let running = residualField[row] - old * g
        residualField[row] = running
        let lowered = old * stretch + shear * running
        let other = rotated[row]
        entries[row] = scale[row] * (cosine * lowered + sine * other)
        rotated[row] = cosine * other - sine * lowered

        let overlap =
          scale[row] * columnScale * (overlaps[row] + field[row] * pushed + push[row] * mixed)
        overlaps[row] = overlap
        sum += studentForm[row] * overlap * overlap
      }
      let own = overlaps[column]
      squares += weight * sum - studentForm[column] * studentForm[column] * own * own
      index += p - column
    }
    return squares
  }

  /// Takes Q from [M B] and makes its diagonal exactly one.
  private func refreshGram() {
    let (p, k) = (width, teacherUnits)
    for row in 0..<p {
      var square = 0.0
      for r in 0..<k { square += teacher[row * k + r] * teacher[row * k + r] }
      for column in 0...row {
        let value = factor[position(row, column)]
        square += value * value
      }
      let scale = 1 / square.squareRoot()
      for r in 0..<k { teacher[row * k + r] *= scale }
      for column in 0...row { factor[position(row, column)] *= scale }
    }
    var index = 0
    for column in 0..<p {
      for row in column..<p {
        var sum = 0.0
        for r in 0..<k { sum += teacher[row * k + r] * teacher[column * k + r] }
        gram[index + row - column] = sum
      }
      for i in 0...column {
        let entries = factor + (position(i, i) - i)
        let value = entries[column]
        for row in column..<p { gram[index + row - column] += entries[row] * value }
      }
      index += p - column
    }
    stepsUntilRefresh = ChainState.refreshInterval
  }

  private func position(_ row: Int, _ column: Int) -> Int {
    column * width - column * (column - 1) / 2 + row - column
  }

  private func currentRisk() -> Double {
    let (p, k) = (width, teacherUnits)
    var trace = teacherTrace
    var squares = teacherConstant
    for j in 0..<p {
      trace += studentForm[j] * gram[position(j, j)]
      for r in 0..<k {
        let overlap = teacher[j * k + r]
        squares += 2 * studentForm[j] * form[p + r] * overlap * overlap
      }
      for l in 0...j {
        let overlap = gram[position(j, l)]
        let weight = (l == j ? 1.0 : 2.0) * studentForm[j] * studentForm[l]
        squares += weight * overlap * overlap
      }
    }
    return 0.5 * trace * trace + squares
  }
}
