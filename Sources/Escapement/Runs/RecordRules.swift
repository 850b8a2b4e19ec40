import Dynamics
import Ensemble
import Foundation
import Statistics

/// Tells which exit records an experiment can have, for those that come from files.
struct RecordRules {
  /// Times are written in full; a factor apart, since one is a product and may come from another machine.
  private static let tolerance = 1e-9

  private let horizon: Double
  private let clock: LearningClock

  init(_ experiment: Experiment) {
    horizon = experiment.exitRule.horizon
    clock = experiment.model.clock
  }

  /// What a record has that cannot be, in words; nil when there is nothing.
  func contradiction(_ kind: DynamicsKind, _ record: ExitRecord) -> String? {
    // The last step may end beyond the horizon.
    let last =
      horizon * (1 + RecordRules.tolerance) + (kind.hasSteps ? clock.timePerStep : 0)
    guard record.time <= last else {
      return "a time of \(record.time), expected at most the horizon \(horizon)"
    }
    guard kind.hasSteps else {
      return record.step == -1 ? nil : "a step, expected none of \(kind.rawValue)"
    }
    guard record.step >= 0 else { return "no step, expected that of \(kind.rawValue)" }
    guard record.outcome != .censored else { return nil }
    let time = clock.time(ofStep: record.step)
    return abs(time - record.time) <= RecordRules.tolerance * max(time, record.time)
      ? nil : "a time of \(record.time) at step \(record.step), expected \(time)"
  }
}

extension Run {
  /// Refuses exit times that the experiment beside them cannot have.
  func checkRecords() throws {
    let rules = RecordRules(experiment)
    let file = exitTimesFile ?? "exit_times.csv"
    for kind in experiment.dynamics {
      for mark in experiment.exitRule.marks {
        let found = series.first {
          $0.dynamics == kind && $0.criterion == mark.criterion.name
            && $0.threshold == mark.threshold
        }
        guard let found, found.records.count == experiment.replicaCount(kind) else {
          throw DataFileError(
            file,
            "\(found?.records.count ?? 0) replicas of \(kind.rawValue) at \(mark.threshold), expected the "
              + "\(experiment.replicaCount(kind)) of experiment.yaml")
        }
        for (replica, record) in found.records.enumerated() {
          guard let problem = rules.contradiction(kind, record) else { continue }
          throw DataFileError(
            file,
            "replica \(replica) of \(kind.rawValue) at \(mark.threshold): \(problem) by experiment.yaml"
          )
        }
      }
    }
    let count = experiment.dynamics.count * experiment.exitRule.marks.count
    guard series.count == count else {
      throw DataFileError(
        file,
        "\(series.count) dynamics and thresholds, expected the \(count) of experiment.yaml")
    }
  }
}

extension ComparisonSummary {
  /// Refuses verdicts that their own intervals contradict.
  func checkVerdicts(_ path: String) throws {
    for (index, pair) in comparisons.enumerated() {
      guard let ratio = pair.meanRatio,
        !isPossible(ratio.verdict, ratio.estimate, ratio.interval, margin: ratio.margin)
      else { continue }
      throw DataFileError(
        path,
        "key 'comparisons[\(index)].mean_ratio.verdict': found '\(ratio.verdict.rawValue)', expected what the "
          + "interval \(ratio.interval ?? []) says of the margin \(ratio.margin)")
    }
  }
}

/// Whether a verdict can go with the ratio and its 95% interval that stand beside it.
///
/// `different` needs all of the interval outside the margin, `equivalent` the ratio inside, and of the interval
/// what one of 90% has at least, whatever the degrees of freedom.
func isPossible(
  _ verdict: Verdict?, _ ratio: Double?, _ interval: [Double]?, margin: Double
) -> Bool {
  guard let verdict, let ratio else { return true }
  guard let interval, interval.count == 2 else { return verdict == .undetermined }
  guard interval[0] <= ratio, ratio <= interval[1], margin > 0, margin < 1 else { return false }
  switch verdict {
  case .undetermined: return true
  case .different: return interval[1] < 1 - margin || interval[0] > 1 + margin
  case .equivalent:
    // t(0.95)/t(0.975) ≥ 0.496, at one degree of freedom.
    let ends = interval.map { ratio * pow($0 / ratio, 0.49) }
    return ends[0] > 1 - margin && ends[1] < 1 + margin
  }
}
