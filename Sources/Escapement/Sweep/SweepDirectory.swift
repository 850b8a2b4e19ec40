import Ensemble
import Foundation

/// Keeps the finished points of a sweep in a directory, so that it may be taken up again.
///
/// sweep.yaml tells one sweep from another. Each point is a directory points/0001, … that appears
/// whole, by a rename, with the files of a run, point.json, from which the sweep's own files are made, and
/// a manifest of these. The manifest of the sweep has the digests of those manifests.
public struct SweepDirectory: Sendable {
  /// The largest sweep.yaml and the largest point.json, in bytes.
  private static let (largestIdentity, largestPoint) = (1 << 24, 1 << 24)

  /// The files of a point.
  static let pointFiles = [
    "experiment.yaml", "exit_times.csv", "summary.json", "point.json", Manifest.name,
  ]

  private let run: RunDirectory
  private let identity: String
  private let lock: RunLock
  /// What a person should know before the work goes on; nil as a rule.
  public let note: String?
  private let root: URL
  private var points: URL { root.appendingPathComponent("points", isDirectory: true) }

  /// Opens a directory for a sweep whose sweep.yaml is `identity`.
  ///
  /// `isCleared` when its own files have just been removed from it, `isShared` beside others that run other points
  /// of it. Throws `OutputError` when it cannot be written, is in use, or holds anything but this sweep.
  public init(
    path: String, identity: String, isCleared: Bool = false, isShared: Bool = false
  ) throws {
    root = URL(fileURLWithPath: path, isDirectory: true)
    self.identity = identity
    let contents = OutputContents(path: path)
    let place = root.appendingPathComponent("sweep.yaml")
    if FileManager.default.fileExists(atPath: place.path) {
      let data = try? readFile(place.path, limit: SweepDirectory.largestIdentity)
      let old = data.map { String(decoding: $0, as: UTF8.self) } ?? ""
      if old != identity {
        throw OutputError(
          isCreation: true,
          description: "output: '\(path)' holds another sweep"
            + SweepDirectory.difference(old, identity)
            + ", expected its own, a new directory, or --overwrite")
      }
    }
    try contents.admit(.sweep, identity, isCleared: isCleared)
    run = try RunDirectory(path: path)
    lock = try run.lock(shared: isShared)
    // What another process has filled it with before the lock was there.
    try OutputContents(path: path).admit(.sweep, identity, isCleared: isCleared)
    note = Checkpoint.note(lock, run)
    // First of all, so that whatever a kill leaves is known to be of this sweep; not anew where it stands in a
    // manifest.
    if !run.handle.has("sweep.yaml") { try run.write([("sweep.yaml", Data(identity.utf8))]) }
    do {
      try FileManager.default.createDirectory(at: points, withIntermediateDirectories: true)
    } catch {
      throw OutputError(
        isCreation: true,
        description: "output: cannot create the directory '\(points.path)', expected no file there")
    }
    for name in (try? FileManager.default.contentsOfDirectory(atPath: points.path)) ?? [] {
      let place = points.appendingPathComponent(name).path
      guard !SweepDirectory.isPoint(name) || !isLink(place) else {
        throw OutputError(
          isCreation: true,
          description: "output: '\(place)' is a link, expected a folder with a point")
      }
      // What an interrupted program left half-written.
      if !isShared, SweepDirectory.isTemporary(name) { removePoint(place) }
    }
  }

  /// Whether a name in points is that of a point: 0001.
  static func isPoint(_ name: String) -> Bool { name.wholeMatch(of: /[0-9]{4,}/) != nil }

  /// Whether a name in points is one that a point has while it is written: .0001.partial.
  static func isTemporary(_ name: String) -> Bool { RunDirectory.final(name).map(isPoint) ?? false }

  /// Tells what a directory has of a point.
  public enum Kept: Sendable {
    /// Nothing.
    case nothing
    /// Its result.
    case result(PointResult)
    /// Files that are not used, and why: the point is run again.
    case refused(String)
  }

