import Dynamics
import Ensemble
import Foundation
import GSL
import Statistics

/// Holds what a sweep keeps of one finished point: the content of its point.json.
///
/// Nothing in it depends on the machine or the time, so that a sweep's files do not either.
public struct PointResult: Codable, Sendable, Equatable {
  /// Says what an exit is watched by: a criterion with its threshold.
  public struct Mark: Sendable, Hashable {
    /// `risk`, or `overlap-1`, … by teacher unit.
    public let criterion: String
    /// Fraction T of the initial risk, or level η of an overlap.
    public let threshold: Double

    /// Creates a mark; files that name no criterion watch `ExitCriterion.standard`.
    public init(criterion: String?, threshold: Double) {
      self.criterion = criterion ?? ExitCriterion.standard.name
      self.threshold = threshold
    }

    /// The criterion; nil for a word that names none.
    var known: ExitCriterion? { ExitCriterion(name: criterion) }

    /// The mark in words: `T = 0.5`, or `overlap-1, η = 0.5`.
    public var text: String {
      let value = NumberText.given(threshold)
      return known?.label(value) ?? "\(criterion) = \(value)"
    }

    /// What has happened at an exit, as a sentence.
    var sentence: String { known?.sentence(NumberText.given(threshold)) ?? text }

    /// Ends the names of files: `T0.5`, or `overlap-1-0.5`.
    var suffix: String {
      known == .standard
        ? "\(ExitCriterion.standard.family.symbol)\(threshold)" : "\(criterion)-\(threshold)"
    }
  }

  /// Summarises the exit times of one dynamics at one mark.
  public struct Exits: Codable, Sendable, Equatable {
    /// Which dynamics.
    public let dynamics: String
    /// What is watched: `risk`, `overlap-1`, … by teacher unit, or `subspace`.
    public let criterion: String
    /// Fraction T of the initial risk, or level η of an overlap.
    public let threshold: Double
    /// Number of replicas.
    public let replicas: Int
    /// How many exited.
    public let exited: Int
    /// How many reached the horizon first.
    public let censored: Int
    /// How many left the finite numbers.
    public let diverged: Int
    /// Mean exit time τ; nil when any replica did not exit.
    public let mean: Double?
    /// Mean of min(τ, horizon); given when any replica did not exit.
    public let restrictedMean: Double?
    /// Standard error of the mean or the restricted mean.
    public let standardError: Double?
    /// Standard deviation of the exit times; nil when any replica did not exit.
    public let standardDeviation: Double?
    /// Quantiles at `SampleSummary.probabilities`; nil where the censored begin.
    public let quantiles: [Double?]
    /// Mean exit time in samples, τ p d/γ; nil when `mean` is.
    public let meanSamples: Double?
    /// Standard error of `meanSamples`.
    public let meanSamplesError: Double?
    /// The annealed exit time τ; nil when the formula gives none.
    public let annealedExitTime: Double?
    /// The quenched exit time τ of random starts; nil when the formula gives none.
    public let quenchedExitTime: Double?
  }

  /// Compares two dynamics at one mark.
  public struct Pair: Codable, Sendable, Equatable {
    /// The side in the numerator, nearer to SGD.
    public let first: String
    /// The side in the denominator.
    public let second: String
    /// What is watched: `risk`, `overlap-1`, … by teacher unit, or `subspace`.
    public let criterion: String
    /// Fraction T of the initial risk, or level η of an overlap.
    public let threshold: Double
    /// Whether replicas of one index share their start.
    public let paired: Bool
    /// The ratio of the means; nil when there is none.
    public let ratio: Double?
    /// The 95% interval of the ratio.
    public let interval: [Double]?
    /// The margin δ declared beforehand.
    public let margin: Double
    /// The judgement against the margin; nil without a ratio.
    public let verdict: Verdict?
    /// Whether means were restricted to a time.
    public let isRestricted: Bool
    /// Replicas of the larger side that would settle an undetermined verdict.
    public let replicasNeeded: Int?
    /// The p-value of two one-sided tests against the margin.
    public let equivalencePValue: Double?
    /// The p-value of a ratio outside the margin.
    public let differencePValue: Double?
    /// The p-values of the tests of equal laws, by name.
    public let lawPValues: [String: Double]
    /// The means of both sides and the covariance of the two estimates; nil with a censored replica.
    public let means: Means?
    /// The time τ that means were restricted to; nil when they are whole.
    public var restrictedTo: Double? = nil
    /// Fraction of the first side whose exit was seen by then.
    public var firstSeen: Double? = nil
    /// Fraction of the second side whose exit was seen by then.
    public var secondSeen: Double? = nil
    /// Why the verdict is undetermined: `unseen`, `log-rank`, `replicas` or `no-spread`.
    public var undecidedReason: String? = nil
    /// The horizon that would let enough exits be seen.
    public var horizonNeeded: Double? = nil
  }

