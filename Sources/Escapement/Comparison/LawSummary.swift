import Dynamics

/// Holds the law of the SDE's exit time at every threshold: what `escapement law` prints.
public struct LawSummary: Encodable, Sendable {
  /// The law at one threshold.
  public struct Law: Encodable, Sendable {
    /// Fraction T of the initial risk.
    public let threshold: Double
    /// Mean exit time τ.
    public let mean: Double
    /// Standard deviation of the exit time.
    public let standardDeviation: Double
    /// Estimated error: relative for mean and standard deviation, absolute for the survival.
    public let error: Errors
    /// Quantiles of the exit time.
    public let quantiles: [String: Double?]
    /// Pairs [τ, P(exit time > τ)].
    public let survival: [[Double]]

    enum CodingKeys: String, CodingKey {
      case threshold, mean, error, quantiles, survival
      case standardDeviation = "standard_deviation"
    }
  }

  /// Estimated errors of a law.
  public struct Errors: Encodable, Sendable {
    /// Relative error of mean and standard deviation.
    public let moments: Double
    /// Largest error of the survival probability.
    public let survival: Double
  }

  /// Name and version of this format.
  public let schema = "escapement/law/1"
  /// One entry a threshold.
  public let laws: [Law]

  enum CodingKeys: CodingKey { case schema, laws }

  /// Solves for the law of an experiment with p = k = 1 and a given start.
  ///
  /// Throws `ParameterError` for another width, number of teacher units or a random start, whose
  /// thresholds depend on the start.
  public init(_ experiment: Experiment) throws {
    guard case .fixed(let frame) = experiment.start else {
      throw ParameterError(
        key: "start", found: "random", expected: "a given start, overlaps:M, for a law")
    }
    let diffusion = try ScalarDiffusion(
      model: experiment.model, finiteSizeDrift: experiment.finiteSizeDrift)
    let overlap = frame.teacherOverlaps[0]
    laws = try experiment.exitRule.thresholds.map { threshold in
      let law = try ExitLaw(
        diffusion: diffusion, start: overlap,
        boundary: exitBoundary(threshold: threshold, overlap: overlap, model: experiment.model))
      // A thousand points draw the curve; the solution itself has more.
      let stride = max(1, law.times.count / 1000)
      return Law(
        threshold: threshold, mean: law.mean, standardDeviation: law.standardDeviation,
        error: Errors(moments: law.momentError, survival: law.survivalError),
        quantiles: Dictionary(
          uniqueKeysWithValues: [0.05, 0.25, 0.5, 0.75, 0.95].map { ("\($0)", law.quantile($0)) }),
        survival: Swift.stride(from: 0, to: law.times.count, by: stride).map {
          [law.times[$0], law.survival[$0]]
        })
    }
  }
}
