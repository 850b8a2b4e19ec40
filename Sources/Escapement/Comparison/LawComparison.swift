import Dynamics
import Ensemble
import Statistics

/// Tests the exit times of one dynamics against the SDE's law, which has no Monte Carlo error.
public struct LawComparison: Codable, Sendable {
  /// Which dynamics.
  public let dynamics: String
  /// Fraction T of the initial risk.
  public let threshold: Double
  /// When the law watches the risk: as the dynamics does.
  public let monitoring: String
  /// Mean exit time of the law; null, as all that follows, where the law is not available.
  @Nullable public var mean: Double? = nil
  /// Standard deviation of the law.
  @Nullable public var standardDeviation: Double? = nil
  /// Estimated errors of the law, which the tests allow for.
  @Nullable public var error: LawSummary.Errors? = nil
  /// Tests of the hypothesis that the replicas were drawn from a law within the error of this one.
  @Nullable public var tests: OneSampleBattery? = nil
  /// Largest distance of the distribution functions, with a 95% interval.
  @Nullable public var largestDistance: IntervalEstimate? = nil
  /// Mean of the replicas over that of the law; null when a replica did not exit, or the error of the law's
  /// mean is no small part of the margin.
  @Nullable public var meanRatio: PairComparison.Ratio? = nil
  /// Why there is no law to test against.
  @Nullable public var notAvailable: String? = nil

  enum CodingKeys: String, CodingKey {
    case dynamics, threshold, monitoring, mean, error, tests
    case standardDeviation = "standard_deviation"
    case largestDistance = "largest_distance"
    case meanRatio = "mean_ratio"
    case notAvailable = "not_available"
  }

  /// Tests every noisy dynamics of an experiment at every threshold; empty for p or k above 1 and other
  /// models, where no law is known. What fails is a reason in its entry.
  static func all(_ experiment: Experiment, _ runs: [EnsembleRun]) -> [LawComparison] {
    let noisy = runs.filter { !$0.kind.isDeterministic && $0.replicas > 1 }
    guard !noisy.isEmpty, experiment.hasLaw else { return [] }
    var result: [LawComparison] = []
    for (index, mark) in experiment.exitRule.marks.enumerated() where mark.criterion == .risk {
      var laws: [Monitoring: Result<ExitLaw, any Error>] = [:]
      for run in noisy {
        let watched = experiment.monitoring(of: run.kind)
        let law =
          laws[watched]
          ?? Result { try ExitLaw(experiment, threshold: mark.threshold, watched: watched) }
        laws[watched] = law
        do {
          result.append(try LawComparison(experiment, run, index, law.get()))
        } catch {
          result.append(LawComparison(experiment, run, index, notAvailable: "\(error)"))
        }
      }
    }
    return result
  }

  private init(_ experiment: Experiment, _ run: EnsembleRun, _ index: Int, _ law: ExitLaw) throws {
    let sample = try exitSample(run.records(at: index), experiment.exitRule.horizon)
    let watched = experiment.monitoring(of: run.kind)
    dynamics = run.kind.rawValue
    threshold = run.marks[index].threshold
    monitoring = watched.rawValue
    mean = law.mean
    standardDeviation = law.standardDeviation
    error = LawSummary.Errors(moments: law.momentError, survival: law.survivalError)
    let battery = try OneSampleBattery(
      sample, lattice: experiment.interval(of: watched) ?? 0, lawError: law.survivalError
    ) { law.survival(at: $0) }
    tests = battery
    largestDistance = battery.largestDistance
    meanRatio =
      sample.censored > 0 || law.momentError > 0.1 * experiment.margin
      ? nil
      : try PairComparison.Ratio(
        .oneSample(sample, against: law.mean), hasExits: true, margin: experiment.margin)
  }

  private init(
    _ experiment: Experiment, _ run: EnsembleRun, _ index: Int, notAvailable reason: String
  ) {
    dynamics = run.kind.rawValue
    threshold = run.marks[index].threshold
    monitoring = experiment.monitoring(of: run.kind).rawValue
    notAvailable = reason
  }
}

extension Experiment {
  /// Whether the law of the SDE's exit time is known: phase retrieval with p = k = 1.
  var hasLaw: Bool { model.hasEscapeTheory && model.width == 1 && model.teacherUnits == 1 }

  /// The time between two looks at the risk; nil when it is watched always.
  func interval(of monitoring: Monitoring) -> Double? {
    switch monitoring {
    case .continuous: return nil
    case .discrete: return model.clock.timePerStep
    case .grid: return timeStep
    }
  }
}
