import Dynamics
import Ensemble
import Foundation

/// Keeps a run, or one share of it, in a directory from which it can be taken up again.
///
/// Finished replicas are saved as the run goes, and the states of long ones under way. Whatever ends the
/// process, the directory has all but the last seconds of its work, and taking it up gives the same bytes
/// as never having stopped.
public final class SavedRun {
  /// The experiment.
  public let experiment: Experiment
  /// Which share of its replicas; nil for all.
  public let share: ReplicaShare?
  /// The records so far.
  public let records: RunRecords
  /// What takes finished replicas; nil when the share is finished already.
  public let journal: RecordJournal?
  /// What a person should know before the work goes on, one line each.
  public let notes: [String]
  /// Where the files are.
  package let directory: RunDirectory
  private let names: RunFileNames
  private let locks: [RunLock]
  private let snapshots: SnapshotStore

  /// Opens a directory for an experiment and takes up what is there of it.
  ///
  /// `isCleared` when its own files have just been removed from it. Throws `OutputError` when the directory
  /// cannot be written, is in use, or holds anything but this
  /// experiment's own run; `DataFileError` when a file in it is broken.
  public convenience init(
    _ experiment: Experiment, share: ReplicaShare? = nil, directory path: String,
    isCleared: Bool = false, commit: String?
  ) throws {
    try OutputContents(path: path).admit(.run, experiment.yaml, isCleared: isCleared)
    let directory = try RunDirectory(path: path)
    // Shards run side by side, each once, and beside nothing else.
    var locks = [try directory.lock(shared: share != nil)]
    if share != nil {
      locks.append(try RunLock(RunFileNames(share: share).lock, in: directory.handle))
    }
    // What another process has filled it with before the lock was there.
    try OutputContents(path: path).admit(.run, experiment.yaml, isCleared: isCleared)
    try self.init(experiment, share, directory, locks, commit)
  }

  private init(
    _ experiment: Experiment, _ share: ReplicaShare?, _ directory: RunDirectory,
    _ locks: [RunLock], _ commit: String?
  ) throws {
    (self.experiment, self.share, self.directory, self.locks) =
      (experiment, share, directory, locks)
    names = RunFileNames(share: share)
    records = try RunRecords(experiment, share: share)
    let header = RecordFileHeader(experiment, share: share, commit: commit)
    snapshots = SnapshotStore(
      directory: directory.handle, prefix: names.snapshots, header: header)
    var notes = locks.compactMap { Checkpoint.note($0, directory) }.prefix(1).map { $0 }
    let checkpoint = directory.file(names.checkpoint)
    if let finished = names.finishedShare.map(directory.file), Checkpoint.isThere(finished) {
      let file = try Checkpoint.open(finished, as: header, &notes)
      try records.read(file)
      if file.isFinished, file.damage == nil, records.missingCount == 0 {
        self.notes = notes + ["shard \(share!) is finished already"]
        journal = nil
        return
      }
      // It is no longer what it was when it was given that name.
      try directory.handle.rename(names.finishedShare!, to: names.checkpoint)
      self.notes =
        notes + [Checkpoint.note(file, missing: records.missingCount, of: records.replicaCount)]
        + SavedRun.takeUp(snapshots, records)
      journal = try RecordJournal(
        continuing: names.checkpoint, in: directory.handle, at: file.lengthBeforeEnd,
        snapshots: snapshots)
      return
    }
    if Checkpoint.isThere(checkpoint) {
      let file = try Checkpoint.open(checkpoint, as: header, &notes)
      try records.read(file)
      self.notes =
        notes + [Checkpoint.note(file, missing: records.missingCount, of: records.replicaCount)]
        + SavedRun.takeUp(snapshots, records)
      journal = try RecordJournal(
        continuing: names.checkpoint, in: directory.handle, at: file.lengthBeforeEnd,
        snapshots: snapshots)
    } else {
      self.notes = notes + SavedRun.takeUp(snapshots, records)
      journal = try RecordJournal(
        creating: names.checkpoint, in: directory.handle, header: header, snapshots: snapshots)
    }
  }

  private static func takeUp(_ snapshots: SnapshotStore, _ records: RunRecords) -> [String] {
    snapshots.takeUp { kind, replica in
      records.tables[kind].map { $0.replicas.contains(replica) && !$0.has(replica) } ?? false
    }
  }

  /// Takes up the unfinished run of a directory, or a share of one.
  ///
  /// Without `share`, the directory must have one checkpoint. Returns nil when the run is finished.
  /// Throws `DataFileError` when there is nothing to take up, else as the other initialiser.
  public static func resume(
    _ path: String, share: ReplicaShare? = nil, threads: String? = nil, commit: String?
  ) throws -> SavedRun? {
    let place = URL(fileURLWithPath: path, isDirectory: true)
    func file(_ name: String) -> String { place.appendingPathComponent(name).path }
    var names = RunFileNames(share: share)
    if share == nil, !Checkpoint.isThere(file(names.checkpoint)) {
      let shares = RunFileNames.shares(in: path, prefix: "checkpoint")
      if shares.count > 1 {
        throw DataFileError(
          path, "it has \(shares.count) unfinished shards, expected one, or --shard to choose it")
      }
      if let only = shares.first { names = RunFileNames(share: only.share) }
    }
    guard Checkpoint.isThere(file(names.checkpoint)) else {
      let shards = RunFileNames.shares(in: path, prefix: "shard")
      if Checkpoint.isThere(file(names.finishedShare ?? "summary.json"))
        || share == nil && !shards.isEmpty
      {
        return nil
      }
      throw DataFileError(
        path, "there is no unfinished run in it, expected \(names.checkpoint)")
    }
    let reader = try RecordFileReader(path: file(names.checkpoint))
    let experiment = try reader.header.experiment(in: reader.path, threads: threads)
    return try SavedRun(experiment, share: names.share, directory: path, commit: commit)
  }

  /// Runs what is missing; throws as `RunRecords` does.
  public func complete(observer: (any ComparisonObserver)? = nil) async throws {
    try await records.complete(journal: journal, observer: observer)
  }

  /// Marks a share as finished, once every replica is there; throws `OutputError`.
  public func finishShare() throws {
    guard let journal, let name = names.finishedShare else { return }
    try journal.finish()
    snapshots.removeAll()
    try directory.handle.requireInPlace()
    try directory.handle.rename(names.checkpoint, to: name)
    directory.handle.synchronize()
  }

  /// Writes the files of a finished run, and removes what it could have been taken up from and what exports
  /// had made of an earlier one.
  ///
  /// Throws `OutputError`; nothing is lost then.
  package func finish(
    _ files: [(name: String, fill: (OutputSink) throws -> Void)]
  ) throws {
    try directory.handle.requireInPlace()
    try OutputContents(path: directory.path).removeDerived()
    try directory.install(files)
    snapshots.removeAll()
    directory.handle.remove(names.checkpoint)
    directory.handle.synchronize()
  }
}