  /// Holds two mean exit times τ with the variances and the covariance of these estimates.
  public struct Means: Codable, Sendable, Equatable {
    /// Mean of the first side.
    public let first: Double
    /// Mean of the second side.
    public let second: Double
    /// Variance of `first`.
    public let firstVariance: Double
    /// Variance of `second`, 0 for a number without spread.
    public let secondVariance: Double
    /// Covariance of the two, from shared starts.
    public let covariance: Double

    /// Returns a·first + b·second with its standard error.
    public func combination(_ a: Double, _ b: Double) -> (estimate: Double, standardError: Double) {
      let square =
        a * a * firstVariance + b * b * secondVariance + 2 * a * b * covariance
      return (a * first + b * second, max(square, 0).squareRoot())
    }
  }

  /// Name and version of this format.
  public var schema = "escapement/sweep-point/1"
  /// Version of Escapement that ran the point.
  public let version: String
  /// Commit it was built from, nil when not known.
  public let commit: String?
  /// The resolved experiment, as a file.
  public let experiment: String
  /// Growth rate μ of the linearised flow; 0 beyond phase retrieval, where it is not known.
  public let growthRate: Double
  /// One entry a dynamics and mark.
  public let exits: [Exits]
  /// One entry a pair of dynamics and mark.
  public let pairs: [Pair]
  /// What a reader must know before believing the numbers.
  public let warnings: [String]
}

extension PointResult.Exits {
  /// What is watched.
  public var mark: PointResult.Mark { .init(criterion: criterion, threshold: threshold) }
}

extension PointResult.Pair {
  /// What is watched.
  public var mark: PointResult.Mark { .init(criterion: criterion, threshold: threshold) }
}

extension PointResult.Mark {
  /// Names a mark of an exit rule.
  public init(_ mark: ExitMark) {
    self.init(criterion: mark.criterion.name, threshold: mark.threshold)
  }
}

extension PointResult {
  /// Extracts a point's result from its comparison.
  init(_ comparison: Comparison, commit: String?) throws {
    let (experiment, summary) = (comparison.experiment, comparison.summary)
    version = escapementVersion
    self.commit = commit
    self.experiment = experiment.yaml
    growthRate = summary.theory.growthRate ?? 0
    warnings = summary.warnings
    exits = summary.exitTimes.map { entry in
      // The formulas speak of the risk.
      let key = entry.criterion == ExitCriterion.risk.name ? "\(entry.threshold)" : ""
      return Exits(
        dynamics: entry.dynamics, criterion: entry.criterion, threshold: entry.threshold,
        replicas: entry.replicas,
        exited: entry.exited, censored: entry.censored, diverged: entry.diverged,
        mean: entry.mean, restrictedMean: entry.restrictedMean,
        standardError: entry.standardError, standardDeviation: entry.standardDeviation,
        quantiles: SampleSummary.probabilities.map { entry.quantiles["\($0)"] ?? nil },
        meanSamples: entry.meanSamples,
        meanSamplesError: entry.meanSamplesError,
        annealedExitTime: summary.theory.annealedExitTime[key] ?? nil,
        quenchedExitTime: experiment.isPaired
          ? summary.theory.quenchedExitTime[key] ?? nil : nil)
    }
    pairs = try summary.comparisons.map { pair in
      let samples = try comparison.samples(of: pair)
      let ratio = try pair.meanRatio.flatMap { _ in try samples.ratio }
      return Pair(
        first: pair.first, second: pair.second, criterion: pair.criterion,
        threshold: pair.threshold, paired: pair.paired,
        ratio: pair.meanRatio?.estimate, interval: pair.meanRatio?.interval,
        margin: experiment.margin, verdict: pair.meanRatio?.verdict,
        isRestricted: pair.meanRatio?.isRestricted ?? false,
        replicasNeeded: pair.meanRatio?.replicasNeeded,
        equivalencePValue: try ratio?.equivalencePValue(margin: experiment.margin),
        differencePValue: try ratio?.differencePValue(margin: experiment.margin),
        lawPValues: pair.tests.map(lawPValues) ?? [:], means: try samples.means,
        restrictedTo: pair.meanRatio?.restrictedTo ?? pair.restrictedTo,
        firstSeen: pair.meanRatio?.seen[0] ?? pair.seen[0],
        secondSeen: pair.meanRatio?.seen[1] ?? pair.seen[1],
        undecidedReason: pair.meanRatio?.undecidedReason?.rawValue,
        horizonNeeded: pair.meanRatio?.horizonNeeded?.time)
    }
  }
}

