/// Says how a step of SGD is made of samples: how many, by which loss, where the gradient is taken, and how often.
///
/// A step has a batch of B samples x_b with labels y_b, and for each a push v_jb; then
/// w_j ← w_j + (γ/(pB)) Σ_b v_jb x_b/√d and, where the second layer is trained,
/// a_j ← a_j + (γ_a/(pB)) Σ_b e_b σ(λ_jb), then the constraint:
/// - v_j = a_j e σ'(λ_j), e = y − f(x) by the squared loss and e = y by the correlation loss;
/// - with a look-ahead ρ all of it is taken at the moved fields λ_j + ρ v_j(λ) |x|²/d, at the a of before;
/// - r repetitions take r steps in a row on one batch, the constraint after each, each at the fields of the weights as
///   they are then.
///
/// Symbols: B = `batchSize`, ρ = `lookAhead`, r = `repetitions`. Time is τ = γ/(p d) a step; a step costs B/r samples.
/// Source: Arnaboldi, Dandi, Krzakala, Loureiro, Pesce, Stephan (2024), arXiv 2406.02157 (batches, correlation loss);
/// Arnaboldi, Dandi, Krzakala, Pesce, Stephan (2024), arXiv 2405.15459 (look-ahead, repetitions).
public struct LearningRule: Sendable, Equatable {
  /// Names what is descended.
  public enum Loss: String, Sendable, CaseIterable {
    /// ½(y − f)².
    case square
    /// −y f, in which students do not see each other.
    case correlation
  }

  /// Samples B ≥ 1 of a batch, over which pushes are averaged.
  public let batchSize: Int
  /// What is descended.
  public let loss: Loss
  /// How far ahead ρ of the weights gradients are taken: above 0 by extragradient, below 0 by a sharpness-aware step.
  public let lookAhead: Double
  /// Steps r ≥ 1 in a row on the same batch.
  public let repetitions: Int

  /// One fresh sample a step, on the squared loss.
  public static let oneSample = LearningRule()

  private init() { (batchSize, loss, lookAhead, repetitions) = (1, .square, 0, 1) }

  /// The largest batch and the most repetitions, far from overflow.
  public static let largestCount = 1_000_000_000

  /// Creates a rule.
  ///
  /// Throws `ParameterError` for the key `batch-size` or `repetitions` unless it is from 1 to ``largestCount``, and for
  /// `look-ahead` unless it is finite.
  public init(
    batchSize: Int = 1, loss: Loss = .square, lookAhead: Double = 0, repetitions: Int = 1
  ) throws(ParameterError) {
    for (key, count) in [("batch-size", batchSize), ("repetitions", repetitions)] {
      try ParameterError.require(
        (1...LearningRule.largestCount).contains(count), key, "\(count)",
        "a whole number from 1 to \(LearningRule.largestCount)")
    }
    try ParameterError.require(
      lookAhead.isFinite, "look-ahead", "\(lookAhead)", "a finite number")
    self.batchSize = batchSize
    self.loss = loss
    self.lookAhead = lookAhead
    self.repetitions = repetitions
  }

  /// Whether a step is one fresh sample on the squared loss.
  public var isOneSample: Bool { self == .oneSample }

  /// Samples that a step costs, B/r.
  public var samplesPerStep: Double { Double(batchSize) / Double(repetitions) }

  /// Throws `ParameterError` for the first key in which the rule is not ``oneSample``; `who` cannot do it.
  func requireOneSample(_ who: String) throws(ParameterError) {
    let require = ParameterError.require
    try require(batchSize == 1, "batch-size", "\(batchSize)", "1 for \(who)")
    try require(loss == .square, "loss", loss.rawValue, "square for \(who)")
    try require(lookAhead == 0, "look-ahead", "\(lookAhead)", "0 for \(who)")
    try require(repetitions == 1, "repetitions", "\(repetitions)", "1 for \(who)")
  }
}
