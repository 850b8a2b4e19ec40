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

/// Tells an engine which replicas to run, from where, on which streams, and where results go.
public struct ReplicaWork {
  /// Where indices of replicas come from.
  public let queue: ReplicaQueue
  /// Where replicas start.
  public let start: Start
  /// Where their random numbers come from.
  public let streams: StreamFamily
  /// Takes the records of a finished replica, one for each threshold, ascending.
  public let record: (_ replica: Int, _ records: [ExitRecord]) -> Void
  /// Is told of steps as they are taken, about every 10⁴ of them.
  public let report: (_ steps: Int) -> Void
  /// Where the states of long replicas are kept; nil where they are not.
  public let states: (any ReplicaStates)?

  /// Creates the work of one task.
  public init(
    queue: ReplicaQueue, start: Start, streams: StreamFamily,
    record: @escaping (Int, [ExitRecord]) -> Void, report: @escaping (Int) -> Void = { _ in },
    states: (any ReplicaStates)? = nil
  ) {
    self.queue = queue
    self.start = start
    self.streams = streams
    self.record = record
    self.report = report
    self.states = states
  }

  /// Draws the start of one replica from the stream that all dynamics share.
  func frame(of replica: Int, model: Model) throws -> StudentFrame {
    if case .fixed(let frame) = start { return frame }
    return start.frame(of: model, from: try streams.stream(for: .start, replica: replica))
  }
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
        queue: ReplicaQueue(replicas), start: start, streams: streams,
        record: { results[$0] = $1 }))
    return replicas.flatMap { results[$0] ?? [] }
  }
}

/// Counts steps, reports them in portions and stops a cancelled task.
struct StepMeter {
  /// The largest portion.
  static let portion = 8192
  private let portion: Int
  private var pending = 0

  init(portion: Int = StepMeter.portion) { self.portion = portion }

  /// Counts one; returns whether a portion is full.
  @inline(__always) @discardableResult
  mutating func count(_ report: (Int) -> Void) throws -> Bool {
    pending += 1
    guard pending == portion else { return false }
    try flush(report)
    return true
  }

  mutating func flush(_ report: (Int) -> Void) throws {
    report(pending)
    pending = 0
    if Task.isCancelled { throw CancellationError() }
  }
}
