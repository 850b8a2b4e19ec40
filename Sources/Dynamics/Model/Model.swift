import GSL

/// Describes the network, its target and its learning rates: all that the four dynamics share.
///
/// Student f(x) = (1/p) Σ_j a_j σ(λ_j) with λ_j = w_j·x/√d; labels y = g⋆(λ⋆) + √Δ z with teacher
/// fields λ⋆_r = w⋆_r·x/√d of covariance P; one-pass SGD on ½(y − f)²:
/// w_j ← w_j + (γ/p) a_j ℰ σ'(λ_j) x/√d with ℰ = y − f, then the constraint, and
/// a_j ← a_j + (γ_a/p) ℰ σ(λ_j).
///
/// Symbols: d = `dimension`, p = `width`, k = `teacherUnits`, γ = `learningRate`,
/// Δ = `labelNoise`, a = `secondLayer`, σ = `activation`, g⋆ = `target`, P = `teacherGram`,
/// γ_a = `secondLayerRate`.
/// Source: Arnaboldi, Krzakala, Loureiro, Stephan (2023), arXiv 2305.18502, section 2.
public struct Model: Sendable, Equatable {
  /// Input dimension d ≥ p + k.
  public let dimension: Int
  /// Student width p ≥ 1.
  public let width: Int
  /// Number of teacher units k ≥ 1.
  public let teacherUnits: Int
  /// Learning rate γ > 0 (not γ/p).
  public private(set) var learningRate: Double
  /// How γ changes from step to step; nil where it does not.
  public private(set) var learningRateSchedule: LearningRateSchedule?
  /// Variance Δ ≥ 0 of the label noise.
  public let labelNoise: Double
  /// Second-layer weights a at the start, p of them.
  public let secondLayer: [Double]
  /// Learning rate γ_a ≥ 0 of the second layer; 0 keeps it fixed.
  public private(set) var secondLayerRate: Double
  /// How γ_a changes from step to step; nil where it does as γ, γ_a γ_ν/γ.
  public private(set) var secondLayerRateSchedule: LearningRateSchedule?
  /// Whether a is scaled after each step so that Σ_j a_j = p.
  public let normalisesSecondLayer: Bool
  /// The student's nonlinearity σ.
  public let activation: Activation
  /// The labels without noise, g⋆.
  public let target: Target
  /// Covariance P of the teacher fields, k×k; nil for the identity.
  public let teacherGram: [[Double]]?
  /// What is done to the first layer's norm.
  public let constraint: Constraint
  /// How a step is made of samples.
  public let rule: LearningRule
  /// The finite set of samples that SGD passes over; nil where every sample is fresh.
  public private(set) var samples: SampleSet?
  /// How steps, samples, learning rate and time τ go together: step ν takes B/r samples and the time γ_ν/(p d).
  public private(set) var clock: LearningClock
  /// The rates of the second layer by step, where they have a schedule of their own.
  private var secondLayerRates: LearningClock?

  /// T with T Tᵀ = P, lower triangular, row-major; nil for the identity.
  let teacherFactor: [Double]?

