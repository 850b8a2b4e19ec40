/// What one sample does to the students, and the risk that they have.
///
/// It is the one definition that the exact chain and full SGD share. A workspace belongs to one task; calls
/// allocate nothing.
protocol SampleLaw: AnyObject {
  /// Whether the risk after a step is that of the student overlaps carried along, where they are just taken anew.
  static var seesCarriedOverlaps: Bool { get }
  /// The second layer a.
  var secondLayer: UnsafeMutablePointer<Double> { get }
  /// Puts the second layer at its start.
  func reset()
  /// Passes what the next step depends on.
  func pass(through transfer: any StateTransfer) throws
  /// Writes u_j and moves the second layer.
  ///
  /// `axes` are the input's coordinates along the teacher's axes, `fields` the λ_j, `scaledNorm` is |x|²/d.
  func push(
    into output: UnsafeMutablePointer<Double>, fields: UnsafePointer<Double>,
    axes: UnsafePointer<Double>, labelError: Double, scaledNorm: Double)
  /// The excess risk at C and Q, a lower triangle column by column; at a start or after a step.
  func risk(axes: UnsafePointer<Double>, gram: UnsafePointer<Double>, isStart: Bool) -> Double
}

/// The law of squared activations on the sphere with a fixed second layer, where the error is a quadratic form.
///
/// u_j = 2(γ/p) a_jℰλ_j, ℰ = Σ_i A_iλ_i² + √Δ z. Its sums have an order of their own, which results depend on.
final class SquareLaw: SampleLaw {
  static var seesCarriedOverlaps: Bool { true }

  let secondLayer: UnsafeMutablePointer<Double>
  private let width: Int
  private let teacherUnits: Int
  private let unitRate: Double
  /// A, students first.
  private let form: UnsafeMutablePointer<Double>
  private let teacherTrace: Double
  private let teacherSquares: Double

  init(model: Model) {
    width = model.width
    teacherUnits = model.teacherUnits
    unitRate = model.learningRate / Double(model.width)
    secondLayer = .allocate(capacity: width)
    secondLayer.initialize(from: model.secondLayer, count: width)
    form = .allocate(capacity: model.fieldCount)
    form.initialize(from: model.errorForm, count: model.fieldCount)
    let units = model.errorForm[width...]
    teacherTrace = units.reduce(0, +)
    teacherSquares = units.reduce(0) { $0 + $1 * $1 }
  }

  deinit {
    secondLayer.deallocate()
    form.deallocate()
  }

  func reset() {}

  func pass(through transfer: any StateTransfer) {}

  func push(
    into output: UnsafeMutablePointer<Double>, fields: UnsafePointer<Double>,
    axes: UnsafePointer<Double>, labelError: Double, scaledNorm: Double
  ) {
    var error = 0.0
    for r in 0..<teacherUnits { error += form[width + r] * axes[r] * axes[r] }
    error += labelError
    for j in 0..<width { error += form[j] * fields[j] * fields[j] }
    for j in 0..<width { output[j] = 2 * unitRate * secondLayer[j] * error * fields[j] }
  }

  /// ½(tr AΩ)² + tr(AΩAΩ).
  func risk(axes: UnsafePointer<Double>, gram: UnsafePointer<Double>, isStart: Bool) -> Double {
    isStart ? riskByRows(axes, gram) : riskByColumns(axes, gram)
  }

  private func riskByRows(_ axes: UnsafePointer<Double>, _ gram: UnsafePointer<Double>) -> Double {
    var (trace, squares) = (teacherTrace, teacherSquares)
    for j in 0..<width {
      trace += form[j] * gram[packedIndex(j, j, order: width)]
      for r in 0..<teacherUnits {
        let overlap = axes[j * teacherUnits + r]
        squares += 2 * form[j] * form[width + r] * overlap * overlap
      }
      for l in 0...j {
        let overlap = gram[packedIndex(j, l, order: width)]
        squares += (l == j ? 1.0 : 2.0) * form[j] * form[l] * overlap * overlap
      }
    }
    return 0.5 * trace * trace + squares
  }

  /// The same for unit norms, along memory.
  private func riskByColumns(
    _ axes: UnsafePointer<Double>, _ gram: UnsafePointer<Double>
  ) -> Double {
    var (trace, cross, squares) = (teacherTrace, 0.0, 0.0)
    var column = gram
    for j in 0..<width {
      trace += form[j]
      for r in 0..<teacherUnits {
        let overlap = axes[j * teacherUnits + r]
        cross += form[j] * form[width + r] * overlap * overlap
      }
      var sum = 0.0
      for row in j..<width { sum += form[row] * column[row - j] * column[row - j] }
      squares += 2 * form[j] * sum - form[j] * form[j] * column[0] * column[0]
      column += width - j
    }
    return 0.5 * trace * trace + teacherSquares + 2 * cross + squares
  }
}

/// The law of any network by any rule of one fresh sample a step, as ``SampleGradient`` has it.
final class NetworkLaw: SampleLaw {
  static var seesCarriedOverlaps: Bool { false }

  private let gradient: SampleGradient
  private let networkRisk: NetworkRisk

  init(model: Model) throws {
    gradient = SampleGradient(model: model)
    networkRisk = try NetworkRisk(model: model)
  }

  var secondLayer: UnsafeMutablePointer<Double> { gradient.secondLayer }

  func reset() { gradient.reset() }

  func pass(through transfer: any StateTransfer) throws { try gradient.pass(through: transfer) }

  func push(
    into output: UnsafeMutablePointer<Double>, fields: UnsafePointer<Double>,
    axes: UnsafePointer<Double>, labelError: Double, scaledNorm: Double
  ) {
    gradient.push(
      into: output, fields: fields, axes: axes, labelError: labelError, scaledNorm: scaledNorm)
  }

  func risk(axes: UnsafePointer<Double>, gram: UnsafePointer<Double>, isStart: Bool) -> Double {
    networkRisk.value(axes: axes, gram: gram, secondLayer: secondLayer)
  }
}
