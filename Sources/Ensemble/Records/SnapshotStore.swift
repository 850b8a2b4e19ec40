import Dynamics
import Foundation
import Synchronization

/// Keeps the states of long replicas in files beside a run's records, so that none need start anew.
///
/// A replica that has run for `interval` has a file, replaced every `interval` of wall-clock time, or at
/// 20 times what writing it takes if that is longer. Each file is written under another name, synced and
/// renamed, and goes when the replica's records are on disk. Replicas that end sooner cost nothing.
public final class SnapshotStore: Sendable {
  private static let suffix = ".state"

  let header: RecordFileHeader
  let interval: Duration
  let directory: DirectoryHandle
  private let prefix: String
  private let subjects = Mutex<Set<SnapshotSubject>>([])
  /// How many of them there are, to be had without a lock.
  private let count = Atomic(0)
  private let isNew = Atomic(false)
  private let stopping = Atomic(false)
  /// Replicas under way that may have something to keep when the run is stopped.
  let awaited = Atomic(0)

  /// Creates a store for the work that `header` names; its files in `directory` start with `prefix`.
  public init(
    directory: DirectoryHandle, prefix: String, header: RecordFileHeader,
    interval: Duration = .seconds(10)
  ) {
    self.directory = directory
    self.prefix = prefix
    self.header = header
    self.interval = interval
  }

  func name(_ subject: SnapshotSubject) -> String {
    "\(prefix)-\(subject.kind.rawValue)-\(subject.replica)\(SnapshotStore.suffix)"
  }

  func path(_ subject: SnapshotSubject) -> String { directory.place(name(subject)) }

  /// The names of the store's files, with whose they are; temporary ones have the same.
  private var files: [(name: String, subject: SnapshotSubject)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    return names.sorted().compactMap { name in
      let final = RecordFileWriter.final(name) ?? name
      guard final.hasPrefix("\(prefix)-"), final.hasSuffix(SnapshotStore.suffix) else { return nil }
      let middle = final.dropFirst(prefix.count + 1).dropLast(SnapshotStore.suffix.count)
      let parts = middle.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 2, let kind = DynamicsKind(rawValue: String(parts[0])),
        let replica = Int(parts[1]), replica >= 0, "\(replica)" == parts[1]
      else { return nil }
      return (name, SnapshotSubject(kind: kind, replica: replica))
    }
  }

  /// Takes up what an earlier process left; returns what a person should know, one line each.
  ///
  /// A snapshot that is torn, or of another experiment, is named and left alone: its replica starts anew.
  /// One of a replica that is not missing is removed. Cost: reads every file once.
  public func takeUp(isMissing: (DynamicsKind, _ replica: Int) -> Bool) -> [String] {
    var (notes, found) = ([String](), Set<SnapshotSubject>())
    for (name, subject) in files {
      let path = directory.place(name)
      guard isMissing(subject.kind, subject.replica), RecordFileWriter.final(name) == nil else {
        directory.remove(name)
        continue
      }
      do {
        try SnapshotReader(path, header, subject).verify()
        found.insert(subject)
      } catch {
        let reason = error as? DataFileError ?? DataFileError(path, "is no snapshot")
        notes.append(
          "\(reason): replica \(subject.replica) of \(subject.kind.rawValue) starts anew")
      }
    }
    for subject in found { insert(subject) }
    if !found.isEmpty {
      notes.append(
        "\(found.count) replica\(found.count == 1 ? "" : "s") under way: going on from where "
          + "\(found.count == 1 ? "it was" : "they were")")
    }
    return notes
  }

  private func insert(_ subject: SnapshotSubject) {
    if subjects.withLock({ $0.insert(subject).inserted }) { count.add(1, ordering: .relaxed) }
  }

  /// Whether there is a snapshot of a replica.
  func has(_ subject: SnapshotSubject) -> Bool {
    count.load(ordering: .relaxed) > 0 && subjects.withLock { $0.contains(subject) }
  }

  /// Notes that a snapshot has been put in place.
  func didWrite(_ subject: SnapshotSubject) {
    insert(subject)
    isNew.store(true, ordering: .relaxed)
  }

  /// Whether one has been written since the last call.
  func takeNews() -> Bool { isNew.exchange(false, ordering: .relaxed) }

  /// Removes the snapshots of replicas whose records are on disk.
  func remove(_ superseded: [SnapshotSubject]) {
    for subject in superseded {
      directory.remove(name(subject))
      if subjects.withLock({ $0.remove(subject) }) != nil { count.subtract(1, ordering: .relaxed) }
    }
  }

  /// Removes every file of the store, once the run is finished.
  public func removeAll() {
    for (name, _) in files { directory.remove(name) }
  }

  /// What keeps the replicas of one dynamics.
  func states(of kind: DynamicsKind) -> any ReplicaStates {
    SnapshotStates(store: self, kind: kind)
  }

  var isStopping: Bool { stopping.load(ordering: .relaxed) }

  /// Has every replica under way keep its state once more, and waits until all have, or for `limit`.
  ///
  /// Those that have run for less than half a second are left out.
  public func stop(within limit: Duration) {
    stopping.store(true, ordering: .relaxed)
    let began = ContinuousClock.now
    while awaited.load(ordering: .acquiring) > 0, began.duration(to: .now) < limit { usleep(5000) }
  }
}

/// Keeps the replicas of one dynamics in a store.
private struct SnapshotStates: ReplicaStates {
  let store: SnapshotStore
  let kind: DynamicsKind

  func restore(_ replica: Int, _ fill: (any StateTransfer) throws -> Void) throws {
    let subject = SnapshotSubject(kind: kind, replica: replica)
    guard store.has(subject) else { return }
    let path = store.path(subject)
    let misfit = DataFileError(path, "is intact and does not fit its experiment")
    do {
      let reader = try SnapshotReader(path, store.header, subject)
      try fill(reader)
      guard try reader.isAtEnd() else { throw misfit }
    } catch is StateError {
      throw misfit
    }
  }

  func keeper(_ replica: Int) -> any StateKeeper {
    SnapshotKeeper(store, SnapshotSubject(kind: kind, replica: replica))
  }
}

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
    let writer = try SnapshotWriter(
      store.name(subject), in: store.directory, store.header, subject)
    try show(writer)
    try writer.finish()
    store.didWrite(subject)
    if store.isStopping { release() }
    last = .now
    interval = max(store.interval, (last - start) * SnapshotKeeper.patience)
  }
}
