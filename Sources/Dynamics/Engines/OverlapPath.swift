import GSL

/// Follows the SDE for any p and k, with noise drawn in the eigenbasis of the error form.
///
/// The finite-size drift is taken at a step's beginning: it is O(1/d), so that a second evaluation
/// would gain no more than the O(h/d) that the noise leaves open anyway.
final class OverlapPath: DiffusionPath {
  private(set) var risk = 0.0
  private(set) var riskVariance = 0.0
  /// The overlaps as a flat state.
  private(set) var state: [Double]

  var overlaps: [Double] { state }

  private let model: Model
  private let layout: OverlapLayout
  private let moments: FieldMoments
  private let noise: IncrementNoise
  private let scheme: DiffusionScheme
  private let finiteSizeDrift: Bool
  private let order: FieldMoments.Order
  private var drift: [Double]
  private var finiteSize: [Double]
  private var predicted: [Double]
  private var total: [Double]
  private var normals: [Double]
  private var increments: [Double]
  private var gradient: [Double]

  init(engine: DiffusionLimit) throws {
    model = engine.model
    layout = model.layout
    moments = FieldMoments(model: model)
    noise = try IncrementNoise(model: model)
    scheme = engine.scheme
    finiteSizeDrift = engine.finiteSizeDrift
    order = finiteSizeDrift ? .covariance : .drift
    let zeros = [Double](repeating: 0, count: layout.count)
    state = zeros
    drift = zeros
    finiteSize = zeros
    predicted = zeros
    total = zeros
    increments = zeros
    gradient = zeros
    normals = [Double](repeating: 0, count: noise.normalCount)
  }

  func place(_ frame: StudentFrame) {
    state = frame.overlaps
    moments.update(state, order: order)
    risk = moments.risk
  }

  func advance(_ duration: Double, _ stream: RandomStream) throws {
    // `moments` belong to `state` here: the end of the last step or `place` left them so.
    moments.drift(into: &drift)
    if finiteSizeDrift {
      for i in 0..<layout.count { finiteSize[i] = 0 }
      moments.addFiniteSizeDrift(to: &finiteSize)
    }
    try noise.update(state)
    normals.withUnsafeMutableBufferPointer { stream.fillGaussian($0) }
    noise.increments(from: normals, into: &increments)
    let amplitude = (model.timePerStep * duration).squareRoot()
    for i in 0..<layout.count {
      gradient[i] = state[i]
      state[i] += amplitude * increments[i] + duration * finiteSize[i]
    }
    // `state` holds what the noise made of it; `gradient` still holds where the step began.
    switch scheme {
    case .eulerMaruyama: move(&state, duration)
    case .driftHeun:
      predict(from: state, duration)
      move(&state, 0.5 * duration)
      takePredictedDrift()
      move(&state, 0.5 * duration)
    case .driftRungeKutta:
      // Each stage starts from the noisy overlaps but the second; all add up in `total`.
      for i in 0..<layout.count { total[i] = drift[i] }
      predict(from: gradient, 0.5 * duration)
      takePredictedDrift(weight: 2)
      predict(from: state, 0.5 * duration)
      takePredictedDrift(weight: 2)
      predict(from: state, duration)
      takePredictedDrift(weight: 1)
      for i in 0..<layout.count { state[i] += duration / 6 * total[i] }
    }
    hold(&state)
    takeMidwayGradient()
    riskVariance = model.timePerStep * noise.variance(along: gradient)
    moments.update(state, order: order)
    risk = moments.risk
  }

  /// ∇R = 4A_jA_r M_jr and 4A_jA_l Q_jl, taken midway from the overlaps that `gradient` holds to
  /// `state`.
  ///
  /// R is quadratic, so that its midway gradient turns the step into its ΔR exactly.
  private func takeMidwayGradient() {
    let (p, k) = (layout.width, layout.teacherUnits)
    let form = moments.form
    for j in 0..<p {
      for r in 0..<k {
        let at = layout.teacherOverlap(j, r)
        gradient[at] = 2 * form[j] * form[p + r] * (gradient[at] + state[at])
      }
      for l in 0..<j {
        let at = layout.studentOverlap(j, l)
        gradient[at] = 2 * form[j] * form[l] * (gradient[at] + state[at])
      }
      gradient[layout.studentOverlap(j, j)] = 0
    }
  }

  private func move(_ values: inout [Double], _ duration: Double) {
    for i in 0..<layout.count { values[i] += duration * drift[i] }
  }

  private func predict(from values: [Double], _ duration: Double) {
    for i in 0..<layout.count { predicted[i] = values[i] + duration * drift[i] }
    hold(&predicted)
  }

  private func takePredictedDrift(weight: Double = 0) {
    moments.update(predicted, order: .drift)
    moments.drift(into: &drift)
    for i in 0..<layout.count { total[i] += weight * drift[i] }
  }

  /// Keeps overlaps of unit vectors in [−1, 1].
  private func hold(_ values: inout [Double]) {
    for i in 0..<layout.count { values[i] = min(max(values[i], -1), 1) }
  }
}
