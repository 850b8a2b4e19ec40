import Dynamics
import Ensemble
import Foundation

/// Keeps trajectories in a directory from which they can be taken up again.
///
/// Replicas that have been followed to the last time are saved as the work goes. Whatever ends the process,
/// taking the directory up gives the same bytes as never having stopped; a replica under way starts anew.
public final class SavedTrajectories: Sendable {
  /// What was asked for.
  public let plan: TrajectoryPlan
  /// What takes replicas that have ended.
  public let journal: RecordJournal
  /// What a person should know before the work goes on, one line each.
  public let notes: [String]
  /// Where the files are.
  package let directory: RunDirectory
  /// How each replica ended, by dynamics.
  let ends: [DynamicsKind: ExitRecordTable]
  private let lock: RunLock
  private let checkpoint: String

  /// Opens a directory for a plan and takes up what is there of it.
  ///
  /// `isCleared` when its own files have just been removed from it. Throws `OutputError` when the directory
  /// cannot be written, is in use, or holds something else;
  /// `DataFileError` when its checkpoint is broken; `ParameterError` without memory.
  public init(
    _ plan: TrajectoryPlan, directory path: String, isCleared: Bool = false, commit: String?
  ) throws {
    try OutputContents(path: path).admit(.trajectories, plan.yaml, isCleared: isCleared)
    self.plan = plan
    directory = try RunDirectory(path: path)
    lock = try directory.lock()
    // What another process has filled it with before the lock was there.
    try OutputContents(path: path).admit(.trajectories, plan.yaml, isCleared: isCleared)
    checkpoint = directory.file(TrajectoryDirectory.checkpoint)
    ends = try Dictionary(
      uniqueKeysWithValues: plan.experiment.dynamics.map { kind in
        let replicas = 0..<plan.replicaCount(kind)
        return (kind, try ExitRecordTable(replicas: replicas, recordsPerReplica: 1))
      })
    var notes = Checkpoint.note(lock, directory).map { [$0] } ?? []
    let header = RecordFileHeader(plan, commit: commit)
    if Checkpoint.isThere(checkpoint) {
      let file = try Checkpoint.open(checkpoint, as: header, &notes)
      try SavedTrajectories.read(file, ends, plan)
      let missing = ends.values.reduce(0) { $0 + $1.missing.reduce(0) { $0 + $1.count } }
      let count = ends.values.reduce(0) { $0 + $1.replicas.count }
      notes.append(Checkpoint.note(file, missing: missing, of: count))
      journal = try RecordJournal(
        continuing: TrajectoryDirectory.checkpoint, in: directory.handle, at: file.lengthBeforeEnd)
    } else {
      journal = try RecordJournal(
        creating: TrajectoryDirectory.checkpoint, in: directory.handle, header: header)
    }
    self.notes = notes
  }

  /// Takes up the unfinished trajectories of a directory; nil when there are none.
  ///
  /// Throws as the initialiser does.
  public static func resume(
    _ path: String, threads: String? = nil, commit: String?
  ) throws -> SavedTrajectories? {
    let checkpoint = URL(fileURLWithPath: path)
      .appendingPathComponent(TrajectoryDirectory.checkpoint).path
    guard Checkpoint.isThere(checkpoint) else { return nil }
    let reader = try RecordFileReader(path: checkpoint)
    let plan = try reader.header.trajectoryPlan(in: checkpoint, threads: threads)
    return try SavedTrajectories(plan, directory: path, commit: commit)
  }

  /// Reads how replicas ended, and hands out what was seen of them.
  ///
  /// Throws `DataFileError` where a replica has ended and not all of its numbers are there.
  private static func read(
    _ file: RecordFileReader, _ ends: [DynamicsKind: ExitRecordTable], _ plan: TrajectoryPlan,
    numbers take: (DynamicsKind, _ replica: Int, _ place: Int, [Double]) -> Void = { _, _, _, _ in }
  ) throws {
    var counts = ends.mapValues { [Int](repeating: 0, count: $0.replicas.count) }
    _ = try file.readAll(
      table: { ends[$0].map { ($0, $0.replicas) } },
      contradiction: { _, record in
        let last = plan.grid.times.last ?? 0
        return record.time <= last * (1 + 1e-9) + plan.experiment.model.clock.timePerStep
          ? nil : "a time of \(record.time), expected at most the last, \(last)"
      },
      numbers: { kind, replica, place, numbers in
        guard let count = counts[kind], count.indices.contains(replica),
          // One that had not ended has been followed again from its start.
          place == 0 || place == count[replica],
          place + numbers.count <= plan.numberCount(kind, replica: replica)
        else { return false }
        counts[kind]![replica] = place + numbers.count
        take(kind, replica, place, numbers)
        return true
      },
      cost: { _, _, _ in })
    for (kind, table) in ends {
      for replica in table.replicas where table.has(replica) {
        guard counts[kind]![replica] == plan.numberCount(kind, replica: replica) else {
          throw DataFileError(
            file.path, "its replica \(replica) of \(kind.rawValue) is there in part")
        }
      }
    }
  }

  /// Puts what was seen of one dynamics before into a store; reads the checkpoint once more.
  func fill(_ store: TrajectoryStore, _ kind: DynamicsKind) throws {
    guard let table = ends[kind], table.missing.reduce(0, { $0 + $1.count }) < table.replicas.count
    else { return }
    try SavedTrajectories.read(try RecordFileReader(path: checkpoint), ends, plan) {
      if $0 == kind { store.put($3, replica: $1, place: $2) }
    }
  }

  /// Writes the files, and removes what they could have been taken up from and exports of earlier ones.
  ///
  /// Throws `OutputError`.
  package func finish(_ files: [(name: String, fill: (OutputSink) throws -> Void)]) throws {
    try directory.handle.requireInPlace()
    try OutputContents(path: directory.path).removeDerived()
    try directory.install(files)
    directory.handle.remove(TrajectoryDirectory.checkpoint)
    directory.handle.synchronize()
  }
}

extension RecordFileHeader {
  /// Names trajectories.
  init(_ plan: TrajectoryPlan, commit: String?) {
    self.init(version: escapementVersion, commit: commit, experiment: plan.yaml, share: nil)
  }

  /// Reads the plan of trajectories back; as above otherwise.
  func trajectoryPlan(in name: String, threads: String? = nil) throws -> TrajectoryPlan {
    try requireThisVersion(name)
    var options = try TrajectoryOptions(yaml: experiment, name: name)
    if let threads { options.experiment.set(.threads, threads) }
    let result = try TrajectoryPlan(options)
    guard result.yaml == experiment else {
      throw DataFileError(name, "its experiment is not in the resolved form")
    }
    return result
  }
}
