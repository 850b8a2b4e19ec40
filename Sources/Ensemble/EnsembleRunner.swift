import Dynamics
import Foundation
import Synchronization

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
    try requireReplicas(replicas)
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
    try await complete(table, engine.kind, streams, progress, journal) { source, finish in
      try engine.run(ReplicaWork(source, start: start, record: finish))
    }
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
    try await complete(table, engine.kind, streams, progress, journal) { source, finish in
      try engine.observe(
        PathWork(
          source, start: start, times: times,
          end: { replica, end in
            if let journal, let numbers { journal.add(replica, numbers: numbers(replica)) }
            finish(replica, [ExitRecord(end)])
          }, observe: observe))
    }
  }

  private func complete(
    _ table: ExitRecordTable, _ kind: DynamicsKind, _ streams: StreamFamily,
    _ progress: ProgressMeter, _ journal: RecordJournal?,
    perform:
      @escaping @Sendable (ReplicaSource, _ finish: @escaping (Int, [ExitRecord]) -> Void) throws
      -> Void
  ) async throws -> (steps: Int, seconds: Double) {
    let queue = ReplicaQueue(table.missing)
    let (stepsBefore, began) = (progress.steps, ContinuousClock.now)
    progress.add(replicas: table.replicas.count - queue.count)
    journal?.begin(kind, recordsPerReplica: table.recordsPerReplica, progress: progress)
    let saves: (@Sendable () async throws -> Void)? = journal.map { journal in
      { @Sendable in
        while (try? await Task.sleep(for: .seconds(2))) != nil { try journal.save() }
      }
    }
    do {
      try await distribute(
        queue, streams, progress, states: journal?.snapshots?.states(of: kind), meanwhile: saves
      ) { source in
        try perform(source) { replica, records in
          table.set(replica, records)
          journal?.add(replica, records)
          progress.add(replicas: 1)
        }
      }
    } catch {
      // What has been finished is kept, whatever went wrong; that is what is told.
      try? journal?.save()
      throw error
    }
    try journal?.save()
    return (progress.steps - stepsBefore, seconds(began.duration(to: .now)))
  }

  /// Hands the replicas of a queue out to as many tasks as there are threads; the first failure, be it of
  /// what is done `meanwhile`, cancels the rest.
  func distribute(
    _ queue: ReplicaQueue, _ streams: StreamFamily, _ progress: ProgressMeter,
    states: (any ReplicaStates)? = nil, meanwhile: (@Sendable () async throws -> Void)? = nil,
    perform: @escaping @Sendable (ReplicaSource) throws -> Void
  ) async throws {
    let executor = ThreadExecutor()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      let workers = min(threads, queue.count)
      for _ in 0..<workers {
        group.addTask(executorPreference: executor) {
          try perform(
            ReplicaSource(
              queue: queue, streams: streams, report: { progress.add(steps: $0) }, states: states))
          return true
        }
      }
      if let meanwhile {
        group.addTask {
          try await meanwhile()
          return false
        }
      }
      // Unlike waiting for all, leaving at the first error cancels the rest.
      var working = workers
      while working > 0, let isWorker = try await group.next() { working -= isWorker ? 1 : 0 }
      group.cancelAll()
    }
  }
}

extension ExitRecord {
  /// The record that stands for the end of a path in tables and files: censored at the last time, or diverged.
  init(_ end: PathEnd) {
    self.init(outcome: end.hasDiverged ? .diverged : .censored, time: end.time, step: end.step)
  }
}

/// Throws `ParameterError` for the key `replicas` below 1.
func requireReplicas(_ replicas: Int) throws(ParameterError) {
  guard replicas >= 1 else {
    throw ParameterError(
      key: "replicas", found: "\(replicas)", expected: "a whole number of at least 1")
  }
}

/// Counts steps and finished replicas while an ensemble runs; any task may read it at any time.
public final class ProgressMeter: Sendable {
  private let stepCount = Atomic<Int>(0)
  private let replicaCount = Atomic<Int>(0)

  /// Creates a meter at zero.
  public init() {}

  /// Steps taken so far, to within the last 10⁴ of each task.
  public var steps: Int { stepCount.load(ordering: .relaxed) }
  /// Replicas finished so far.
  public var finishedReplicas: Int { replicaCount.load(ordering: .relaxed) }

  func add(steps: Int) { stepCount.add(steps, ordering: .relaxed) }
  func add(replicas: Int) { replicaCount.add(replicas, ordering: .relaxed) }
}

/// Gives each job a thread of its own.
///
/// Engines compute for minutes without a pause. On Swift's pool, which has one thread a core, they
/// would keep every other task waiting: a progress bar, or the task that is to cancel them.
final class ThreadExecutor: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let body = Unmanaged.passRetained(
      ThreadBody { job.runSynchronously(on: self.asUnownedTaskExecutor()) })
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, 1 << 23)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    // Foundation's own thread would not say that the system has none to give.
    let status = pthread_create(&thread, &attributes, threadMain, body.toOpaque())
    if status != 0 { body.takeRetainedValue().run() }
  }
}

/// What a thread is to do, for C.
private final class ThreadBody {
  let run: () -> Void

  init(_ run: @escaping () -> Void) { self.run = run }
}

#if canImport(Darwin)
  private let threadMain: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = {
    Unmanaged<ThreadBody>.fromOpaque($0).takeRetainedValue().run()
    return nil
  }
#else
  private let threadMain: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
    Unmanaged<ThreadBody>.fromOpaque($0!).takeRetainedValue().run()
    return nil
  }
#endif
