import Dynamics
import Ensemble
import Foundation
import GSL
import Statistics

/// Is told what a comparison is about to run, so that a program can show progress.
public protocol ComparisonObserver: Sendable {
  /// Called before a dynamics is run; `meter` counts while it runs.
  func willRun(_ kind: DynamicsKind, replicas: Int, meter: ProgressMeter) async
  /// Called when it is done.
  func didRun(_ kind: DynamicsKind) async
}

/// Runs the dynamics of an experiment side by side and compares their exit times.
public struct Comparison: Sendable {
  /// The experiment.
  public let experiment: Experiment
  /// The exit records by dynamics.
  public let runs: [EnsembleRun]
  /// What is reported.
  public let summary: ComparisonSummary

  /// Summarises runs that are already there.
  public init(_ experiment: Experiment, runs: [EnsembleRun], commit: String?) throws {
    self.experiment = experiment
    self.runs = runs
    let theory = try TheorySummary(
      model: experiment.model, start: experiment.start,
      thresholds: experiment.exitRule.thresholds)
    summary = ComparisonSummary(
      experiment: experiment.resolved,
      provenance: ComparisonSummary.Provenance(
        version: escapementVersion, commit: commit, gsl: gslVersion,
        generator: experiment.streams.generator.name, seed: experiment.streams.seed),
      theory: theory,
      exitTimes: try Comparison.exitTimeSummaries(experiment, runs),
      comparisons: try PairComparison.all(experiment, runs),
      law: LawComparison.all(experiment, runs),
      warnings: Comparison.warnings(experiment, runs, theory),
      timing: Dictionary(
        uniqueKeysWithValues: runs.map {
          ($0.kind.rawValue, ComparisonSummary.Timing(steps: $0.steps, seconds: $0.seconds))
        }))
  }

  private static func exitTimeSummaries(_ experiment: Experiment, _ runs: [EnsembleRun]) throws
    -> [ExitTimeSummary]
  {
    try runs.flatMap { run in
      try run.marks.indices.map { index in
        let records = run.records(at: index)
        let exits = try exitSample(records, experiment.exitRule.horizon)
        let sample = try SampleSummary(exits)
        let samples = try experiment.model.clock.samples(of: exits, sample)
        return ExitTimeSummary(
          dynamics: run.kind.rawValue, criterion: run.marks[index].criterion.name,
          threshold: run.marks[index].threshold,
          monitoring: experiment.monitoring(of: run.kind).rawValue, replicas: sample.count,
          exited: sample.exited,
          censored: records.count { $0.outcome == .censored },
          diverged: records.count { $0.outcome == .diverged },
          mean: sample.mean, restrictedMean: sample.restrictedMean,
          standardError: sample.standardError,
          standardDeviation: sample.mean == nil ? nil : sample.standardDeviation,
          quantiles: Dictionary(
            uniqueKeysWithValues: sample.quantiles.map { ("\($0.probability)", $0.value) }),
          histogram: try Histogram(exitsOf: exits).map(ExitTimeSummary.Bins.init),
          kaplanMeier: exits.censored > 0
            ? try ExitTimeSummary.Curve(exits, horizon: experiment.exitRule.horizon) : nil,
          meanSamples: samples.mean, meanSamplesError: samples.error)
      }
    }
  }

  private static func warnings(
    _ experiment: Experiment, _ runs: [EnsembleRun], _ theory: TheorySummary
  ) -> [String] {
    var warnings: [String] = []
    let model = experiment.model
    let didNotExit = runs.contains { run in
      run.marks.indices.contains { index in
        run.records(at: index).contains { $0.outcome != .exited }
      }
    }
    if let rate = theory.growthRate, rate <= 0 {
      let closed = EscapeTheory(model: model)
      let reason = closed.reasonForNoGrowth ?? "no overlap grows"
      warnings.append(
        "the growth rate is \(NumberText.given(rate)), at or below 0, since \(reason)"
          + (closed.studentsMayCancel ? "" : ": the plateau is not left by growth"))
    } else if didNotExit {
      warnings.append(
        "some replicas did not exit by the horizon "
          + "\(NumberText.given(experiment.exitRule.horizon)): "
          + "means are restricted to it, and say nothing of later times")
    }
    for (name, reason) in theory.notAvailable.sorted(by: { $0.key < $1.key }) {
      warnings.append("\(name) is not available, because \(reason)")
    }
    return warnings + experiment.warnings(replicas: runs.map(\.replicas).max() ?? 0)
  }
}