  /// Reads a finished point; it is refused unless every file is as it was written, by this version, and of
  /// this experiment.
  public func kept(_ point: SweepPoint) -> Kept {
    // As errors name it: under the directory that the command line gave.
    let place = "\(run.path)/\(OutputContents.points)/\(directory(of: point).lastPathComponent)"
    guard isThere(place) else { return .nothing }
    do {
      guard try Manifest.check(place) else {
        return .refused("\(place): no \(Manifest.name)")
      }
      for name in SweepDirectory.pointFiles where name != Manifest.name {
        try Manifest.check(place, [name])
      }
      let data = try readFile(
        "\(place)/point.json", limit: SweepDirectory.largestPoint)
      let result = try PointResult(reading: data)
      guard result.version == escapementVersion else {
        return .refused(
          "\(place): its version is \(singleLine(result.version)), not \(escapementVersion)"
        )
      }
      guard result.isWhole(for: point.experiment) else {
        return .refused("\(place): it is no result of this point")
      }
      return .result(result)
    } catch let error as DataFileError {
      return .refused(error.description)
    } catch {
      return .refused("\(place): its point.json cannot be read")
    }
  }

  /// Reads a finished point; nil when it is not there or is refused.
  public func result(of point: SweepPoint) -> PointResult? {
    if case .result(let result) = kept(point) { result } else { nil }
  }

  /// Keeps a finished point; throws `OutputError`, and then leaves nothing of it.
  public func keep(
    _ point: SweepPoint, _ files: [(name: String, contents: Data)]
  ) throws {
    let final = directory(of: point)
    try run.handle.requireInPlace()
    // The tables are those of other points from now on.
    if run.handle.remove(Manifest.name) { run.handle.synchronize() }
    let temporary = points.appendingPathComponent(
      RunDirectory.temporary(final.lastPathComponent), isDirectory: true)
    do {
      try RunDirectory(path: temporary.path).install(files)
      // A directory whose point could not be read is in the way of the new one.
      guard removePoint(final.path) else {
        throw OutputError(
          isCreation: false, path: final.path, reason: "there is something else in its place")
      }
      try DurableFile.rename(temporary.path, to: final.path)
    } catch {
      removePoint(temporary.path)
      guard let error = error as? OutputError else {
        throw OutputError(
          isCreation: false, path: final.path, reason: error.localizedDescription)
      }
      throw OutputError(isCreation: false, description: error.description)
    }
    DurableFile.synchronize(directory: points.path)
  }

  /// Writes the files of the whole sweep with the manifest of it and its points, and removes exports of others
  /// than these; throws `OutputError`.
  public func finish(_ points: [SweepPoint], _ files: [(name: String, contents: Data)]) throws {
    let digests = try points.map { point in
      let place = directory(of: point)
      return (
        "\(OutputContents.points)/\(place.lastPathComponent)/\(Manifest.name)",
        try FileDigest.hexadecimal(ofFile: place.appendingPathComponent(Manifest.name).path)
      )
    }
    let isSame = files.allSatisfy { file in
      (try? mapFile(run.file(file.name), limit: largestTable)) == file.contents
    }
    if !isSame { try OutputContents(path: run.path).removeDerived() }
    try run.install(
      ([("sweep.yaml", Data(identity.utf8))] + files).map { file in
        (name: file.name, fill: { try $0.write(file.contents) })
      }, others: Dictionary(uniqueKeysWithValues: digests))
  }

  private func directory(of point: SweepPoint) -> URL {
    points.appendingPathComponent(String(format: "%04d", point.index), isDirectory: true)
  }

  /// Names the first line in which two sweeps differ.
  private static func difference(_ old: String, _ new: String) -> String {
    func lines(_ text: String) -> [Substring] { text.split(separator: "\n") }
    let (left, right) = (lines(old), lines(new))
    for index in 0..<max(left.count, right.count) {
      let there = index < left.count ? left[index] : ""
      let here = index < right.count ? right[index] : ""
      if there != here { return ": '\(there)' there, '\(here)' here" }
    }
    return ""
  }
}