  /// Creates a model; `secondLayer` defaults to ones, `target` to the mean of the student's
  /// activation over the teacher units, `teacherGram` to the identity.
  ///
  /// Throws `ParameterError` for the first parameter out of range or not finite.
  public init(
    dimension: Int, width: Int = 1, teacherUnits: Int = 1, learningRate: Double,
    labelNoise: Double = 0, secondLayer: [Double]? = nil, secondLayerRate: Double = 0,
    normalisesSecondLayer: Bool = false, activation: Activation = .square,
    target: Target? = nil, teacherGram: [[Double]]? = nil, constraint: Constraint = .spherical,
    rule: LearningRule = .oneSample,
    learningRateSchedule schedule: LearningRateSchedule? = nil,
    secondLayerRateSchedule layerSchedule: LearningRateSchedule? = nil
  ) throws {
    let require = ParameterError.require
    try require(dimension >= 1, "dimension", "\(dimension)", "a whole number of at least 1")
    try require(width >= 1, "width", "\(width)", "a whole number of at least 1")
    try require(
      teacherUnits >= 1, "teacher-units", "\(teacherUnits)", "a whole number of at least 1")
    try require(
      width <= Model.largestWidth, "width", "\(width)", "at most \(Model.largestWidth)")
    try require(
      teacherUnits <= Model.largestWidth, "teacher-units", "\(teacherUnits)",
      "at most \(Model.largestWidth)")
    try require(
      dimension <= Model.largestDimension, "dimension", "\(dimension)",
      "at most \(Model.largestDimension)")
    try require(
      width + teacherUnits <= dimension, "width", "\(width)",
      "width + teacher-units of at most the dimension \(dimension)")
    try require(
      learningRate.isFinite && learningRate > 0, "learning-rate", "\(learningRate)",
      "a finite number above 0")
    try require(
      labelNoise.isFinite && labelNoise >= 0, "label-noise", "\(labelNoise)",
      "a finite number of at least 0")
    let weights = secondLayer ?? Array(repeating: 1, count: width)
    try require(
      weights.count == width, "second-layer", "\(weights.count) numbers",
      "as many numbers as the width, \(width)")
    for weight in weights {
      try require(weight.isFinite, "second-layer", "\(weight)", "finite numbers")
    }
    try require(
      secondLayerRate.isFinite && secondLayerRate >= 0, "second-layer-learning-rate",
      "\(secondLayerRate)", "a finite number of at least 0")
    if normalisesSecondLayer {
      let sum = weights.reduce(0, +)
      try require(
        abs(sum - Double(width)) <= 1e-9 * Double(width), "second-layer", "numbers of sum \(sum)",
        "numbers of sum \(width), since second-layer-normalised keeps it")
    }
    try activation.validate("activation")
    let target = target ?? .mean(activation)
    try target.validate(teacherUnits: teacherUnits)
    (self.teacherGram, teacherFactor) = try Model.teacher(teacherGram, units: teacherUnits)
    if case .products = target, target.degree == nil {
      try require(
        self.teacherGram == nil, "teacher-gram", "correlated teacher units",
        "the identity for a target of factors that are not all polynomials")
    }
    self.dimension = dimension
    self.width = width
    self.teacherUnits = teacherUnits
    self.learningRate = learningRate
    self.labelNoise = labelNoise
    self.secondLayer = weights
    self.secondLayerRate = secondLayerRate
    self.normalisesSecondLayer = normalisesSecondLayer
    self.activation = activation
    self.target = target
    self.constraint = constraint
    try schedule?.requireFits(learningRate: learningRate)
    let isConstant = schedule?.isConstant(at: learningRate) ?? true
    learningRateSchedule = isConstant ? nil : schedule
    self.rule = rule
    clock = LearningClock(
      learningRate: learningRate, width: width, dimension: dimension,
      samplesPerStep: rule.samplesPerStep, schedule: learningRateSchedule)
    guard let layerSchedule else { return }
    try require(
      secondLayerRate > 0, "second-layer-learning-rate-schedule",
      "a schedule of a second layer that is fixed",
      "a second-layer-learning-rate above 0 beside it")
    try layerSchedule.requireFits(
      learningRate: secondLayerRate, key: "second-layer-learning-rate-schedule")
    // Beside one learning rate a constant γ_a is what it is anyway.
    guard !clock.isUniform || !layerSchedule.isConstant(at: secondLayerRate) else { return }
    secondLayerRateSchedule = layerSchedule
    secondLayerRates = LearningClock(
      learningRate: secondLayerRate, width: 1, dimension: 1, schedule: layerSchedule)
  }

  /// Whether neither layer's rate changes.
  public var hasConstantRates: Bool { clock.isUniform && secondLayerRates == nil }

  /// γ_a of a step over γ_a, `learningRate` being γ of that step.
  func secondLayerFactor(ofStep step: Int, learningRate: Double) -> Double {
    guard let rates = secondLayerRates else { return learningRate / self.learningRate }
    return rates.learningRate(ofStep: step) / secondLayerRate
  }

  /// (γ_a(τ)/γ_a)/(γ(τ)/γ) of dynamics without steps: 1 but for a schedule of the second layer's own.
  func secondLayerPace(at time: Double) -> Double {
    guard let rates = secondLayerRates else { return 1 }
    let layer = rates.learningRate(atStepUnderWay: clock.stepsUnderWay(at: time)) / secondLayerRate
    return layer / (clock.learningRate(at: time) / learningRate)
  }

  /// The same network with a finite set of samples.
  ///
  /// Throws `ParameterError` for the key `samples` unless batches fill it.
  public func passing(over samples: SampleSet) throws(ParameterError) -> Model {
    try ParameterError.require(
      samples.count % rule.batchSize == 0, "samples", "\(samples.count)",
      "a multiple of the batch-size \(rule.batchSize)")
    var model = self
    model.samples = samples
    return model
  }

  /// The model at one rate, the largest of its schedule.
  var atLargestRate: Model {
    guard !hasConstantRates else { return self }
    var model = self
    model.learningRate = clock.largestLearningRate
    model.learningRateSchedule = nil
    model.secondLayerRate = secondLayerRates?.largestLearningRate ?? secondLayerRate
    (model.secondLayerRateSchedule, model.secondLayerRates) = (nil, nil)
    model.clock = LearningClock(
      learningRate: model.learningRate, width: width, dimension: dimension,
      samplesPerStep: rule.samplesPerStep)
    return model
  }

