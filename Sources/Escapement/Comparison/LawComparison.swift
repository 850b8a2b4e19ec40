import Dynamics
import Ensemble
import Statistics

/// Tests the exit times of one dynamics against the SDE's law, which has no Monte Carlo error.
public struct LawComparison: Encodable, Sendable {
  /// Which dynamics.
  public let dynamics: String
  /// Fraction T of the initial risk.
  public let threshold: Double
  /// When the law watches the risk: as the dynamics does.
  public let monitoring: String
  /// Mean exit time of the law.
  public let mean: Double
  /// Standard deviation of the law.
  public let standardDeviation: Double
  /// Estimated errors of the law: far below what the replicas can tell, or the tests mean little.
  public let error: LawSummary.Errors
  /// Tests of the hypothesis that the replicas were drawn from the law.
  public let tests: OneSampleBattery
  /// Largest distance of the distribution functions, with a 95% interval.
  public let largestDistance: IntervalEstimate
  /// Mean of the replicas over that of the law; null when a replica did not exit.
  public let meanRatio: PairComparison.Ratio?

  enum CodingKeys: String, CodingKey {
    case dynamics, threshold, monitoring, mean, error, tests
    case standardDeviation = "standard_deviation"
    case largestDistance = "largest_distance"
    case meanRatio = "mean_ratio"
  }

  /// Writes every key, null where there is no value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(dynamics, forKey: .dynamics)
    try container.encode(threshold, forKey: .threshold)
    try container.encode(monitoring, forKey: .monitoring)
    try container.encode(mean, forKey: .mean)
    try container.encode(standardDeviation, forKey: .standardDeviation)
    try container.encode(error, forKey: .error)
    try container.encode(tests, forKey: .tests)
    try container.encode(largestDistance, forKey: .largestDistance)
    try container.encode(meanRatio, forKey: .meanRatio)
  }

  /// Tests every noisy dynamics of an experiment at every threshold; empty where no law is known,
  /// that is, for p or k above 1 and where the plateau is not left.
  static func all(_ experiment: Experiment, _ runs: [EnsembleRun]) throws -> [LawComparison] {
    let noisy = runs.filter { !$0.kind.isDeterministic && $0.replicas > 1 }
    guard !noisy.isEmpty, experiment.model.isPhaseRetrieval, experiment.model.width == 1,
      experiment.model.teacherUnits == 1
    else {
      return []
    }
    var result: [LawComparison] = []
    for (index, mark) in experiment.exitRule.marks.enumerated() where mark.criterion == .risk {
      let threshold = mark.threshold
      var laws: [Monitoring: ExitLaw] = [:]
      for run in noisy {
        let watched = experiment.monitoring(of: run.kind)
        do {
          let law = try laws[watched] ?? ExitLaw(experiment, threshold: threshold, watched: watched)
          laws[watched] = law
          result.append(try LawComparison(experiment, run, index, law))
        } catch is ParameterError {
          // There is no such law: nothing to say.
          continue
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
      sample, lattice: experiment.interval(of: watched) ?? 0
    ) { law.survival(at: $0) }
    tests = battery
    largestDistance = battery.largestDistance
    meanRatio =
      sample.censored > 0
      ? nil
      : try PairComparison.Ratio(
        .oneSample(sample, against: law.mean), hasExits: true, margin: experiment.margin)
  }
}

extension Experiment {
  /// The time between two looks at the risk; nil when it is watched always.
  func interval(of monitoring: Monitoring) -> Double? {
    switch monitoring {
    case .continuous: return nil
    case .discrete: return model.timePerStep
    case .grid: return timeStep
    }
  }
}
