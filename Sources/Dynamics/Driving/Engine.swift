import Synchronization

/// Hands out the indices of replicas, each once, to whichever task asks.
public final class ReplicaQueue: Sendable {
  private let ranges: [Range<Int>]
  /// How many indices there are before each range, and in all.
  private let before: [Int]
  private let upcoming = Atomic(0)

  /// Creates a queue of the indices in `replicas`.
  public convenience init(_ replicas: Range<Int>) { self.init([replicas]) }

  /// Creates a queue of the indices in several ranges, one range after another.
  public init(_ ranges: [Range<Int>]) {
    self.ranges = ranges
    before = ranges.reduce(into: [0]) { $0.append($0.last! + $1.count) }
  }

  /// Number of indices, taken or not.
  public var count: Int { before.last! }

  /// Takes the next index, nil when there is none.
  public func next() -> Int? {
    let place = upcoming.add(1, ordering: .relaxed).oldValue
    guard place < count else { return nil }
    // The last range that starts at or before the place.
    var (low, high) = (0, ranges.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if before[middle] <= place { low = middle } else { high = middle - 1 }
    }
    return ranges[low].lowerBound + place - before[low]
  }
}

/// Gives a task its replicas and their streams, and takes word of steps and states.
public struct ReplicaSource {
  /// Where indices of replicas come from.
  public let queue: ReplicaQueue
  /// Where their random numbers come from.
  public let streams: StreamFamily
  /// Is told of steps as they are taken, about every 10⁴ of them.
  public let report: (_ steps: Int) -> Void
  /// Where the states of long replicas are kept; nil where they are not.
  public let states: (any ReplicaStates)?

  /// Creates the source of one task.
  public init(
    queue: ReplicaQueue, streams: StreamFamily, report: @escaping (Int) -> Void = { _ in },
    states: (any ReplicaStates)? = nil
  ) {
    self.queue = queue
    self.streams = streams
    self.report = report
    self.states = states
  }
}

/// Tells an engine which replicas to time the exits of, from where, and where records go.
public struct ReplicaWork {
  /// The replicas and their streams.
  public let source: ReplicaSource
  /// Where replicas start.
  public let start: Start
  /// Takes the records of a finished replica, one for each threshold, ascending.
  public let record: (_ replica: Int, _ records: [ExitRecord]) -> Void

  /// Creates the work of one task.
  public init(
    _ source: ReplicaSource, start: Start, record: @escaping (Int, [ExitRecord]) -> Void
  ) {
    self.source = source
    self.start = start
    self.record = record
  }
}

/// Shows a replica at one time.
public struct PathPoint {
  /// The excess risk.
  public let risk: Double
  private let makeState: () -> NetworkState
  private let findTrainingRisk: (() -> Double)?

  init(
    risk: Double, trainingRisk: (() -> Double)? = nil, state: @escaping () -> NetworkState
  ) {
    self.risk = risk
    findTrainingRisk = trainingRisk
    makeState = state
  }

  /// (1/N) Σ ½(y − f)² over the finite set of samples that returns, the noise of its labels in it; nil where all samples
  /// are fresh. Evaluated when asked for, O(N p d); only inside the call that shows the point.
  public var trainingRisk: Double? { findTrainingRisk?() }

  /// M, Q and a, gathered when they are asked for: O(p(p + k)); only inside the call that shows the point.
  public var state: NetworkState { makeState() }
}

/// Says how far a replica has been followed.
public struct PathEnd: Sendable, Equatable {
  /// Whether numbers were lost; nothing is shown from then on.
  public let hasDiverged: Bool
  /// The last time that was asked for, or the time at which numbers were lost.
  public let time: Double
  /// Number of steps taken, −1 where the dynamics has none.
  public let step: Int

  /// Creates an end.
  public init(hasDiverged: Bool, time: Double, step: Int = -1) {
    self.hasDiverged = hasDiverged
    self.time = time
    self.step = step
  }
}

/// Tells an engine which replicas to follow, and at which times to show them.
public struct PathWork {
  /// The replicas and their streams.
  public let source: ReplicaSource
  /// Where replicas start.
  public let start: Start
  /// Times τ ≥ 0, ascending, at least one.
  public let times: [Double]
  /// Is shown a replica at a time, by its index; the times of a replica come in order.
  public let observe: (_ replica: Int, _ time: Int, _ point: PathPoint) -> Void
  /// Is told how a replica ended, once.
  public let end: (_ replica: Int, _ end: PathEnd) -> Void

  /// Creates the work of one task.
  public init(
    _ source: ReplicaSource, start: Start, times: [Double],
    end: @escaping (_ replica: Int, _ end: PathEnd) -> Void = { _, _ in },
    observe: @escaping (_ replica: Int, _ time: Int, _ point: PathPoint) -> Void
  ) {
    precondition(!times.isEmpty && times[0] >= 0, "times of at least 0")
    self.source = source
    self.start = start
    self.times = times
    self.observe = observe
    self.end = end
  }

  var lastTime: Double { times[times.count - 1] }
}

/// Runs one of the four dynamics; knows nothing of threads, files or statistics.
public protocol Engine: Sendable {
  /// Which dynamics this is.
  var kind: DynamicsKind { get }
  /// When a replica has left the plateau.
  var exitRule: ExitRule { get }

  /// Takes replicas from the queue until it is empty and advances each to its last exit or the
  /// horizon.
  ///
  /// A replica's records depend on the model, the start, the seed and the replica's index alone:
  /// not on what else the task runs. Throws `GSLError` when GSL fails and `CancellationError` when
  /// the task is cancelled.
  func run(_ work: ReplicaWork) throws
}

extension Engine {
  /// Runs a range of replicas on this task and returns their records, replicas first, thresholds
  /// ascending.
  public func run(_ replicas: Range<Int>, start: Start, streams: StreamFamily) throws
    -> [ExitRecord]
  {
    var results: [Int: [ExitRecord]] = [:]
    try run(
      ReplicaWork(
        ReplicaSource(queue: ReplicaQueue(replicas), streams: streams), start: start,
        record: { results[$0] = $1 }))
    return replicas.flatMap { results[$0] ?? [] }
  }
}

/// A dynamics whose replicas can be followed along times, past every exit.
public protocol ObservableEngine: Engine {
  /// Takes replicas from the queue until it is empty and shows each at every time.
  ///
  /// Dynamics with steps are shown after the last step that is taken by then. Chain and full SGD follow
  /// the very paths that ``Engine/run(_:)`` times the exits of; so does the ODE. Exit rule and horizon
  /// are not looked at. Throws as ``Engine/run(_:)`` does.
  func observe(_ paths: PathWork) throws
}
