/// Carries the state of a replica out or back in, part by part, in an order that the replica fixes.
///
/// One definition serves both ways: a transfer out reads the bytes it is shown, a transfer in fills them.
public protocol StateTransfer: AnyObject {
  /// Reads the bytes, or fills them with those that were read at this place before.
  func pass(_ bytes: UnsafeMutableRawBufferPointer) throws
}

extension StateTransfer {
  /// Passes numbers in memory.
  func pass(_ numbers: UnsafeMutablePointer<Double>, count: Int) throws {
    try pass(UnsafeMutableRawBufferPointer(start: numbers, count: count * 8))
  }

  /// Passes a value that is all in its bytes, any of which may come back.
  func pass<Value: BitwiseCopyable>(_ value: inout Value) throws {
    try withUnsafeMutableBytes(of: &value) { try pass($0) }
  }

  /// Passes the risk and the steps until overlaps are taken anew, as they are every `interval` steps.
  func pass(_ risk: inout Double, stepsUntilRefresh: inout Int, of interval: Int) throws {
    try pass(&risk)
    try pass(&stepsUntilRefresh)
    try StateError.require((-1...interval).contains(stepsUntilRefresh))
  }
}

/// Says that a state is not one of the replica which was to take it.
public struct StateError: Error {
  /// The error of a state that ends too soon.
  public static let tooShort = StateError()

  /// Throws unless a value that came back is in its range.
  static func require(_ isInRange: Bool) throws(StateError) {
    if !isInRange { throw StateError() }
  }
}

/// Keeps the states of replicas under way, so that a long one need not start anew.
public protocol ReplicaStates: Sendable {
  /// Fills a replica that is at its start with the state that was kept of it; does nothing when none was.
  ///
  /// Throws what `fill` throws, and for a state that cannot be read or does not fit.
  func restore(_ replica: Int, _ fill: (any StateTransfer) throws -> Void) throws
  /// Makes what keeps the states of one replica from now on.
  func keeper(_ replica: Int) -> any StateKeeper
}

/// Keeps the last state of one replica; belongs to the task that runs it.
public protocol StateKeeper: AnyObject {
  /// Whether the state should be kept now; some 30 ns.
  var isDue: Bool { get }
  /// Keeps the state that `show` passes; throws what it throws, and when the state cannot be written.
  func keep(_ show: (any StateTransfer) throws -> Void) throws
}

/// Looks after the state of one replica between two looks of an engine.
///
/// The keeper is made at the first look, so that a replica which ends before has none.
struct StateWatch {
  private let states: (any ReplicaStates)?
  private let replica: Int
  private var keeper: (any StateKeeper)?

  init(_ states: (any ReplicaStates)?, _ replica: Int) {
    self.states = states
    self.replica = replica
  }

  func restore(_ fill: (any StateTransfer) throws -> Void) throws {
    try states?.restore(replica, fill)
  }

  /// Keeps the state if it is time to.
  mutating func look(_ show: (any StateTransfer) throws -> Void) throws {
    guard let states else { return }
    let keeper = keeper ?? states.keeper(replica)
    self.keeper = keeper
    if keeper.isDue { try keeper.keep(show) }
  }
}
