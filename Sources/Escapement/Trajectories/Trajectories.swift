import Dynamics
import Ensemble
import Foundation
import GSL

/// Holds what was seen of the paths of one dynamics.
public struct DynamicsPaths: Sendable {
  /// Which dynamics.
  public let kind: DynamicsKind
  /// How many replicas were followed.
  public let replicas: Int
  /// Summaries of the risk over them, one a time.
  public let bands: [RiskBand]
  /// How many paths are kept, those of the first replicas.
  public let pathCount: Int
  /// The time at which a replica diverged, by its index; empty when none did.
  public let divergences: [Int: Double]
  let paths: NumberTable

  /// The numbers of a path at a time, one a column; not numbers once the replica has diverged.
  public func values(path: Int, time: Int) -> [Double] {
    Array(paths.row(path * bands.count + time))
  }
}

/// Follows the paths of every dynamics of a plan.
public struct Trajectories: Sendable {
  /// What was asked for.
  public let plan: TrajectoryPlan
  /// What was seen, in the order of `DynamicsKind`.
  public let runs: [DynamicsPaths]
  /// Where the result comes from.
  public let provenance: ComparisonSummary.Provenance

  /// Follows the paths of a plan; results do not depend on threads.
  ///
  /// With `saved`, those of the same plan, replicas are kept as they end, and those that are there are not
  /// followed again. Throws `GSLError` when GSL fails, `ParameterError` without memory, `CancellationError`
  /// when the task is cancelled, `OutputError` and `DataFileError` when `saved` cannot be written or read.
  /// Cost: the steps of all replicas to the last time.
  public static func run(
    _ plan: TrajectoryPlan, saved: SavedTrajectories? = nil, commit: String? = nil,
    observer: (any ComparisonObserver)? = nil
  ) async throws -> Trajectories {
    let experiment = plan.experiment
    let runner = try EnsembleRunner(threads: experiment.threads)
    var runs: [DynamicsPaths] = []
    for kind in experiment.dynamics {
      let count = plan.replicaCount(kind)
      let store = try TrajectoryStore(plan, kind)
      let ends =
        try saved?.ends[kind] ?? ExitRecordTable(replicas: 0..<count, recordsPerReplica: 1)
      try saved?.fill(store, kind)
      let meter = ProgressMeter()
      await observer?.willRun(kind, replicas: count, meter: meter)
      let result: Result<Void, any Error>
      do {
        _ = try await runner.follow(
          ends, experiment.engine(kind), start: experiment.start, streams: experiment.streams,
          times: plan.grid.times, progress: meter, journal: saved?.journal, numbers: store.numbers,
          observe: store.add)
        result = .success(())
      } catch {
        result = .failure(error)
      }
      await observer?.didRun(kind)
      try result.get()
      let diverged = (0..<count).filter { ends[$0, 0].outcome == .diverged }
      runs.append(
        DynamicsPaths(
          kind: kind, replicas: count,
          bands: try plan.grid.times.indices.map {
            try RiskBand(store.risks.column($0), probabilities: plan.shownQuantiles)
          },
          pathCount: plan.pathCount(kind),
          divergences: Dictionary(uniqueKeysWithValues: diverged.map { ($0, ends[$0, 0].time) }),
          paths: store.paths))
    }
    return Trajectories(
      plan: plan, runs: runs,
      provenance: ComparisonSummary.Provenance(
        version: escapementVersion, commit: commit, gsl: gslVersion,
        generator: experiment.streams.generator.name, seed: experiment.streams.seed))
  }

  /// What a reader must know before believing the numbers.
  public var warnings: [String] {
    let diverged = runs.filter { !$0.divergences.isEmpty }.map {
      "\($0.divergences.count) of \($0.replicas) replicas of \($0.kind.rawValue) left the finite "
        + "numbers: their risks are empty from then on, and no mean is given"
    }
    return plan.experiment.warnings(replicas: runs.map(\.replicas).max() ?? 0) + diverged
  }
}
