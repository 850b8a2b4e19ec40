/// Describes the network, its target and its learning rate: all that the four dynamics share.
///
/// Student f(x) = (1/p) Σ_j a_j σ(λ_j) with λ_j = w_j·x/√d; labels
/// y = (1/k) Σ_r σ(λ⋆_r) + √Δ z with orthonormal teacher units, λ⋆_r = w⋆_r·x/√d; one-pass SGD on
/// ½(y − f)²: w_j ← w_j + (γ/p) a_j ℰ σ'(λ_j) x/√d with ℰ = y − f, then the constraint.
///
/// Symbols: d = `dimension`, p = `width`, k = `teacherUnits`, γ = `learningRate`,
/// Δ = `labelNoise`, a = `secondLayer`.
/// Source: Arnaboldi, Krzakala, Loureiro, Stephan (2023), arXiv 2305.18502, section 2.
public struct Model: Sendable, Equatable {
  /// Input dimension d ≥ p + k.
  public let dimension: Int
  /// Student width p ≥ 1.
  public let width: Int
  /// Number of teacher units k ≥ 1.
  public let teacherUnits: Int
  /// Learning rate γ > 0 (not γ/p).
  public let learningRate: Double
  /// Variance Δ ≥ 0 of the label noise.
  public let labelNoise: Double
  /// Second-layer weights a, p of them.
  public let secondLayer: [Double]
  /// Nonlinearity of student and target.
  public let activation: Activation
  /// What keeps the first layer's norm.
  public let constraint: Constraint

  /// Creates a model; `secondLayer` defaults to ones.
  ///
  /// Throws `ParameterError` for the first parameter out of range or not finite.
  public init(
    dimension: Int, width: Int = 1, teacherUnits: Int = 1, learningRate: Double,
    labelNoise: Double = 0, secondLayer: [Double]? = nil, activation: Activation = .square,
    constraint: Constraint = .spherical
  ) throws(ParameterError) {
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
    self.dimension = dimension
    self.width = width
    self.teacherUnits = teacherUnits
    self.learningRate = learningRate
    self.labelNoise = labelNoise
    self.secondLayer = weights
    self.activation = activation
    self.constraint = constraint
  }

  /// The largest width whose Gram matrix the engines hold comfortably in memory.
  public static let largestWidth = 10_000
  /// The largest dimension for which step counts stay far from overflow.
  public static let largestDimension = 1_000_000_000_000

  /// Number of fields p + k: the students' first, then the teacher's.
  public var fieldCount: Int { width + teacherUnits }

  /// The diagonal of A in ℰ = λ̃ᵀAλ̃ + √Δ z: −a_j/p for the students, then 1/k for the teacher.
  public var errorForm: [Double] {
    secondLayer.map { -$0 / Double(width) }
      + Array(repeating: 1 / Double(teacherUnits), count: teacherUnits)
  }

  /// Time τ that one step takes: γ/(p d).
  public var timePerStep: Double { learningRate / (Double(width) * Double(dimension)) }
}
