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
  private let function: ActivationFunction
  private let target: TargetFunction
  private let memory: KernelMemory
  private let values: UnsafeMutablePointer<Double>
  private let slopes: UnsafeMutablePointer<Double>
  private let moved: UnsafeMutablePointer<Double>
  /// Σ_b e_bσ(λ_jb) of the samples of a batch so far.
  private let gathered: UnsafeMutablePointer<Double>
  private let rate: Double
  private let secondLayerRate: Double

  init(model: Model) {
    self.model = model
    function = ActivationFunction(model.activation)
    target = TargetFunction(model: model)
    let batch = Double(model.rule.batchSize)
    rate = model.learningRate / Double(model.width) / batch
    secondLayerRate = model.secondLayerRate / Double(model.width) / batch
    let p = model.width
    memory = KernelMemory([p, p, p, p, p])
    secondLayer = memory.take(p)
    values = memory.take(p)
    slopes = memory.take(p)
    moved = memory.take(p)
    gathered = memory.take(p)
    reset()
  }

  /// Puts the second layer at its start.
  func reset() {
    memory.clear()
    for j in 0..<model.width { secondLayer[j] = model.secondLayer[j] }
  }

  /// Writes u_j of the one sample of a step and moves the second layer.
  ///
  /// `axes` are the input's coordinates along the teacher's axes, `fields` the λ_j, `scaledNorm` is |x|²/d.
  func push(
    into output: UnsafeMutablePointer<Double>, fields: UnsafePointer<Double>,
    axes: UnsafePointer<Double>, labelError: Double, scaledNorm: Double
  ) {
    let p = model.width
    let error = error(fields, label: target.value(axes) + labelError, scaledNorm)
    for j in 0..<p { output[j] = rate * secondLayer[j] * error * slopes[j] }
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
      output[j] = rate * secondLayer[j] * error * slopes[j]
      gathered[j] += error * values[j]
    }
  }

  /// Moves the second layer by what the samples of a batch gave.
  func settle() {
    let p = model.width
    if secondLayerRate > 0 {
      for j in 0..<p { secondLayer[j] += secondLayerRate * gathered[j] }
      normalise()
    }
    for j in 0..<p { gathered[j] = 0 }
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
