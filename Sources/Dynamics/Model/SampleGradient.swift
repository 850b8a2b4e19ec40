/// Turns the fields of one sample into the push on each student and moves the second layer.
///
/// u_j = (γ/p) a_jℰσ'(λ_j), then a_j += (γ_a/p) ℰσ(λ_j) and, if asked for, a_j ← p a_j/Σ a. It is the
/// one definition that the exact chain and full SGD share beyond phase retrieval. A workspace belongs to
/// one task; a call allocates nothing.
final class SampleGradient {
  /// The second layer a.
  let secondLayer: UnsafeMutablePointer<Double>
  private let model: Model
  private let isUniform: Bool
  private let function: ActivationFunction
  private let target: TargetFunction
  private let values: UnsafeMutablePointer<Double>
  private let slopes: UnsafeMutablePointer<Double>
  private var rate = 0.0
  private var secondLayerRate = 0.0
  /// Steps taken since the start, where the rate depends on them.
  private var step = 0

  init(model: Model) {
    self.model = model
    isUniform = model.clock.isUniform
    function = ActivationFunction(model.activation)
    target = TargetFunction(model: model)
    secondLayer = .allocate(capacity: model.width)
    values = .allocate(capacity: model.width)
    slopes = .allocate(capacity: model.width)
    reset()
  }

  deinit {
    secondLayer.deallocate()
    values.deallocate()
    slopes.deallocate()
  }

  /// Puts the second layer, and the rates, at their start.
  func reset() {
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

  /// Takes the rates γ/p and γ_a/p of the coming step, the second layer's in proportion to the first's.
  private func takeRates() {
    let learningRate = model.clock.learningRate(ofStep: step)
    rate = learningRate / Double(model.width)
    secondLayerRate =
      model.secondLayerRate / Double(model.width) * (learningRate / model.learningRate)
  }

  /// Writes u_j, moves the second layer, and goes on to the rates of the next step.
  ///
  /// `axes` are the input's coordinates along the teacher's axes, `fields` the λ_j.
  func push(
    into output: UnsafeMutablePointer<Double>, fields: UnsafePointer<Double>,
    axes: UnsafePointer<Double>, labelError: Double
  ) {
    defer {
      if !isUniform {
        step += 1
        takeRates()
      }
    }
    let p = model.width
    function.evaluate(fields, count: p, values: values, slopes: slopes)
    var sum = 0.0
    for j in 0..<p { sum += secondLayer[j] * values[j] }
    let error = target.value(axes) + labelError - sum / Double(p)
    for j in 0..<p { output[j] = rate * secondLayer[j] * error * slopes[j] }
    guard secondLayerRate > 0 else { return }
    for j in 0..<p { secondLayer[j] += secondLayerRate * error * values[j] }
    guard model.normalisesSecondLayer else { return }
    var total = 0.0
    for j in 0..<p { total += secondLayer[j] }
    let scale = Double(p) / total
    for j in 0..<p { secondLayer[j] *= scale }
  }
}
