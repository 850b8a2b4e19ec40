import GSL

/// Holds one replica of the exact chain and takes its steps, in plain Swift: one fresh sample a step.
///
/// Students are the rows of [C B], C along the teacher's orthonormal axes and B lower triangular. A step is
/// w_j ← s_j(f_j w_j + u_j x/√d), u_j as the law has it: f_j = 1 − u_jλ_j/(d Q_jj) where the gradient's part along
/// w_j is left out, else 1; s_j normalises where the constraint keeps the norm, else 1. Cost O(p(p + k)) and the risk; a
/// step allocates nothing. A workspace belongs to one task.
final class NetworkChain<Law: SampleLaw>: SteppedReplica {
  let model: Model
  /// The excess risk after the last step; not a number once a norm is no finite number.
  private(set) var risk = 0.0

  private let width: Int
  private let teacherUnits: Int
  private let dimension: Double
  private let labelNoiseDeviation: Double
  private let restDegrees: Double
  private let law: Law
  private let levels: OverlapLevels
  private let watchesRisk: Bool

  // C is row-major; B and Q hold their lower triangles column by column.
  private let memory: KernelMemory
  private let axes: UnsafeMutablePointer<Double>
  private let factor: UnsafeMutablePointer<Double>
  private let gram: UnsafeMutablePointer<Double>
  private let normals: UnsafeMutablePointer<Double>
  private let residualField: UnsafeMutablePointer<Double>
  private let field: UnsafeMutablePointer<Double>
  private let push: UnsafeMutablePointer<Double>
  private let rotated: UnsafeMutablePointer<Double>
  private let scale: UnsafeMutablePointer<Double>
  private let kept: UnsafeMutablePointer<Double>
  private var stepsUntilRefresh = 0

  private let refreshInterval = 4096

  init(model: Model, law: Law, watchesRisk: Bool = true, levels: [ExitCriterion] = []) {
    self.model = model
    self.watchesRisk = watchesRisk
    let (p, k) = (model.width, model.teacherUnits)
    width = p
    teacherUnits = k
    dimension = Double(model.dimension)
    labelNoiseDeviation = model.labelNoise.squareRoot()
    restDegrees = Double(model.dimension - model.fieldCount)
    self.law = law
    self.levels = OverlapLevels(model: model, criteria: levels)
    let triangle = p * (p + 1) / 2
    memory = KernelMemory([p * k, triangle, triangle, p + k, p, p, p, p, p, p])
    axes = memory.take(p * k)
    factor = memory.take(triangle)
    gram = memory.take(triangle)
    normals = memory.take(p + k)
    residualField = memory.take(p)
    field = memory.take(p)
    push = memory.take(p)
    rotated = memory.take(p)
    scale = memory.take(p)
    kept = memory.take(p)
    for j in 0..<p {
      scale[j] = 1
      kept[j] = 1
    }
  }

  /// Puts the replica at a start.
  func place(_ frame: StudentFrame) {
    for i in 0..<(width * teacherUnits) { axes[i] = frame.teacherOverlaps[i] }
    var index = 0
    for column in 0..<width {
      for row in column..<width {
        factor[index] = frame.residual[row * width + column]
        index += 1
      }
    }
    law.reset()
    refreshGram()
    updateRisk(isStart: true)
  }

  /// M, Q and a as they are now.
  var state: NetworkState {
    NetworkState(model: model, axes: axes, gram: gram, secondLayer: law.secondLayer)
  }

  /// The state with Q taken anew from the frame, as every 4096 steps.
  func refreshedState() -> NetworkState {
    refreshGram()
    return state
  }

  /// The risk may be left out of steps, and is evaluated where it is seen.
  var point: PathPoint { PathPoint(risk: evaluatedRisk) { self.state } }

  var portion: Int { steppedPortion(width * width) }

  /// Writes the levels that are watched.
  func writeLevels(into output: UnsafeMutablePointer<Double>) {
    levels.write(into: output, axes: axes, gram: gram)
  }

  func pass(through transfer: any StateTransfer) throws {
    try memory.pass(through: transfer)
    try law.pass(through: transfer)
    try transfer.pass(
      &risk, stepsUntilRefresh: &stepsUntilRefresh, of: refreshInterval)
  }

