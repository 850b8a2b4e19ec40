import GSL

/// Follows the SDE for any p and k, on whatever gives its coefficients.
///
/// The finite-size drift is taken at a step's beginning: it is O(1/d), so that a second evaluation
/// would gain no more than the O(h/d) that the noise leaves open anyway.
final class OverlapPath<Coefficients: DiffusionCoefficients>: OverlapDiffusionPath {
  private(set) var risk = 0.0
  private var riskVariance = 0.0
  private var riskBefore = 0.0
  /// The flat state.
  private(set) var state: [Double]

  var overlaps: [Double] { state }

  let model: Model
  private let coefficients: Coefficients
  private let clock: LearningClock
  /// The time that the path has gone.
  private var time = 0.0
  /// γ over the step, and γ/(p d).
  private var learningRate: Double
  private var timePerStep: Double
  private var secondLayerPace = 1.0
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
  private var start: [Double]
  let levels: PathLevels?

  init(engine: DiffusionLimit, coefficients: Coefficients) {
    self.coefficients = coefficients
    model = engine.model
    clock = model.clock
    learningRate = model.learningRate
    timePerStep = clock.timePerSample(at: learningRate)
    scheme = engine.scheme
    finiteSizeDrift = engine.finiteSizeDrift
    order = coefficients.order(finiteSizeDrift: finiteSizeDrift)
    let zeros = [Double](repeating: 0, count: coefficients.stateLength)
    state = zeros
    drift = zeros
    finiteSize = zeros
    predicted = zeros
    total = zeros
    increments = zeros
    gradient = zeros
    start = zeros
    levels = engine.pathLevels(stateLength: coefficients.stateLength)
    normals = [Double](repeating: 0, count: coefficients.normalCount)
  }

  var bridge: BridgeEnds { BridgeEnds(from: riskBefore, to: risk, variance: riskVariance) }

  func bridgeLevel(_ boundary: Double) -> Double { boundary }

  func place(_ frame: StudentFrame) {
    state = coefficients.state(of: frame)
    coefficients.update(state, order: order)
    risk = coefficients.risk
    levels?.place(state)
    time = 0
  }

  /// Takes the mean learning rate of the coming step; the noise and both ends of the drift have it, which errs to
  /// the scheme's second order alone, also where the rate jumps; of the second layer's own rate the one midway.
  private func takeRate(_ duration: Double) {
    guard !model.hasConstantRates else { return }
    let rate = clock.meanLearningRate(from: time, to: time + duration)
    let pace = model.secondLayerPace(at: time + 0.5 * duration)
    time += duration
    guard rate != learningRate || pace != secondLayerPace else { return }
    (learningRate, secondLayerPace) = (rate, pace)
    timePerStep = clock.timePerSample(at: rate)
    coefficients.take(learningRate: rate, secondLayerPace: pace)
    coefficients.update(state, order: order)
  }

  func advance(_ duration: Double, _ stream: RandomStream) throws {
    // `coefficients` belong to `state` here: the end of the last step or `place` left them so.
    takeRate(duration)
    coefficients.drift(into: &drift)
    if finiteSizeDrift {
      for i in state.indices { finiteSize[i] = 0 }
      coefficients.addFiniteSizeDrift(to: &finiteSize)
    }
    try coefficients.updateNoise(state)
    normals.withUnsafeMutableBufferPointer { stream.fillGaussian($0) }
    coefficients.increments(from: normals, into: &increments)
    if levels != nil { for i in state.indices { start[i] = state[i] } }
    let amplitude = (timePerStep * duration).squareRoot()
    for i in state.indices {
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
      for i in state.indices { total[i] = drift[i] }
      predict(from: gradient, 0.5 * duration)
      takePredictedDrift(weight: 2)
      predict(from: state, 0.5 * duration)
      takePredictedDrift(weight: 2)
      predict(from: state, duration)
      takePredictedDrift(weight: 1)
      for i in state.indices { state[i] += duration / 6 * total[i] }
    }
    coefficients.hold(&state)
    coefficients.takeMidwayGradient(&gradient, state)
    riskVariance = timePerStep * coefficients.variance(along: gradient)
    levels?.advance(from: start, to: state) {
      timePerStep * coefficients.variance(along: $0)
    }
    coefficients.update(state, order: order)
    riskBefore = risk
    risk = coefficients.risk
  }

  private func move(_ values: inout [Double], _ duration: Double) {
    for i in values.indices { values[i] += duration * drift[i] }
  }

  private func predict(from values: [Double], _ duration: Double) {
    for i in values.indices { predicted[i] = values[i] + duration * drift[i] }
    coefficients.hold(&predicted)
  }