extension PointResult {
  /// Whether a result that was read has all that one of this experiment has, and what can be.
  func isWhole(for experiment: Experiment) -> Bool {
    let marks = experiment.exitRule.marks.map(Mark.init)
    let expected = experiment.dynamics.flatMap { kind in marks.map { (kind.rawValue, $0) } }
    func isPValue(_ value: Double?) -> Bool { value.map { (0...1).contains($0) } ?? true }
    return schema == "escapement/sweep-point/1" && self.experiment == experiment.yaml
      && exits.count == expected.count
      && zip(exits, expected).allSatisfy { $0.dynamics == $1.0 && $0.mark == $1.1 }
      && exits.allSatisfy { $0.quantiles.count == SampleSummary.probabilities.count }
      && pairs.allSatisfy { pair in
        pair.interval?.count ?? 2 == 2 && isPValue(pair.equivalencePValue)
          && isPValue(pair.differencePValue) && pair.lawPValues.values.allSatisfy(isPValue)
      }
  }
}

/// The p-values of a battery, by name; a test that is not defined is left out.
private func lawPValues(_ tests: TestBattery) -> [String: Double] {
  let entries: [(String, TestResult?)] = [
    ("kolmogorov_smirnov", tests.kolmogorovSmirnov), ("anderson_darling", tests.andersonDarling),
    ("cramer_von_mises", tests.cramerVonMises), ("energy", tests.energy),
    ("log_rank", tests.logRank),
  ]
  return Dictionary(
    uniqueKeysWithValues: entries.compactMap { name, test in
      test.map { (name, $0.pValue) }
    })
}

/// Holds the two sides of a pair as samples, pairs by start cut to as many as both have.
private struct PairSamples {
  let first: ExitSample
  let second: ExitSample
  let isPaired: Bool
  let isNumber: Bool

  var ratio: MeanRatio {
    get throws {
      if isNumber { return try .oneSample(first, against: second.times[0]) }
      return try isPaired ? .paired(first, second) : .unpaired(first, second)
    }
  }

  var means: PointResult.Means? {
    get throws {
      guard first.censored == 0, second.censored == 0, first.count > 1 else { return nil }
      func ofMean(_ sample: ExitSample) throws -> Double {
        sample.count > 1 ? try variance(of: sample.times) / Double(sample.count) : 0
      }
      return PointResult.Means(
        first: try mean(of: first.times), second: try mean(of: second.times),
        firstVariance: try ofMean(first), secondVariance: try ofMean(second),
        covariance: isPaired && !isNumber
          ? try covariance(of: first.times, and: second.times) / Double(first.count) : 0)
    }
  }
}

extension Comparison {
  /// The samples that a pair of the summary was judged by.
  fileprivate func samples(of pair: PairComparison) throws -> PairSamples {
    func sample(_ name: String) throws -> ExitSample {
      // The summary was made of these runs, so that both are there.
      let run = runs.first { $0.kind.rawValue == name }!
      let index = run.marks.firstIndex {
        $0.criterion.name == pair.criterion && $0.threshold == pair.threshold
      }!
      return try exitSample(run.records(at: index), experiment.exitRule.horizon)
    }
    let (x, y) = (try sample(pair.first), try sample(pair.second))
    let isNumber = DynamicsKind(rawValue: pair.second).map(experiment.isOnePath) ?? false
    let common = min(x.count, y.count)
    let cuts = experiment.isPaired && !isNumber
    return PairSamples(
      first: cuts ? try x.prefix(common) : x, second: cuts ? try y.prefix(common) : y,
      isPaired: experiment.isPaired, isNumber: isNumber)
  }
}
