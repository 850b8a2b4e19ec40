internal import CKernels

/// A replica that a vector kernel advances by itself, many steps a call.
protocol KernelReplica: AnyObject {
  var model: Model { get }
  /// Steps a kernel takes in some ten milliseconds: the time between looks at cancellation.
  var portion: Int { get }
  /// Steps taken since the start.
  var step: Int { get }
  /// The excess risk after the last step.
  var risk: Double { get }
  /// The overlaps as a flat state.
  var overlaps: [Double] { get }
  /// Puts a replica at its start.
  func place(_ frame: StudentFrame, replica: Int)
  /// Takes at most `steps` steps, fewer when the risk falls to `risk`.
  func advance(_ steps: Int, until risk: Double) -> EscEvent
  /// Passes all that the next step depends on, of a replica that has been placed.
  func pass(through transfer: any StateTransfer) throws
}

/// Advances one replica to its last exit or the limit.
func kernelExits(
  of replica: some KernelReplica, _ rule: ExitRule, _ stepLimit: Int, _ kept: StateWatch,
  _ report: (Int) -> Void
) throws -> [ExitRecord] {
  var (watch, kept) = (rule.watch(of: replica.model, initialRisk: replica.risk), kept)
  watch.begin(risk: replica.risk, step: 0)
  func pass(through transfer: any StateTransfer) throws {
    try replica.pass(through: transfer)
    try watch.pass(through: transfer)
  }
  try kept.restore(pass)
  while !watch.isDone && replica.step < stepLimit {
    let before = replica.step
    let event = replica.advance(
      min(replica.portion, stepLimit - before), until: watch.boundary)
    let step = replica.step
    report(step - before)
    if Task.isCancelled { throw CancellationError() }
    let time = replica.model.clock.time(ofStep: step)
    switch event {
    case ESC_EVENT_CROSSED:
      watch.confirm(replica.risk, at: time, step: step)
    case ESC_EVENT_DIVERGED: return watch.finish(.diverged, at: time, step: step)
    default: break
    }
    if !watch.isDone { try kept.look(pass) }
  }
  return watch.finish(.censored, at: rule.horizon, step: stepLimit)
}

/// Owns zeroed memory and hands out parts of it, each on a cache line of its own.
final class KernelMemory {
  private let storage: UnsafeMutablePointer<Double>
  private let count: Int
  private var used = 0

  /// Allocates room for parts of these sizes, in numbers.
  init(_ sizes: [Int]) {
    count = sizes.reduce(0) { $0 + KernelMemory.rounded($1) }
    storage = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 8, alignment: 64)
      .bindMemory(to: Double.self, capacity: max(count, 1))
    clear()
  }

  deinit { storage.deallocate() }

  /// Takes the next part.
  func take(_ size: Int) -> UnsafeMutablePointer<Double> {
    precondition(used + KernelMemory.rounded(size) <= count, "parts in excess of the room")
    defer { used += KernelMemory.rounded(size) }
    return storage + used
  }

  /// Passes every number.
  func pass(through transfer: any StateTransfer) throws {
    try transfer.pass(storage, count: count)
  }

  /// Passes every number, and what a kernel's state has beside them.
  func pass<State>(
    with state: inout State, _ risk: WritableKeyPath<State, Double>,
    _ step: WritableKeyPath<State, UInt64>, _ generators: WritableKeyPath<State, EscGenerators>,
    through transfer: any StateTransfer
  ) throws {
    try pass(through: transfer)
    try transfer.pass(&state[keyPath: risk])
    try transfer.pass(&state[keyPath: step])
    try transfer.pass(&state[keyPath: generators])
    try StateError.require(state[keyPath: step] < 1 << 60)
  }

  /// Sets every number to zero.
  func clear() { storage.initialize(repeating: 0, count: count) }

  private static func rounded(_ size: Int) -> Int { (size + 7) / 8 * 8 }
}
