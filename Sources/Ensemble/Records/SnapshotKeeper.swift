import Dynamics
import Synchronization

/// Says when the state of a replica is to be kept, and keeps it.
final class SnapshotKeeper: StateKeeper {
  private static let shortest = Duration.milliseconds(500)
  /// Times as long as a snapshot takes to write, at least, that a replica runs between two.
  private static let patience = 20

  private let store: SnapshotStore
  private let subject: SnapshotSubject
  private let began = ContinuousClock.now
  private var last = ContinuousClock.now
  private var interval: Duration
  private var isAwaited: Bool

  init(_ store: SnapshotStore, _ subject: SnapshotSubject) {
    self.store = store
    self.subject = subject
    interval = store.interval
    isAwaited = !store.isStopping
    if isAwaited { store.awaited.add(1, ordering: .relaxed) }
  }

  deinit { release() }

  private func release() {
    if isAwaited { store.awaited.subtract(1, ordering: .releasing) }
    isAwaited = false
  }

  var isDue: Bool {
    let now = ContinuousClock.now
    if now - last >= interval { return true }
    guard store.isStopping, isAwaited else { return false }
    if now - began >= SnapshotKeeper.shortest { return true }
    release()
    return false
  }

  func keep(_ show: (any StateTransfer) throws -> Void) throws {
    let start = ContinuousClock.now
    let writer = try SnapshotWriter(store.path(subject), store.header, subject)
    try show(writer)
    try writer.finish()
    store.didWrite(subject)
    if store.isStopping { release() }
    last = .now
    interval = max(store.interval, (last - start) * SnapshotKeeper.patience)
  }
}
