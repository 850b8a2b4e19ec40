/// Turns the fields of one sample into the push on each student and moves the second layer.
///
/// u_j = (γ/(pB)) a_j e σ'(λ_j) with e = ℰ or, by the correlation loss, y; then a_j += (γ_a/(pB)) e σ(λ_j) and, if asked for,
/// a_j ← p a_j/Σ a. With a look-ahead e, σ and σ' are those at λ_j + ρ a_j e σ'(λ_j) |x|²/d. It is the one definition of
/// all chains, and of full SGD on one fresh sample beyond phase retrieval. A workspace belongs to one task; a call
/// allocates nothing.
final class SampleGradient {
  /// The second layer a.
  let secondLayer: UnsafeMutablePointer<Double>
  private let model: Model
  private let isUniform: Bool
  private let function: ActivationFunction
  private let target: TargetFunction
  private let memory: KernelMemory
  private let values: UnsafeMutablePointer<Double>
  private let slopes: UnsafeMutablePointer<Double>
  private let moved: UnsafeMutablePointer<Double>
  /// Σ_b e_bσ(λ_jb) of the samples of a batch so far.
  private let gathered: UnsafeMutablePointer<Double>
  private var unitRate = 0.0
  private var secondLayerRate = 0.0
  /// Steps taken since the start, where the rates depend on them.
  private var step = 0

  init(model: Model) {
    self.model = model
    isUniform = model.hasConstantRates
    function = ActivationFunction(model.activation)
    target = TargetFunction(model: model)
    let p = model.width
    memory = KernelMemory([p, p, p, p, p])
    secondLayer = memory.take(p)
    values = memory.take(p)
    slopes = memory.take(p)
    moved = memory.take(p)
    gathered = memory.take(p)
    reset()
  }

  /// Puts the second layer, and the rates, at their start.
  func reset() {
    memory.clear()
    for j in 0..<model.width { secondLayer[j] = model.secondLayer[j] }
    step = 0
    takeRates()
  }

  /// Passes the second layer, and the steps taken where the rates depend on them.
  func pass(through transfer: any StateTransfer) throws {
    try transfer.pass(secondLayer, count: model.width)
    guard !isUniform else { return }
    try transfer.pass(&step)
    try StateError.require((0..<(1 << 60)).contains(step))
    takeRates()
  }

  /// Goes on to the next step.
  private func goOn() {
    guard !isUniform else { return }
    step += 1
    takeRates()
  }

  /// Takes the rates γ/(pB) and γ_a/(pB) of the coming step.
  private func takeRates() {
    let learningRate = model.clock.learningRate(ofStep: step)
    let batch = Double(model.rule.batchSize)
    unitRate = learningRate / Double(model.width) / batch
    secondLayerRate =
      model.secondLayerRate / Double(model.width) / batch
      * model.secondLayerFactor(ofStep: step, learningRate: learningRate)
  }

  /// Writes u_j of the one sample of a step, moves the second layer, and goes on to the next step.
  ///
  /// `axes` are the input's coordinates along the teacher's axes, `fields` the λ_j, `scaledNorm` is |x|²/d.
  func push(
    into output: UnsafeMutablePointer<Double>, fields: UnsafePointer<Double>,
    axes: UnsafePointer<Double>, labelError: Double, scaledNorm: Double
  ) {
    defer { goOn() }
    let p = model.width
    let error = error(fields, label: target.value(axes) + labelError, scaledNorm)
    for j in 0..<p { output[j] = unitRate * secondLayer[j] * error * slopes[j] }
    guard secondLayerRate > 0 else { return }
    for j in 0..<p { secondLayer[j] += secondLayerRate * error * values[j] }
    normalise()
  }

  /// Writes u_j of a sample of a batch; the second layer moves with ``settle()``.
  func addPush(
    into output: UnsafeMutablePointer<Double>, fields: UnsafePointer<Double>,
    axes: UnsafePointer<Double>, labelError: Double, scaledNorm: Double
  ) {
    let p = model.width
    let error = error(fields, label: target.value(axes) + labelError, scaledNorm)
    for j in 0..<p {
      output[j] = unitRate * secondLayer[j] * error * slopes[j]
      gathered[j] += error * values[j]
    }
  }

  /// Moves the second layer by what the samples of a batch gave, and goes on to the next step.
  func settle() {
    let p = model.width
    if secondLayerRate > 0 {
      for j in 0..<p { secondLayer[j] += secondLayerRate * gathered[j] }
      normalise()
    }
    for j in 0..<p { gathered[j] = 0 }
    goOn()
  }

  /// e where the gradient is taken; leaves σ and σ' there.
  private func error(
    _ fields: UnsafePointer<Double>, label: Double, _ scaledNorm: Double
  ) -> Double {
    let error = error(fields, label: label)
    guard model.rule.lookAhead != 0 else { return error }
    let reach = model.rule.lookAhead * scaledNorm
    for j in 0..<model.width { moved[j] = fields[j] + reach * secondLayer[j] * error * slopes[j] }
    return self.error(moved, label: label)
  }

  private func error(_ fields: UnsafePointer<Double>, label: Double) -> Double {
    let p = model.width
    function.evaluate(fields, count: p, values: values, slopes: slopes)
    guard model.rule.loss == .square else { return label }
    var sum = 0.0
    for j in 0..<p { sum += secondLayer[j] * values[j] }
    return label - sum / Double(p)
  }

  private func normalise() {
    guard model.normalisesSecondLayer else { return }
    let p = model.width
    var total = 0.0
    for j in 0..<p { total += secondLayer[j] }
    let scale = Double(p) / total
    for j in 0..<p { secondLayer[j] *= scale }
  }
}