  private func takePredictedDrift(weight: Double = 0) {
    coefficients.update(predicted, order: .drift)
    coefficients.drift(into: &drift)
    for i in drift.indices { total[i] += weight * drift[i] }
  }
}

/// What a path of the SDE needs of its drift and noise. A workspace belongs to one task.
protocol DiffusionCoefficients: AnyObject {
  /// Length of the flat state.
  var stateLength: Int { get }
  /// Number of independent normals a draw of the noise takes.
  var normalCount: Int { get }
  /// The order of moments that the beginning of a step asks for.
  func order(finiteSizeDrift: Bool) -> FieldMoments.Order
  /// Takes another learning rate γ; γ_a changes in proportion, times `pace`. What was evaluated before is void.
  func take(learningRate: Double, secondLayerPace pace: Double)
  /// The state of a start.
  func state(of frame: StudentFrame) -> [Double]
  /// Evaluates at a state what the next three give.
  func update(_ state: UnsafePointer<Double>, order: FieldMoments.Order)
  /// The excess risk; not a number where the path has diverged.
  var risk: Double { get }
  /// Writes the drift per unit τ in the limit d → ∞.
  func drift(into output: UnsafeMutablePointer<Double>)
  /// Adds the drift of relative order 1/d.
  func addFiniteSizeDrift(to output: UnsafeMutablePointer<Double>)
  /// Takes the noise at a state.
  func updateNoise(_ state: UnsafePointer<Double>) throws
  /// Turns normals into increments of covariance C.
  func increments(
    from normals: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>)
  /// gᵀCg.
  func variance(along gradient: UnsafePointer<Double>) -> Double
  /// Overwrites the beginning of a step by ∇R midway to its end.
  func takeMidwayGradient(_ values: UnsafeMutablePointer<Double>, _ end: UnsafePointer<Double>)
  /// Keeps overlaps within what vectors can have.
  func hold(_ values: UnsafeMutablePointer<Double>)
}

/// Gives the coefficients of squares on the sphere, with noise drawn in the eigenbasis of the error form.
final class PhaseRetrievalCoefficients: DiffusionCoefficients {
  private let model: Model
  private let layout: OverlapLayout
  private let moments: FieldMoments
  private let noise: IncrementNoise
  private let largestOverlaps: [Double]

  init(model: Model) throws {
    self.model = model
    layout = model.layout
    largestOverlaps = (0..<model.teacherUnits).map { model.teacherOverlap($0, $0).squareRoot() }
    moments = FieldMoments(model: model)
    noise = try IncrementNoise(model: model)
  }

  var stateLength: Int { layout.count }
  var normalCount: Int { noise.normalCount }
  var risk: Double { moments.risk }

  func order(finiteSizeDrift: Bool) -> FieldMoments.Order {
    finiteSizeDrift ? .covariance : .drift
  }

  func take(learningRate: Double, secondLayerPace: Double) {
    moments.learningRate = learningRate
    noise.take(learningRate: learningRate)
  }

  func state(of frame: StudentFrame) -> [Double] { frame.overlaps(of: model) }

  func update(_ state: UnsafePointer<Double>, order: FieldMoments.Order) {
    moments.update(state, order: order)
  }

  func drift(into output: UnsafeMutablePointer<Double>) { moments.drift(into: output) }

  func addFiniteSizeDrift(to output: UnsafeMutablePointer<Double>) {
    moments.addFiniteSizeDrift(to: output)
  }

  func updateNoise(_ state: UnsafePointer<Double>) throws { try noise.update(state) }

  func increments(
    from normals: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>
  ) {
    noise.increments(from: normals, into: output)
  }

  func variance(along gradient: UnsafePointer<Double>) -> Double {
    noise.variance(along: gradient)
  }

  /// ∇R = 4A_jA_r M_jr and 4A_jA_l Q_jl.
  ///
  /// R is quadratic, so that its midway gradient turns the step into its ΔR exactly.
  func takeMidwayGradient(
    _ gradient: UnsafeMutablePointer<Double>, _ state: UnsafePointer<Double>
  ) {
    let (p, k) = (layout.width, layout.teacherUnits)
    let form = moments.riskForm
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

  /// Keeps overlaps of unit vectors in [−1, 1], and those with a unit of the teacher within its length.
  func hold(_ values: UnsafeMutablePointer<Double>) {
    let k = layout.teacherUnits
    let pairs = layout.width * k
    for i in 0..<pairs {
      let largest = largestOverlaps[i % k]
      values[i] = min(max(values[i], -largest), largest)
    }
    for i in pairs..<layout.count { values[i] = min(max(values[i], -1), 1) }
  }
}
