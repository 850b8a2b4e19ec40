import GSL

/// Follows the SDE for any p and k on the full covariance of the overlaps.
final class OverlapPath: DiffusionPath {
  private(set) var risk = 0.0
  private(set) var riskVariance = 0.0
  /// The overlaps as a flat state.
  private(set) var state: [Double]

  private let model: Model
  private let layout: OverlapLayout
  private let moments: FieldMoments
  private let covariance: IncrementCovariance
  private let scheme: DiffusionScheme
  private let finiteSizeDrift: Bool
  private var drift: [Double]
  private var predictedDrift: [Double]
  private var predicted: [Double]
  private var normals: [Double]
  private var gradient: [Double]

  init(engine: DiffusionLimit) {
    model = engine.model
    layout = model.layout
    moments = FieldMoments(model: model)
    covariance = IncrementCovariance(model: model)
    scheme = engine.scheme
    finiteSizeDrift = engine.finiteSizeDrift
    let zeros = [Double](repeating: 0, count: layout.count)
    state = zeros
    drift = zeros
    predicted = zeros
    predictedDrift = zeros
    normals = [Double](repeating: 0, count: covariance.order)
    gradient = normals
  }

  func place(_ frame: StudentFrame) {
    state = frame.overlaps
    moments.update(state, order: .covariance)
    risk = moments.risk
  }

  func advance(_ duration: Double, _ stream: RandomStream) {
    // `moments` belong to `state` here: the end of the last step or `place` left them so.
    evaluateDrift(into: &drift)
    covariance.evaluate(moments)
    let order = covariance.order
    let factor = covariance.matrix
    factorSemidefinite(factor, order: order)
    evaluateGradient()

    let noiseScale = model.timePerStep
    normals.withUnsafeMutableBufferPointer { stream.fillGaussian($0) }
    var variance = 0.0
    for column in 0..<order {
      var sum = 0.0
      for row in column..<order { sum += gradient[row] * factor[row * order + column] }
      variance += sum * sum
    }
    riskVariance = noiseScale * variance

    let amplitude = (noiseScale * duration).squareRoot()
    for row in 0..<order {
      var noise = 0.0
      for column in 0...row { noise += factor[row * order + column] * normals[column] }
      state[covariance.active[row]] += amplitude * noise
    }
    switch scheme {
    case .eulerMaruyama:
      for i in 0..<layout.count { state[i] += duration * drift[i] }
    case .driftHeun:
      for i in 0..<layout.count { predicted[i] = state[i] + duration * drift[i] }
      hold(&predicted)
      moments.update(predicted, order: finiteSizeDrift ? .covariance : .drift)
      evaluateDrift(into: &predictedDrift)
      for i in 0..<layout.count {
        state[i] += 0.5 * duration * (drift[i] + predictedDrift[i])
      }
    }
    hold(&state)
    moments.update(state, order: .covariance)
    risk = moments.risk
  }

  private func evaluateDrift(into output: inout [Double]) {
    moments.drift(into: &output)
    if finiteSizeDrift { moments.addFiniteSizeDrift(to: &output) }
  }

  /// ∇R over the active components: 4A_jA_r M_jr and 4A_jA_l Q_jl.
  private func evaluateGradient() {
    let (p, k) = (layout.width, layout.teacherUnits)
    var row = 0
    for j in 0..<p {
      for r in p..<(p + k) {
        gradient[row] = 4 * moments.form[j] * moments.form[r] * moments.gram(j, r)
        row += 1
      }
    }
    for j in 0..<p {
      for l in 0..<j {
        gradient[row] = 4 * moments.form[j] * moments.form[l] * moments.gram(j, l)
        row += 1
      }
    }
  }

  /// Keeps overlaps of unit vectors in [−1, 1].
  private func hold(_ values: inout [Double]) {
    for i in 0..<layout.count { values[i] = min(max(values[i], -1), 1) }
  }
}