  /// Validates and factors P; nil where it is the identity.
  private static func teacher(
    _ gram: [[Double]]?, units: Int
  ) throws -> (gram: [[Double]]?, factor: [Double]?) {
    guard let gram else { return (nil, nil) }
    let require = ParameterError.require
    let key = "teacher-gram"
    try require(
      gram.count == units && gram.allSatisfy { $0.count == units }, key,
      "\(gram.count) rows of \(Set(gram.map(\.count)).sorted()) numbers",
      "\(units) rows of \(units)")
    for (i, row) in gram.enumerated() {
      for (j, value) in row.enumerated() {
        try require(value.isFinite, key, "\(value) in row \(i + 1)", "finite numbers")
        try require(
          abs(value - gram[j][i]) <= 1e-12, key,
          "\(value) and \(gram[j][i]) at rows \(i + 1) and \(j + 1)", "a symmetric matrix")
      }
      try require(row[i] > 0, key, "\(row[i]) on the diagonal", "numbers above 0 there")
    }
    let isIdentity = gram.enumerated().allSatisfy { i, row in
      row.enumerated().allSatisfy { $1 == ($0 == i ? 1 : 0) }
    }
    if isIdentity { return (nil, nil) }
    try require(units <= 1000, key, "\(units) rows", "at most 1000")
    let smallest = try symmetricEigenvalues(of: Matrix(gram)).first ?? 0
    try require(
      smallest >= -1e-10, key, "a smallest eigenvalue of \(smallest)",
      "a positive semidefinite matrix")
    var factor = gram.flatMap(\.self)
    factor.withUnsafeMutableBufferPointer {
      factorSemidefinite($0.baseAddress!, order: units, tolerance: 1e-14)
      for i in 0..<units { for j in (i + 1)..<max(units, i + 1) { $0[i * units + j] = 0 } }
    }
    return (gram, factor)
  }

  /// The largest width whose Gram matrix the engines hold comfortably in memory.
  public static let largestWidth = 10_000
  /// The largest dimension for which step counts stay far from overflow.
  public static let largestDimension = 1_000_000_000_000

  /// Number of fields p + k: the students' first, then the teacher's.
  public var fieldCount: Int { width + teacherUnits }

  /// Whether this is phase retrieval as the closed forms know it: squares on both sides, orthonormal
  /// teacher units, spherical constraint, fixed second layer, one fresh sample a step, one learning rate.
  public var isPhaseRetrieval: Bool {
    isSquareOnSphere && teacherGram == nil && clock.isUniform
  }

  /// Whether this is phase retrieval but for the teacher's Gram matrix, which may be any: drift and noise of the
  /// SDE are then closed forms.
  public var isSquareOnSphere: Bool {
    activation == .square && target == .mean(.square) && constraint == .spherical
      && !trainsSecondLayer && rule.isOneSample
  }

  /// Whether the second layer moves.
  public var trainsSecondLayer: Bool { secondLayerRate > 0 }

  /// Throws `ParameterError` for the key `learning-rate-schedule`, or the second layer's, where the rate changes;
  /// `who` cannot follow it.
  func requireOneRate(_ who: String) throws(ParameterError) {
    try ParameterError.require(
      clock.isUniform, "learning-rate-schedule", "a rate that changes",
      "one learning rate for \(who)")
    try ParameterError.require(
      hasConstantRates, "second-layer-learning-rate-schedule", "a rate that changes",
      "one learning rate for \(who)")
  }

  /// Reads P_rs.
  func teacherOverlap(_ r: Int, _ s: Int) -> Double { teacherGram?[r][s] ?? (r == s ? 1 : 0) }

  /// The diagonal of A in ℰ = λ̃ᵀAλ̃ + √Δ z for squares: −a_j/p for the students, then 1/k for the teacher.
  public var errorForm: [Double] {
    secondLayer.map { -$0 / Double(width) }
      + Array(repeating: 1 / Double(teacherUnits), count: teacherUnits)
  }
}

/// Says what is done to the first-layer weights after each step.
public enum Constraint: String, Sendable, CaseIterable {
  /// w_j ← √d w_j/|w_j|, so that Q_jj = 1 at all times.
  case spherical
  /// Nothing: the norms are free.
  case free
  /// The part of the gradient along w_j is left out, w_j moves at right angles to itself; its norm
  /// then grows at second order in the step alone, dQ_jj = u_j²(|x|² − λ_j² /Q_jj)/d².
  case lagrange
  /// The part of the gradient along w_j is left out, then w_j ← √d w_j/|w_j|: gradient descent on the sphere, with
  /// Q_jj = 1 at all times.
  case riemannian

  /// Whether Q_jj = 1 at all times.
  public var keepsNorm: Bool { self == .spherical || self == .riemannian }

  /// Whether the part of the gradient along w_j is left out.
  var isTangential: Bool { self == .lagrange || self == .riemannian }
}
