import Ensemble
import Foundation

/// Names what an output directory is to hold.
package enum OutputKind: Sendable, Equatable {
  /// A run of compare, whole or in shards.
  case run
  /// Trajectories.
  case trajectories
  /// A sweep.
  case sweep
  /// What law, plateau, theory or test found, in a file of that name.
  case answer(String)

  fileprivate var words: String {
    switch self {
    case .run: return "another run"
    case .trajectories: return "trajectories"
    case .sweep: return "a sweep"
    case .answer: return "another result"
    }
  }
}

/// Tells by their names what this program leaves in an output directory from what is somebody else's.
///
/// Nothing but those names is ever removed, one by one, and no link is followed.
package struct OutputContents {
  private enum Part: Equatable {
    /// What tells one run from another.
    case identity
    /// Numbers of one kind of run.
    case result(OutputKind)
    /// What a run that is going on or was stopped has beside its numbers.
    case passing
    /// What a submission to a cluster leaves beside a run or a sweep.
    case submission
    /// What exports make.
    case derived
    /// What systems leave in any directory; it is left alone.
    case tolerated
    case foreign
  }

  /// What exports make in a run's own directory, beside the folder of figures.
  private static let derivedFiles: Set<String> = [
    "exit_time_summary.csv", "comparisons.csv", "run.json", "exit_times.nc", "report.html",
    "notebook.ipynb", "fall_times.csv", "trajectories.json", "trajectories.nc", "sweep.json",
    "sweep.nc",
  ]
  private static let figures = "figures"
  private static let folders = [points, figures, command]
  static let submitted = "submitted.yaml"
  static let points = "points"
  private static let identityFiles: Set<String> = [
    "experiment.yaml", "summary.json", Manifest.name,
  ]
  /// What a submission leaves beside a run or a sweep; the folder holds the command that its tasks run.
  static let command = "command"
  private static let submissionFiles: Set<String> = [
    "submission.json", submitted, "tasks.sbatch", "merge.sbatch", "merge.log", command,
  ]
  private static let resultFiles: [String: OutputKind] = [
    "exit_times.csv": .run,
    TrajectoryDirectory.paths: .trajectories, TrajectoryDirectory.bands: .trajectories,
    TrajectoryDirectory.checkpoint: .trajectories,
    "sweep.yaml": .sweep, "sweep.csv": .sweep, "verdicts.csv": .sweep, "fits.json": .sweep,
    points: .sweep,
  ]

  private let path: String
  /// The names in the directory, sorted; empty when there is none.
  private let names: [String]

  /// Looks into a directory.
  package init(path: String) {
    self.path = path
    names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  private func place(_ name: String) -> String {
    URL(fileURLWithPath: path, isDirectory: true).appendingPathComponent(name).path
  }

  private static func part(of name: String) -> Part {
    if identityFiles.contains(name) { return .identity }
    if let kind = resultFiles[name] { return .result(kind) }
    if submissionFiles.contains(name) || name.wholeMatch(of: /task-\d+\.log/) != nil {
      return .submission
    }
    if Answer.files.contains(name) { return .result(.answer(name)) }
    if derivedFiles.contains(name) || Answer.exports.contains(name) || name == figures {
      return .derived
    }
    if name == RunDirectory.probe || name.wholeMatch(of: /\.lock(-\d+-of-\d+)?/) != nil {
      return .passing
    }
    if let final = RunDirectory.final(name) ?? RecordFileWriter.final(name) {
      return [.foreign, .tolerated].contains(part(of: final)) ? .foreign : .passing
    }
    if name == RunFileNames(share: nil).checkpoint
      || ["checkpoint", "shard"].contains(where: { RunFileNames.share(of: name, prefix: $0) != nil }
      )
      || name.wholeMatch(of: /snapshot(-\d+-of-\d+)?-(ode|sde|chain|sgd)-\d+\.state/) != nil
    {
      return .result(.run)
    }
    let isTolerated =
      [".DS_Store", ".ipynb_checkpoints", "lost+found"].contains(name) || name.hasPrefix(".nfs")
      || name.wholeMatch(of: /slurm-[0-9_a-z]+\.out/) != nil
    return isTolerated ? .tolerated : .foreign
  }

  /// What a file is that no manifest lists.
  static func state(of name: String) -> Verification.State {
    switch part(of: name) {
    case .derived: return .derived
    case .passing: return .unfinished
    case .result(.run) where name.hasPrefix("checkpoint") || name.hasPrefix("snapshot"),
      .result(.trajectories) where name == TrajectoryDirectory.checkpoint:
      return .unfinished
    default: return .foreign
    }
  }

  /// Refuses a directory that holds anything but this very run, finished or not.
  ///
  /// `identity` is the run's experiment, plan or grid as a file. What else lies beside the run's own files does
  /// no harm once they are there, nor what stays when a directory `isCleared`. Throws `OutputError` with what was found, `DataFileError` for a broken file.
  package func admit(_ kind: OutputKind, _ identity: String, isCleared: Bool = false) throws {
    try refuseLinks()
    guard !isCleared else { return }
    for name in names {
      let part = OutputContents.part(of: name)
      if case .result(let other) = part, other != kind {
        throw refusal("holds \(other.words), with \(name); expected a directory of its own")
      }
      if part == .submission, kind != .run, kind != .sweep {
        throw refusal("holds a submission, with \(name); expected a directory of its own")
      }
    }
    if try isOwn(kind, identity) { return }
    let others = names.filter { ![.passing, .tolerated].contains(OutputContents.part(of: $0)) }
    guard !others.isEmpty else { return }
    let some = others.prefix(3).map { "'\(singleLine($0))'" }.joined(separator: ", ")
    throw refusal(
      "holds \(some)\(others.count > 3 ? " and \(others.count - 3) more" : ""), which "
        + "\(others.count == 1 ? "is" : "are") not of this run; expected an empty directory, its own, "
        + "or --overwrite")
  }

  private func refusal(_ problem: String) -> OutputError {
    OutputError(isCreation: true, description: "output: '\(path)' \(problem)")
  }

  /// Whether the directory is known to be of this run; throws when it is of another.
  private func isOwn(_ kind: OutputKind, _ identity: String) throws -> Bool {
    if kind == .sweep { return names.contains("sweep.yaml") }
    if case .answer(let file) = kind, !names.contains("experiment.yaml") {
      return names.contains(file)
    }
    var isOwn = false
    for name in ["experiment.yaml", "submitted.yaml"] where names.contains(name) {
      let data = try readFile(place(name), limit: ExperimentOptions.largestFile)
      let found = String(decoding: data, as: UTF8.self)
      guard found == identity else {
        let words = "its " + ExperimentText.difference(found, identity)
        throw refusal(
          "holds \(kind == .trajectories ? "other trajectories" : "another experiment"): \(words); expected "
            + "its own, a new directory, or --overwrite")
      }
      isOwn = true
    }
    let records =
      kind == .trajectories
      ? [TrajectoryDirectory.checkpoint].filter(names.contains)
      : [RunFileNames(share: nil).checkpoint].filter(names.contains)
        + ["checkpoint", "shard"].flatMap { RunFileNames.shares(in: path, prefix: $0).map(\.name) }
    // They are of one experiment, since no other is let in.
    if let name = records.first {
      let header = try RecordFileReader(path: place(name)).header
      guard header.experiment == identity, header.version == escapementVersion else {
        let words =
          header.version == escapementVersion
          ? "its " + ExperimentText.difference(header.experiment, identity)
          : "its version is \(singleLine(header.version)), not \(escapementVersion)"
        throw refusal(
          "has '\(name)', which is of another experiment: \(words); expected the same one, a directory of its "
            + "own, or --overwrite")
      }
      isOwn = true
    }
    return isOwn
  }

  /// Throws `OutputError` for a folder inside that is a link: what is in it lies elsewhere.
  package func refuseLinks() throws {
    for name in OutputContents.folders where isLink(place(name)) {
      throw refusal("has a link in the place of its folder '\(name)', expected a folder")
    }
  }

  /// Whether the directory is that of a run, finished or not.
  package var isOfRun: Bool {
    names.contains { name in
      if case .result = OutputContents.part(of: name) { return name.hasSuffix(".yaml") }
      return name == "experiment.yaml" || name == OutputContents.submitted
    }
      || names.contains { $0.hasPrefix("checkpoint") && OutputContents.part(of: $0) != .foreign }
  }

  /// Removes all that this program made, of whatever run, for `--overwrite`; what is somebody else's stays.
  ///
  /// Throws `OutputError` when a process is at work there, or something cannot be removed.
  package func clear() throws {
    try refuseLinks()
    let locks = names.filter { $0.hasPrefix(".lock") && OutputContents.part(of: $0) == .passing }
    guard !names.isEmpty else { return }
    let handle = try DirectoryHandle(path: path)
    let held = try locks.map { try RunLock($0, in: handle) }
    try withExtendedLifetime(held) {
      for name in names {
        switch OutputContents.part(of: name) {
        case .tolerated, .foreign: continue
        case _ where name == OutputContents.points: removePoints()
        case _ where name == OutputContents.figures: removeFigures()
        case _ where name == OutputContents.command: CommandCopy.remove(place(name))
        case _ where locks.contains(name): continue
        default: try remove(name)
        }
      }
    }
    // A folder in a file's place is somebody else's, and would stop the run at its end.
    if let blocking = names.first(where: {
      ![.tolerated, .foreign, .passing].contains(OutputContents.part(of: $0))
        && !OutputContents.folders.contains($0) && isThere(place($0))
    }) {
      throw refusal("has a folder in the place of its file '\(blocking)', expected none")
    }
  }

  /// Removes what exports have made of a run that is about to be written anew; throws `OutputError`.
  package func removeDerived() throws {
    try refuseLinks()
    for name in names where OutputContents.part(of: name) == .derived {
      if name == OutputContents.figures { removeFigures() } else { try remove(name) }
    }
  }

  private func remove(_ name: String) throws {
    // Of a folder nothing is removed.
    guard unlink(place(name)) == 0 || [ENOENT, EISDIR, EPERM].contains(errno) else {
      throw OutputError(isCreation: false, path: place(name), reason: systemReason())
    }
  }

  private func removePoints() {
    let folder = place(OutputContents.points)
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where SweepDirectory.isPoint(name) || SweepDirectory.isTemporary(name) {
      removePoint("\(folder)/\(name)")
    }
    rmdir(folder)
  }

  /// Removes the files of figures: those for which there is a script of this program's.
  private func removeFigures() {
    let folder = place(OutputContents.figures)
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for script in files where script.hasSuffix(".gp") {
      let name = String(script.dropLast(3))
      guard name == fileWord(name), let text = try? readFile("\(folder)/\(script)", limit: 1 << 22),
        text.range(of: Data("\nname = '\(name)'\n".utf8)) != nil
      else { continue }
      for end in ["svg", "png", "pdf", "dat", "gp"] { unlink("\(folder)/\(name).\(end)") }
    }
    for (name, start) in [("README.md", Gnuplot.readMe), ("style.gp", FigureStyle.firstLine)] {
      guard let text = try? readFile("\(folder)/\(name)", limit: 1 << 22),
        text.starts(with: Data(start.utf8))
      else { continue }
      unlink("\(folder)/\(name)")
    }
    for name in files where RunDirectory.final(name) != nil { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }
}

/// Removes the files of a point of a sweep, and its folder if nothing else is in it; follows no link.
///
/// Returns whether it is gone.
@discardableResult func removePoint(_ path: String) -> Bool {
  guard !isLink(path) else { return false }
  for name in SweepDirectory.pointFiles {
    unlink("\(path)/\(name)")
    unlink("\(path)/\(RunDirectory.temporary(name))")
  }
  unlink("\(path)/\(RunDirectory.probe)")
  return rmdir(path) == 0 || errno == ENOENT
}

/// Whether a symbolic link stands at a path.
func isLink(_ path: String) -> Bool {
  var kind = stat()
  return lstat(path, &kind) == 0 && kind.st_mode & S_IFMT == S_IFLNK
}

/// Whether anything stands at a path, a link that leads nowhere included.
func isThere(_ path: String) -> Bool {
  var kind = stat()
  return lstat(path, &kind) == 0
}