  /// Takes one step of SGD on a fresh sample.
  func step(_ stream: RandomStream) {
    let (p, k) = (width, teacherUnits)
    var teacherNormSquared = 0.0
    for r in 0..<k {
      let value = stream.gaussian()
      normals[r] = value
      teacherNormSquared += value * value
    }
    let residualNormals = normals + k
    var residualNormSquared = 0.0
    for i in 0..<p {
      let value = stream.gaussian()
      residualNormals[i] = value
      residualNormSquared += value * value
    }
    let labelError = labelNoiseDeviation == 0 ? 0 : labelNoiseDeviation * stream.gaussian()
    let rest = stream.chiSquare(degreesOfFreedom: restDegrees)

    for j in 0..<p { residualField[j] = 0 }
    var index = 0
    for column in 0..<p {
      let value = residualNormals[column]
      let entries = factor + (index - column)
      for row in column..<p { residualField[row] += entries[row] * value }
      index += p - column
    }
    for j in 0..<p {
      var value = residualField[j]
      for r in 0..<k { value += axes[j * k + r] * normals[r] }
      field[j] = value
    }
    let offTeacher = residualNormSquared + rest
    let norm = offTeacher.squareRoot()
    let inverseDimension = 1 / dimension
    let scaledNorm = (teacherNormSquared + offTeacher) * inverseDimension
    let inputNorm = scaledNorm * inverseDimension
    law.push(
      into: push, fields: field, axes: normals, labelError: labelError, scaledNorm: scaledNorm)

    var diagonal = 0
    for j in 0..<p {
      let u = push[j]
      var own = gram[diagonal]
      if model.constraint.isTangential {
        let keep = 1 - u * field[j] * inverseDimension / own
        kept[j] = keep
        field[j] *= keep
        residualField[j] *= keep
        own *= keep * keep
      }
      rotated[j] = u * norm * inverseDimension + residualField[j] / norm
      if model.constraint.keepsNorm {
        let next = own + 2 * u * field[j] * inverseDimension + u * u * inputNorm
        scale[j] = 1 / next.squareRoot()
      }
      diagonal += p - j
      for r in 0..<k {
        axes[j * k + r] =
          scale[j] * (kept[j] * axes[j * k + r] + u * normals[r] * inverseDimension)
      }
    }
    sweep(residualNormals, offTeacher, inverseDimension, inputNorm)
    stepsUntilRefresh -= 1
    if Law.seesCarriedOverlaps { updateRisk() }
    if stepsUntilRefresh <= 0 { refreshGram() }
    if !Law.seesCarriedOverlaps { updateRisk() }
  }

  /// Updates B and Q column by column, with rows kept and scaled.
  ///
  /// But for that the new residual Gram matrix is B(I − ggᵀ/r²)Bᵀ + wwᵀ with r² = |g|² + χ² and
  /// w = u r/d + Bg/r. The factor of I − ggᵀ/r² has the closed form
  /// K_jj = √(t_j/t_{j−1}), K_ij = −g_ig_j/(r²√(t_jt_{j−1})), t_j = 1 − Σ_{i≤j} g_i²/r², so that
  /// BK needs only the running sums Σ_{i>j} B_ai g_i; the rank-one update follows by rotations.
  private func sweep(
    _ normals: UnsafePointer<Double>, _ normSquared: Double, _ inverseDimension: Double,
    _ inputNorm: Double
  ) {
    let p = width
    var index = 0
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
      let pivot = stretch * kept[column] * entries[column]
      let length = (pivot * pivot + rotated[column] * rotated[column]).squareRoot()
      let cosine = length > 0 ? pivot / length : 1
      let sine = length > 0 ? rotated[column] / length : 0

      let columnScale = scale[column]
      let columnKept = kept[column]
      let pushed = push[column] * inverseDimension
      let mixed = field[column] * inverseDimension + push[column] * inputNorm
      for row in column..<p {
        let old = kept[row] * entries[row]
        let running = residualField[row] - old * g
        residualField[row] = running
        let lowered = old * stretch + shear * running
        let other = rotated[row]
        entries[row] = scale[row] * (cosine * lowered + sine * other)
        rotated[row] = cosine * other - sine * lowered
        let before = kept[row] * columnKept * overlaps[row]
        overlaps[row] =
          scale[row] * columnScale * (before + field[row] * pushed + push[row] * mixed)
      }
      index += p - column
    }
  }

  /// Takes Q from [C B], and makes its diagonal exactly one where the constraint keeps it.
  private func refreshGram() {
    let (p, k) = (width, teacherUnits)
    if model.constraint.keepsNorm {
      for row in 0..<p {
        var square = 0.0
        for r in 0..<k { square += axes[row * k + r] * axes[row * k + r] }
        for column in 0...row {
          let value = factor[packedIndex(row, column, order: p)]
          square += value * value
        }
        let scale = 1 / square.squareRoot()
        for r in 0..<k { axes[row * k + r] *= scale }
        for column in 0...row { factor[packedIndex(row, column, order: p)] *= scale }
      }
    }
    var index = 0
    for column in 0..<p {
      for row in column..<p {
        var sum = 0.0
        for r in 0..<k { sum += axes[row * k + r] * axes[column * k + r] }
        gram[index + row - column] = sum
      }
      for i in 0...column {
        let entries = factor + (packedIndex(i, i, order: p) - i)
        let value = entries[column]
        for row in column..<p { gram[index + row - column] += entries[row] * value }
      }
      index += p - column
    }
    stepsUntilRefresh = refreshInterval
  }

  private func updateRisk(isStart: Bool = false) {
    guard levels.isFinite(gram: gram) else {
      risk = .nan
      return
    }
    risk = watchesRisk ? law.risk(axes: axes, gram: gram, isStart: isStart) : 0
  }

  /// The excess risk as it is now, also where steps do without.
  var evaluatedRisk: Double {
    watchesRisk || !risk.isFinite ? risk : law.risk(axes: axes, gram: gram, isStart: false)
  }
}

extension NetworkChain where Law == NetworkLaw {
  /// Creates the chain of any network; without `watchesRisk` the risk is evaluated where it is seen alone.
  convenience init(model: Model, watchesRisk: Bool = true, levels: [ExitCriterion] = []) throws {
    self.init(
      model: model, law: try NetworkLaw(model: model), watchesRisk: watchesRisk, levels: levels)
  }
}

/// Index of entry (row, column), row ≥ column, of a lower triangle packed column by column.
@inline(__always)
func packedIndex(_ row: Int, _ column: Int, order: Int) -> Int {
  column * order - column * (column - 1) / 2 + row - column
}
