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
  private var midway: [Double]

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
    midway = zeros
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
    for i in 0..<layout.count { midway[i] = 0.5 * state[i] }

    normals.withUnsafeMutableBufferPointer { stream.fillGaussian($0) }
    let amplitude = (model.timePerStep * duration).squareRoot()
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
    for i in 0..<layout.count { midway[i] += 0.5 * state[i] }
    riskVariance = model.timePerStep * variance(along: midway, factor, order)
    moments.update(state, order: .covariance)
    risk = moments.risk
  }

  private func evaluateDrift(into output: inout [Double]) {
    moments.drift(into: &output)
    if finiteSizeDrift { moments.addFiniteSizeDrift(to: &output) }
  }

  /// ∇Rᵀ C ∇R, with ∇R = 4A_jA_r M_jr and 4A_jA_l Q_jl taken midway.
  ///
  /// R is quadratic, so that its midway gradient turns the step into its ΔR exactly.
  private func variance(
    along midway: [Double], _ factor: UnsafePointer<Double>, _ order: Int
  ) -> Double {
    let (p, k) = (layout.width, layout.teacherUnits)
    var row = 0
    for j in 0..<p {
      for r in 0..<k {
        let weight = 4 * moments.form[j] * moments.form[p + r]
        gradient[row] = weight * midway[layout.teacherOverlap(j, r)]
        row += 1
      }
    }
    for j in 0..<p {
      for l in 0..<j {
        let weight = 4 * moments.form[j] * moments.form[l]
        gradient[row] = weight * midway[layout.studentOverlap(j, l)]
        row += 1
      }
    }
    var variance = 0.0
    for column in 0..<order {
      var sum = 0.0
      for row in column..<order { sum += gradient[row] * factor[row * order + column] }
      variance += sum * sum
    }
    return variance
  }

  /// Keeps overlaps of unit vectors in [−1, 1].
  private func hold(_ values: inout [Double]) {
    for i in 0..<layout.count { values[i] = min(max(values[i], -1), 1) }
  }
}
