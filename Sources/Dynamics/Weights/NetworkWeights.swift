import GSL

/// Holds the d-dimensional weights of one replica of full SGD for any activation, target, constraint
/// and second layer.
///
/// Row j is scale_j times the stored row; the teacher's orthonormal axes are the first k coordinates. A
/// workspace belongs to one task; a step allocates nothing.
final class NetworkWeights: SteppedReplica {
  let model: Model
  /// The excess risk after the last step; not a number once a norm is no finite number.
  private(set) var risk = 0.0

  private let width: Int
  private let teacherUnits: Int
  private let dimension: Int
  private let labelNoiseDeviation: Double
  private let law: NetworkLaw
  private let levels: OverlapLevels
  private let watchesRisk: Bool
  private let memory: KernelMemory
  private let rows: UnsafeMutablePointer<Double>
  private let input: UnsafeMutablePointer<Double>
  private let scale: UnsafeMutablePointer<Double>
  private let kept: UnsafeMutablePointer<Double>
  private let field: UnsafeMutablePointer<Double>
  private let push: UnsafeMutablePointer<Double>
  private let axes: UnsafeMutablePointer<Double>
  /// Q, its lower triangle column by column.
  private let gram: UnsafeMutablePointer<Double>
  private var stepsUntilRefresh = 0

  private static let refreshInterval = 4096

  init(model: Model, watchesRisk: Bool = true, levels: [ExitCriterion] = []) throws {
    self.model = model
    self.watchesRisk = watchesRisk
    let (p, k, d) = (model.width, model.teacherUnits, model.dimension)
    width = p
    teacherUnits = k
    dimension = d
    labelNoiseDeviation = model.labelNoise.squareRoot()
    law = try NetworkLaw(model: model)
    self.levels = OverlapLevels(model: model, criteria: levels)
    let triangle = p * (p + 1) / 2
    memory = KernelMemory([p * d, d, p, p, p, p, p * k, triangle])
    rows = memory.take(p * d)
    input = memory.take(d)
    scale = memory.take(p)
    kept = memory.take(p)
    field = memory.take(p)
    push = memory.take(p)
    axes = memory.take(p * k)
    gram = memory.take(triangle)
    for j in 0..<p { kept[j] = 1 }
  }

  /// Puts the students on the first p + k coordinates, where the frame says.
  func place(_ frame: StudentFrame) {
    let length = Double(dimension).squareRoot()
    for j in 0..<width {
      let row = rows + j * dimension
      for i in 0..<dimension { row[i] = 0 }
      for r in 0..<teacherUnits {
        row[r] = length * frame.teacherOverlaps[j * teacherUnits + r]
      }
      for i in 0...j { row[teacherUnits + i] = length * frame.residual[j * width + i] }
      scale[j] = 1
    }
    law.reset()
    refresh()
    updateRisk()
  }

  /// M, Q and a as they are now.
  var state: NetworkState {
    NetworkState(model: model, axes: axes, gram: gram, secondLayer: law.secondLayer)
  }

  /// The risk may be left out of steps, and is evaluated where it is seen.
  var point: PathPoint { PathPoint(risk: evaluatedRisk) { self.state } }

  var portion: Int { steppedPortion(width * dimension) }

  /// Writes the levels that are watched.
  func writeLevels(into output: UnsafeMutablePointer<Double>) {
    levels.write(into: output, axes: axes, gram: gram)
  }

  func pass(through transfer: any StateTransfer) throws {
    try memory.pass(through: transfer)
    try law.pass(through: transfer)
    try transfer.pass(
      &risk, stepsUntilRefresh: &stepsUntilRefresh, of: NetworkWeights.refreshInterval)
  }

  /// Takes one step of SGD on a fresh sample.
  func step(_ stream: RandomStream) {
    stream.fillGaussian(UnsafeMutableBufferPointer(start: input, count: dimension))
    let length = Double(dimension).squareRoot()
    let labelError = labelNoiseDeviation == 0 ? 0 : labelNoiseDeviation * stream.gaussian()
    for j in 0..<width {
      field[j] = scale[j] * dot(rows + j * dimension, input, dimension) / length
    }
    let inverseDimension = 1 / Double(dimension)
    let scaledNorm = dot(input, input, dimension) * inverseDimension
    let inputNorm = scaledNorm * inverseDimension
    law.push(
      into: push, fields: field, axes: input, labelError: labelError, scaledNorm: scaledNorm)
    if model.constraint == .lagrange {
      for j in 0..<width {
        let own = gram[packedIndex(j, j, order: width)]
        kept[j] = 1 - push[j] * field[j] * inverseDimension / own
        scale[j] *= kept[j]
      }
    }
    for j in 0..<width {
      let amount = push[j] / (scale[j] * length)
      let row = rows + j * dimension
      for i in 0..<dimension { row[i] += amount * input[i] }
    }
    var index = 0
    for column in 0..<width {
      for row in column..<width {
        let before = kept[row] * kept[column] * gram[index]
        let first = push[row] * kept[column] * field[column]
        let second = push[column] * kept[row] * field[row]
        gram[index] =
          before + (first + second) * inverseDimension + push[row] * push[column] * inputNorm
        index += 1
      }
    }
    if model.constraint == .spherical { normalise() }
    if stepsUntilRefresh <= 0 { refresh() }
    stepsUntilRefresh -= 1
    readAxes()
    updateRisk()
  }

  /// Scales the rows so that Q_jj = 1.
  private func normalise() {
    for j in 0..<width { field[j] = 1 / gram[packedIndex(j, j, order: width)].squareRoot() }
    var index = 0
    for column in 0..<width {
      scale[column] *= field[column]
      // Pushes far beyond the weights, step after step, would run the scale out of range.
      if scale[column] < 1e-60 { stepsUntilRefresh = 0 }
      for row in column..<width {
        gram[index] *= field[row] * field[column]
        index += 1
      }
    }
  }

  /// Takes Q from the weights and puts the scales into the rows.
  private func refresh() {
    for j in 0..<width {
      let row = rows + j * dimension
      for i in 0..<dimension { row[i] *= scale[j] }
      scale[j] = 1
    }
    var index = 0
    for column in 0..<width {
      for row in column..<width {
        gram[index] =
          dot(rows + row * dimension, rows + column * dimension, dimension) / Double(dimension)
        index += 1
      }
    }
    stepsUntilRefresh = NetworkWeights.refreshInterval
    if model.constraint == .spherical { normalise() }
    readAxes()
  }

  private func readAxes() {
    let inverseLength = 1 / Double(dimension).squareRoot()
    for j in 0..<width {
      for r in 0..<teacherUnits {
        axes[j * teacherUnits + r] = scale[j] * rows[j * dimension + r] * inverseLength
      }
    }
  }

  private func updateRisk() {
    guard levels.isFinite(gram: gram) else {
      risk = .nan
      return
    }
    risk = watchesRisk ? law.risk(axes: axes, gram: gram, isStart: false) : 0
  }

  /// The excess risk as it is now, also where steps do without.
  var evaluatedRisk: Double {
    watchesRisk || !risk.isFinite ? risk : law.risk(axes: axes, gram: gram, isStart: false)
  }
}
