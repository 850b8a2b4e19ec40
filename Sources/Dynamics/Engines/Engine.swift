/// Names the replicas that an engine is to run: which, from where, on which streams.
public struct ReplicaBatch: Sendable {
  /// Indices of the replicas.
  public let replicas: Range<Int>
  /// Where they start.
  public let start: Start
  /// Where their random numbers come from.
  public let streams: StreamFamily

  /// Creates a batch.
  public init(replicas: Range<Int>, start: Start, streams: StreamFamily) {
    self.replicas = replicas
    self.start = start
    self.streams = streams
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

  /// Advances every replica of the batch to its last exit or the horizon.
  ///
  /// Returns one record for each replica and threshold, replicas first, thresholds ascending.
  /// A replica's records depend on the model, the start, the seed and the replica's index alone.
  /// `report` is told of steps as they are taken, about every 10⁴ of them.
  /// Throws `GSLError` when GSL fails and `CancellationError` when the task is cancelled.
  func run(_ batch: ReplicaBatch, report: (Int) -> Void) throws -> [ExitRecord]
}

/// Counts steps, reports them in portions and stops a cancelled task.
struct StepMeter {
  private static let portion = 8192
  private var pending = 0

  @inline(__always)
  mutating func count(_ report: (Int) -> Void) throws {
    pending += 1
    if pending == StepMeter.portion { try flush(report) }
  }

  mutating func flush(_ report: (Int) -> Void) throws {
    report(pending)
    pending = 0
    if Task.isCancelled { throw CancellationError() }
  }
}
