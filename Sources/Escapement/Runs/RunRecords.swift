import Dynamics
import Ensemble

/// Holds the records of every dynamics of an experiment, or of a share of them, with their cost.
public final class RunRecords {
  /// The experiment.
  public let experiment: Experiment
  /// The records by dynamics.
  public let tables: [DynamicsKind: ExitRecordTable]
  private var costs: [DynamicsKind: (steps: Int, seconds: Double)] = [:]

  /// Makes room for the records; throws `ParameterError` when there is not enough memory.
  public init(_ experiment: Experiment, share: ReplicaShare? = nil) throws {
    self.experiment = experiment
    tables = try Dictionary(
      uniqueKeysWithValues: experiment.dynamics.map { kind in
        let count = experiment.replicaCount(kind)
        return (
          kind,
          try ExitRecordTable(
            replicas: share?.replicas(of: count) ?? 0..<count,
            recordsPerReplica: experiment.exitRule.marks.count)
        )
      })
  }

  /// Adds what a dynamics cost.
  func spend(_ kind: DynamicsKind, _ steps: Int, _ seconds: Double) {
    let before = costs[kind] ?? (0, 0)
    costs[kind] = (before.steps + steps, before.seconds + seconds)
  }

  /// Number of replicas, of all dynamics together.
  public var replicaCount: Int { tables.values.reduce(0) { $0 + $1.replicas.count } }

  /// Number of replicas that are not there yet.
  public var missingCount: Int {
    tables.values.reduce(0) { $0 + $1.missing.reduce(0) { $0 + $1.count } }
  }

  /// Reads a record file into the tables; throws `DataFileError`.
  func read(_ file: RecordFileReader) throws {
    _ = try file.readAll(
      table: { tables[$0].map { ($0, $0.replicas) } },
      contradiction: RecordRules(experiment).contradiction, cost: spend)
  }

  /// Runs the replicas that are not there yet.
  ///
  /// A `journal` gets each as it ends. Throws as `EnsembleRunner` does.
  public func complete(
    journal: RecordJournal? = nil, observer: (any ComparisonObserver)? = nil
  ) async throws {
    let runner = try EnsembleRunner(threads: experiment.threads)
    for kind in experiment.dynamics {
      guard let table = tables[kind], !table.missing.isEmpty else { continue }
      let meter = ProgressMeter()
      await observer?.willRun(kind, replicas: table.replicas.count, meter: meter)
      let result: Result<(steps: Int, seconds: Double), any Error>
      do {
        result = .success(
          try await runner.complete(
            table, experiment.engine(kind), start: experiment.start,
            streams: experiment.streams, progress: meter, journal: journal))
      } catch {
        result = .failure(error)
      }
      await observer?.didRun(kind)
      let cost = try result.get()
      spend(kind, cost.steps, cost.seconds)
    }
  }

  /// The records as runs, once every replica is there.
  var runs: [EnsembleRun] {
    experiment.dynamics.compactMap { kind in
      tables[kind].map {
        EnsembleRun(
          kind: kind, marks: experiment.exitRule.marks,
          steps: costs[kind]?.steps ?? 0, seconds: costs[kind]?.seconds ?? 0, table: $0)
      }
    }
  }

  /// Compares the dynamics, once every replica of all is there; throws as `Comparison` does.
  public func comparison(commit: String?) throws -> Comparison {
    try Comparison(experiment, runs: runs, commit: commit)
  }
}

extension Comparison {
  /// Runs an experiment.
  ///
  /// `commit` is put into the provenance. Throws `GSLError` when GSL fails, `CancellationError`
  /// when the task is cancelled. Cost: the steps of all replicas; memory 17 bytes a replica and
  /// threshold.
  public static func run(
    _ experiment: Experiment, commit: String? = nil, observer: (any ComparisonObserver)? = nil
  ) async throws -> Comparison {
    let records = try RunRecords(experiment)
    try await records.complete(observer: observer)
    return try records.comparison(commit: commit)
  }
}
