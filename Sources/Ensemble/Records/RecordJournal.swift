import Dynamics
import Synchronization

/// Takes finished replicas from any thread and saves them to a record file every now and then.
///
/// Adding costs a lock and some 20 bytes a record in memory; writing is left to `save`, save when
/// so much has come together that memory matters.
public final class RecordJournal: Sendable {
  /// A block is written at once beyond this size.
  private static let largestPending = 1 << 22
  /// Numbers of a replica that are added at once, at most.
  private static let largestPiece = 1 << 19

  private struct Pending {
    var block: RecordBlock?
    /// Numbers of replicas whose records are in `block`, or still to come.
    var numbers: NumberBlock?
    var progress: ProgressMeter?
    var steps = 0
    var since = ContinuousClock.now
    /// Snapshots of replicas that are finished.
    var superseded: [SnapshotSubject] = []
  }

  private struct File: ~Copyable {
    let writer: RecordFileWriter
    var failure: (any Error)?
  }

  private let pending = Mutex(Pending())
  private let file: Mutex<File>
  /// Where long replicas are kept while they run; nil where they are not.
  let snapshots: SnapshotStore?

  init(_ writer: sending RecordFileWriter, _ snapshots: SnapshotStore?) {
    file = Mutex(File(writer: writer))
    self.snapshots = snapshots
  }

  /// Creates a record file of a directory with its header; throws `OutputError`.
  public convenience init(
    creating name: String, in directory: DirectoryHandle, header: RecordFileHeader,
    snapshots: SnapshotStore? = nil
  ) throws {
    self.init(try RecordFileWriter(creating: name, in: directory, header: header), snapshots)
  }

  /// Goes on with a file after its first `length` bytes; throws `OutputError`.
  public convenience init(
    continuing name: String, in directory: DirectoryHandle, at length: Int,
    snapshots: SnapshotStore? = nil
  ) throws {
    self.init(try RecordFileWriter(continuing: name, in: directory, at: length), snapshots)
  }

  /// Starts on a dynamics, whose steps `progress` counts.
  func begin(_ kind: DynamicsKind, recordsPerReplica: Int, progress: ProgressMeter) {
    pending.withLock {
      $0 = Pending(
        block: RecordBlock(kind: kind, recordsPerReplica: recordsPerReplica),
        numbers: NumberBlock(kind: kind), progress: progress, steps: progress.steps)
    }
  }

  /// Adds what was seen of a replica, piece by piece, before the replica itself.
  func add(_ replica: Int, numbers: [Double]) {
    for place in stride(from: 0, to: numbers.count, by: RecordJournal.largestPiece) {
      let piece = numbers[place...].prefix(RecordJournal.largestPiece)
      let size = pending.withLock {
        $0.numbers?.add(replica, from: place, piece)
        return $0.numbers?.size ?? 0
      }
      if size > RecordJournal.largestPending { try? save() }
    }
  }

  /// Adds a finished replica.
  func add(_ replica: Int, _ records: [ExitRecord]) {
    let size = pending.withLock {
      $0.block?.add(replica, records)
      if let kind = $0.block?.kind, let snapshots {
        let subject = SnapshotSubject(kind: kind, replica: replica)
        if snapshots.has(subject) { $0.superseded.append(subject) }
      }
      return $0.block?.size ?? 0
    }
    // A failure is kept, and found by whoever saves next.
    if size > RecordJournal.largestPending { try? save() }
  }

  /// Writes what has been added and waits until it is on disk.
  ///
  /// Throws `OutputError`, and the same again ever after.
  public func save() throws {
    try file.withLock { file in
      if let failure = file.failure { throw failure }
      // What a state cost is saved with it, be there finished replicas or not.
      let isNew = snapshots?.takeNews() ?? false
      let ready = pending.withLock {
        pending -> (block: RecordBlock, numbers: NumberBlock, superseded: [SnapshotSubject])? in
        guard var block = pending.block, let numbers = pending.numbers,
          isNew || block.replicas > 0 || numbers.pieces > 0, let progress = pending.progress
        else { return nil }
        let (steps, now) = (progress.steps, ContinuousClock.now)
        block.steps = steps - pending.steps
        block.seconds = seconds(pending.since.duration(to: now))
        let superseded = pending.superseded
        pending = Pending(
          block: RecordBlock(kind: block.kind, recordsPerReplica: block.recordsPerReplica),
          numbers: NumberBlock(kind: block.kind), progress: progress, steps: steps, since: now)
        return (block, numbers, superseded)
      }
      guard let ready else { return }
      do {
        if ready.numbers.pieces > 0 { try file.writer.append(.numbers, ready.numbers.bytes) }
        try file.writer.append(.records, ready.block.bytes)
        try file.writer.synchronize()
        snapshots?.remove(ready.superseded)
      } catch {
        file.failure = error
        throw error
      }
    }
  }

  /// Has the replicas under way keep their states, waits until they have, or for `limit`, and saves.
  ///
  /// Throws `OutputError`.
  public func stop(within limit: Duration) throws {
    snapshots?.stop(within: limit)
    try save()
  }

  /// Saves the rest and says in the file that its share is finished; throws `OutputError`.
  public func finish() throws {
    try save()
    try file.withLock { file in
      try file.writer.append(.end, [])
      try file.writer.synchronize()
    }
  }
}

/// The seconds of a duration.
func seconds(_ duration: Duration) -> Double {
  Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}
