import Dynamics

/// Runs the replicas of one engine over several threads.
///
/// Each thread takes replicas one by one from a common queue, so that long and short ones balance,
/// and puts their records in place by index: neither the number of threads nor the order in which
/// replicas end can be seen in the result. Memory: 17 bytes a replica and threshold, and one
/// workspace a thread.
public struct EnsembleRunner: Sendable {
  /// Number of tasks that run at once; more than there are cores gains nothing.
  public let threads: Int

  /// Creates a runner; throws `ParameterError` for the key `threads` below 1.
  public init(threads: Int) throws(ParameterError) {
    guard threads >= 1 else {
      throw ParameterError(
        key: "threads", found: "\(threads)", expected: "a whole number of at least 1")
    }
    self.threads = threads
  }

  /// Runs replicas 0..<`replicas` of `engine` and returns their records in order.
  ///
  /// Throws what the engine throws; the first failure cancels the rest.
  public func run(
    _ engine: some Engine, replicas: Int, start: Start, streams: StreamFamily,
    progress: ProgressMeter = ProgressMeter()
  ) async throws -> EnsembleRun {
    guard replicas >= 1 else {
      throw ParameterError(
        key: "replicas", found: "\(replicas)", expected: "a whole number of at least 1")
    }
    let marks = engine.exitRule.marks
    let table = try ExitRecordTable(
      replicas: 0..<replicas, recordsPerReplica: marks.count)
    let cost = try await complete(
      table, engine, start: start, streams: streams, progress: progress)
    return EnsembleRun(
      kind: engine.kind, marks: marks, steps: cost.steps, seconds: cost.seconds,
      table: table)
  }

  /// Runs the replicas that `table` does not have yet and puts their records there.
  ///
  /// A `journal` gets each replica as it ends, and saves every two seconds and at the end, however
  /// that comes; replicas of which it has a snapshot go on from there. Returns steps and wall-clock
  /// seconds. Throws what the engine throws, and `OutputError` when the journal cannot be written; the
  /// first failure cancels the rest.
  public func complete(
    _ table: ExitRecordTable, _ engine: some Engine, start: Start, streams: StreamFamily,
    progress: ProgressMeter = ProgressMeter(), journal: RecordJournal? = nil
  ) async throws -> (steps: Int, seconds: Double) {
    try await complete(
      table, engine.kind, start: start, streams: streams, progress: progress, journal: journal
    ) { try engine.run($0) }
  }

  /// Follows the replicas of `table` along `times` and puts there how each ended, one record a replica.
  ///
  /// `observe` is shown every replica at every time, in order for one replica, from several threads at
  /// once. A `journal` gets what `numbers` tells of a replica that has ended, and its record. Returns and
  /// throws as above.
  public func follow(
    _ table: ExitRecordTable, _ engine: some ObservableEngine, start: Start,
    streams: StreamFamily, times: [Double], progress: ProgressMeter = ProgressMeter(),
    journal: RecordJournal? = nil, numbers: (@Sendable (_ replica: Int) -> [Double])? = nil,
    observe: @escaping @Sendable (_ replica: Int, _ time: Int, _ point: PathPoint) -> Void
  ) async throws -> (steps: Int, seconds: Double) {
    try await complete(
      table, engine.kind, start: start, streams: streams, progress: progress, journal: journal,
      numbers: numbers
    ) { try engine.observe(PathWork($0, times: times, observe: observe)) }
  }

  private func complete(
    _ table: ExitRecordTable, _ kind: DynamicsKind, start: Start, streams: StreamFamily,
    progress: ProgressMeter, journal: RecordJournal?,
    numbers: (@Sendable (_ replica: Int) -> [Double])? = nil,
    perform: @escaping @Sendable (ReplicaWork) throws -> Void
  ) async throws -> (steps: Int, seconds: Double) {
    let queue = ReplicaQueue(table.missing)
    let (stepsBefore, began) = (progress.steps, ContinuousClock.now)
    progress.add(replicas: table.replicas.count - queue.count)
    journal?.begin(
      kind, recordsPerReplica: table.recordsPerReplica, progress: progress)
    let executor = ThreadExecutor()
    let workers = min(threads, queue.count)
    do {
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<workers {
          group.addTask(executorPreference: executor) {
            try perform(
              ReplicaWork(
                queue: queue, start: start, streams: streams,
                record: {
                  table.set($0, $1)
                  if let journal, let numbers { journal.add($0, numbers: numbers($0)) }
                  journal?.add($0, $1)
                  progress.add(replicas: 1)
                },
                report: { progress.add(steps: $0) },
                states: journal?.snapshots?.states(of: kind)))
            return true
          }
        }
        if let journal {
          group.addTask {
            while (try? await Task.sleep(for: .seconds(2))) != nil { try journal.save() }
            return false
          }
        }
        // Unlike waiting for all, leaving at the first error cancels the rest.
        var working = workers
        while working > 0, let isWorker = try await group.next() { working -= isWorker ? 1 : 0 }
        group.cancelAll()
      }
    } catch {
      // What has been finished is kept, whatever went wrong; that is what is told.
      try? journal?.save()
      throw error
    }
    try journal?.save()
    return (progress.steps - stepsBefore, seconds(began.duration(to: .now)))
  }
}
