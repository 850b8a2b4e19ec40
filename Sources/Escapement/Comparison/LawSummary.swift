import Dynamics
import Statistics

/// Holds the law of the SDE's exit time at every threshold: what `escapement law` prints.
public struct LawSummary: Codable, Sendable {
  /// The law at one threshold; its numbers are null where it is not available.
  public struct Law: Codable, Sendable {
    /// Fraction T of the initial risk.
    public let threshold: Double
    /// Mean exit time τ.
    @Nullable public var mean: Double? = nil
    /// Standard deviation of the exit time.
    @Nullable public var standardDeviation: Double? = nil
    /// Estimated error: relative for mean and standard deviation, absolute for the survival.
    @Nullable public var error: Errors? = nil
    /// Quantiles of the exit time.
    public let quantiles: [String: Double?]
    /// Pairs [τ, P(exit time > τ)].
    public let survival: [[Double]]
    /// Pairs [τ, density of the exit time].
    public let density: [[Double]]
    /// The law of the linearised SDE; null where nothing grows, and where the linearisation describes the
    /// SDE no more: beyond a ``Linearised/largestDistance`` of the survival functions.
    @Nullable public var linearised: Linearised? = nil
    /// Why there is no law: it does not exist, or its estimated error is above the tolerance.
    @Nullable public var notAvailable: String? = nil

    enum CodingKeys: String, CodingKey {
      case threshold, mean, error, quantiles, survival, density, linearised
      case standardDeviation = "standard_deviation"
      case notAvailable = "not_available"
    }
  }

  /// The law of log|Gaussian| that the SDE has near the plateau.
  public struct Linearised: Codable, Sendable {
    /// The largest distance to the SDE's survival function at which the linearisation is shown.
    public static let largestDistance = 0.25
    /// Mean exit time τ.
    public let mean: Double
    /// Standard deviation of the exit time.
    public let standardDeviation: Double
    /// Quantiles of the exit time.
    public let quantiles: [String: Double?]
    /// Error of the moments, from quadrature, and of the survival as the largest distance to the
    /// whole SDE's: what the linearisation costs.
    public let error: Errors

    enum CodingKeys: String, CodingKey {
      case mean, quantiles, error
      case standardDeviation = "standard_deviation"
    }
  }

  /// Estimated errors of a law.
  public struct Errors: Codable, Sendable {
    /// Relative error of mean and standard deviation.
    public let moments: Double
    /// Largest error of the survival probability.
    public let survival: Double
  }

  /// Name and version of this format.
  public private(set) var schema = LawSummary.schema
  static let schema = "escapement/law/1"
  /// When the risk is watched: always, or at SGD's own steps.
  public let monitoring: String
  /// One entry a threshold.
  public let laws: [Law]

  enum CodingKeys: CodingKey { case schema, monitoring, laws }

  /// Solves for the law of an experiment with p = k = 1, from fixed or random starts.
  ///
  /// Throws `ParameterError` for another model, width or number of teacher units and for starts without a
  /// law; what else fails at a threshold is said there.
  public init(_ experiment: Experiment) throws {
    monitoring = experiment.monitoring.rawValue
    laws = try experiment.exitRule.thresholds.map { threshold in
      do {
        let law = try ExitLaw(experiment, threshold: threshold, watched: experiment.monitoring)
        return Law(experiment, threshold, law)
      } catch let error as ParameterError {
        throw error
      } catch {
        return Law(experiment, threshold, notAvailable: "\(error)")
      }
    }
  }
}

extension LawSummary.Law {
  fileprivate init(_ experiment: Experiment, _ threshold: Double, _ law: ExitLaw) {
    // A thousand points draw a curve; the solution itself may have more.
    let shown = Swift.stride(from: 0, to: law.times.count, by: max(1, law.times.count / 1000))
    self.init(
      threshold: threshold, mean: law.mean, standardDeviation: law.standardDeviation,
      error: LawSummary.Errors(moments: law.momentError, survival: law.survivalError),
      quantiles: LawSummary.quantiles { law.quantile($0) },
      survival: shown.map { [law.times[$0], law.survival[$0]] },
      density: shown.map { [law.times[$0], law.density[$0]] },
      linearised: try? LawSummary.Linearised(experiment, threshold, law), notAvailable: nil)
  }

  fileprivate init(_ experiment: Experiment, _ threshold: Double, notAvailable reason: String) {
    self.init(
      threshold: threshold, mean: nil, standardDeviation: nil, error: nil,
      quantiles: LawSummary.quantiles { _ in nil }, survival: [], density: [], linearised: nil,
      notAvailable: reason)
  }
}

extension LawSummary.Linearised {
  fileprivate init?(_ experiment: Experiment, _ threshold: Double, _ whole: ExitLaw) throws {
    guard EscapeTheory(model: experiment.model).growthRate > 0 else { return nil }
    let law = try LinearisedExitLaw(
      model: experiment.model, start: experiment.start, threshold: threshold)
    let distance =
      whole.times.indices.map { abs(law.survival(at: whole.times[$0]) - whole.survival[$0]) }.max()
      ?? 0
    guard distance <= Self.largestDistance else { return nil }
    mean = law.mean
    standardDeviation = law.standardDeviation
    quantiles = LawSummary.quantiles { law.quantile($0) }
    error = LawSummary.Errors(moments: law.momentError, survival: distance)
  }
}

extension LawSummary {
  fileprivate static func quantiles(_ value: (Double) -> Double?) -> [String: Double?] {
    Dictionary(
      uniqueKeysWithValues: SampleSummary.probabilities.map { ("\($0)", value($0)) })
  }
}

extension ExitLaw {
  /// Solves for the exit law of an experiment's SDE, watched as it says: what `law` prints, `compare` tests
  /// and figures draw.
  init(_ experiment: Experiment, threshold: Double, watched: Monitoring) throws {
    let model = experiment.model
    try self.init(
      model: model, start: experiment.start, threshold: threshold,
      finiteSizeDrift: experiment.finiteSizeDrift,
      watchInterval: experiment.interval(of: watched))
  }
}
