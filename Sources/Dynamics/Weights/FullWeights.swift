import GSL

/// Holds the d-dimensional weights of one replica of full SGD and takes its steps.
///
/// Row j is scale_j times the stored row. A workspace belongs to one task; a step allocates nothing.
final class FullWeights: SteppedReplica {
  let model: Model
  /// The excess risk after the last step.
  private(set) var risk = 0.0

  private let width: Int
  private let teacherUnits: Int
  private let dimension: Int
  private let unitRate: Double
  private let labelNoiseDeviation: Double
  private let form: [Double]
  private let rows: UnsafeMutablePointer<Double>
  private let input: UnsafeMutablePointer<Double>
  private let scale: UnsafeMutablePointer<Double>
  private let field: UnsafeMutablePointer<Double>
  private let push: UnsafeMutablePointer<Double>
  /// Q, row-major; the lower triangle is meant.
  private let gram: UnsafeMutablePointer<Double>
  private var stepsUntilRefresh = 0

  private static let refreshInterval = 4096

  init(model: Model) {
    func zeros(_ count: Int) -> UnsafeMutablePointer<Double> {
      let memory = UnsafeMutablePointer<Double>.allocate(capacity: count)
      memory.initialize(repeating: 0, count: count)
      return memory
    }
    self.model = model
    width = model.width
    teacherUnits = model.teacherUnits
    dimension = model.dimension
    unitRate = model.learningRate / Double(model.width)
    labelNoiseDeviation = model.labelNoise.squareRoot()
    form = model.errorForm
    rows = zeros(width * dimension)
    input = zeros(dimension)
    scale = zeros(width)
    field = zeros(width)
    push = zeros(width)
    gram = zeros(width * width)
  }

  deinit {
    for memory in [rows, input, scale, field, push, gram] { memory.deallocate() }
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
    refresh()
    risk = currentRisk()
  }

  /// The overlaps as a flat state.
  var overlaps: [Double] {
    let layout = model.layout
    var state = [Double](repeating: 0, count: layout.count)
    for j in 0..<width {
      for r in 0..<teacherUnits { state[layout.teacherOverlap(j, r)] = teacherOverlap(j, r) }
      for l in 0...j { state[layout.studentOverlap(j, l)] = gram[j * width + l] }
    }
    return state
  }

  var point: PathPoint {
    PathPoint(risk: risk) { NetworkState(model: self.model, state: self.overlaps) }
  }

  var portion: Int { steppedPortion(width * dimension) }

  func pass(through transfer: any StateTransfer) throws {
    try transfer.pass(rows, count: width * dimension)
    try transfer.pass(scale, count: width)
    try transfer.pass(gram, count: width * width)
    try transfer.pass(&risk, stepsUntilRefresh: &stepsUntilRefresh, of: FullWeights.refreshInterval)
  }

  /// Takes one step of SGD on a fresh sample.
  func step(_ stream: RandomStream) {
    stream.fillGaussian(UnsafeMutableBufferPointer(start: input, count: dimension))
    let length = Double(dimension).squareRoot()
    var error = labelNoiseDeviation == 0 ? 0 : labelNoiseDeviation * stream.gaussian()
    for r in 0..<teacherUnits { error += form[width + r] * input[r] * input[r] }
    for j in 0..<width {
      let value = scale[j] * dot(rows + j * dimension, input, dimension) / length
      field[j] = value
      error += form[j] * value * value
    }
    let inverseDimension = 1 / Double(dimension)
    let inputNorm = dot(input, input, dimension) * inverseDimension * inverseDimension
    for j in 0..<width {
      push[j] = 2 * unitRate * model.secondLayer[j] * error * field[j]
      let amount = push[j] / (scale[j] * length)
      let row = rows + j * dimension
      for i in 0..<dimension { row[i] += amount * input[i] }
    }
    for j in 0..<width {
      for l in 0...j {
        let cross = (push[j] * field[l] + push[l] * field[j]) * inverseDimension
        gram[j * width + l] += cross + push[j] * push[l] * inputNorm
      }
    }
    normalise()
    stepsUntilRefresh -= 1
    if stepsUntilRefresh <= 0 { refresh() }
    risk = currentRisk()
  }

  private func teacherOverlap(_ j: Int, _ r: Int) -> Double {
    scale[j] * rows[j * dimension + r] / Double(dimension).squareRoot()
  }

  /// Scales the rows so that Q_jj = 1.
  private func normalise() {
    for j in 0..<width { field[j] = 1 / gram[j * width + j].squareRoot() }
    for j in 0..<width {
      scale[j] *= field[j]
      for l in 0...j { gram[j * width + l] *= field[j] * field[l] }
    }
  }

  /// Takes Q from the weights and puts the scales into the rows.
  private func refresh() {
    for j in 0..<width {
      let row = rows + j * dimension
      for i in 0..<dimension { row[i] *= scale[j] }
      scale[j] = 1
      for l in 0...j {
        gram[j * width + l] = dot(row, rows + l * dimension, dimension) / Double(dimension)
      }
    }
    normalise()
    stepsUntilRefresh = FullWeights.refreshInterval
  }

  private func currentRisk() -> Double {
    var trace = 0.0
    var squares = 0.0
    for r in width..<(width + teacherUnits) {
      trace += form[r]
      squares += form[r] * form[r]
    }
    for j in 0..<width {
      trace += form[j] * gram[j * width + j]
      for r in 0..<teacherUnits {
        let overlap = teacherOverlap(j, r)
        squares += 2 * form[j] * form[width + r] * overlap * overlap
      }
      for l in 0...j {
        let overlap = gram[j * width + l]
        squares += (l == j ? 1 : 2) * form[j] * form[l] * overlap * overlap
      }
    }
    return 0.5 * trace * trace + squares
  }
}

/// Σ x_i y_i in eight interleaved partial sums, whose order is part of the result.
func dot(
  _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int
) -> Double {
  var sums = SIMD8<Double>(repeating: 0)
  var i = 0
  while i + 8 <= count {
    let left = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Double>.self)
    let right = UnsafeRawPointer(y + i).loadUnaligned(as: SIMD8<Double>.self)
    sums += left * right
    i += 8
  }
  var total = sums.sum()
  while i < count {
    total += x[i] * y[i]
    i += 1
  }
  return total
}
