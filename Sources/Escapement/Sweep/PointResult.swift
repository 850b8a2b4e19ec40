import Dynamics
import Ensemble
import Foundation
import GSL
import Statistics

/// Holds what a sweep keeps of one finished point: the content of its point.json.
///
/// Nothing in it depends on the machine or the time, so that a sweep's files do not either.
public struct PointResult: Codable, Sendable {
  /// Name and version of this format.
  public private(set) var schema = PointResult.schema
  private static let schema = "escapement/sweep-point/2"
  /// Version of Escapement that ran the point.
  public let version: String
  /// Commit it was built from, nil when not known.
  public let commit: String?
  /// The resolved experiment, as a file.
  public let experiment: String
  /// Closed forms.
  public let theory: TheorySummary
  /// One entry a dynamics and mark.
  public private(set) var exits: [ExitTimeSummary]
  /// The error of each mean in samples.
  private let sampleErrors: [Double?]
  /// One entry a pair of dynamics and mark.
  public private(set) var pairs: [PairComparison]
  /// What is kept of each pair beside its summary.
  private let evidence: [PairEvidence?]
  /// What a reader must know before believing the numbers.
  public let warnings: [String]
}

extension PointResult {
  /// Growth rate μ of the linearised flow; 0 beyond phase retrieval, where it is not known.
  public var growthRate: Double { theory.growthRate ?? 0 }

  /// Takes a point's results.
  init(
    version: String, commit: String?, experiment: String, theory: TheorySummary,
    exits: [ExitTimeSummary], pairs: [PairComparison], warnings: [String]
  ) {
    self.version = version
    self.commit = commit
    self.experiment = experiment
    self.theory = theory
    self.exits = exits
    self.pairs = pairs
    self.warnings = warnings
    evidence = pairs.map(\.evidence)
    sampleErrors = exits.map(\.meanSamplesError)
  }

  /// Extracts a point's result from its comparison.
  init(_ comparison: Comparison, commit: String?) {
    let summary = comparison.summary
    self.init(
      version: escapementVersion, commit: commit, experiment: comparison.experiment.yaml,
      theory: summary.theory, exits: summary.exitTimes, pairs: summary.comparisons,
      warnings: summary.warnings)
  }

  /// Reads a point.json, which may be of any experiment and version; throws when it cannot be read.
  init(reading data: Data) throws {
    self = try JSONDecoder().decode(PointResult.self, from: data)
    guard evidence.count == pairs.count, sampleErrors.count == exits.count else {
      throw DataFileError("point.json", "cannot be read, expected evidence for each pair")
    }
    for index in pairs.indices { pairs[index].evidence = evidence[index] }
    for index in exits.indices { exits[index].meanSamplesError = sampleErrors[index] }
  }

  /// Whether it has all that one of this experiment has, and what can be.
  func isWhole(for experiment: Experiment) -> Bool {
    let marks = experiment.exitRule.marks.map(WrittenMark.init)
    let expected = experiment.dynamics.flatMap { kind in marks.map { (kind.rawValue, $0) } }
    func isPValue(_ value: Double?) -> Bool { value.map { (0...1).contains($0) } ?? true }
    return schema == PointResult.schema && self.experiment == experiment.yaml
      && exits.count == expected.count && sampleErrors.count == exits.count
      && evidence.count == pairs.count
      && zip(exits, expected).allSatisfy { $0.dynamics == $1.0 && $0.mark == $1.1 }
      && zip(exits, expected).allSatisfy { exit, expected in
        DynamicsKind(rawValue: expected.0).map(experiment.replicaCount) == exit.replicas
          && exit.exited + exit.censored + exit.diverged == exit.replicas
      }
      && exits.allSatisfy { exits in
        SampleSummary.probabilities.allSatisfy { exits.quantiles["\($0)"] != nil }
      }
      && zip(pairs, evidence).allSatisfy { pair, evidence in
        pair.seen.count == 2 && pair.meanRatio?.seen.count ?? 2 == 2
          && pair.meanRatio?.interval?.count ?? 2 == 2
          && (pair.meanRatio.map {
            isPossible($0.verdict, $0.estimate, $0.interval, margin: $0.margin)
          } ?? true)
          && isPValue(evidence?.equivalencePValue)
          && isPValue(evidence?.differencePValue)
          && (pair.tests?.inOrder ?? []).allSatisfy { isPValue($0?.pValue) }
      }
  }
}
