import Ensemble
import Foundation

/// Keeps the finished points of a sweep in a directory, so that it may be taken up again.
///
/// sweep.yaml tells one sweep from another. Each point is a directory points/0001, … that appears
/// whole, by a rename, with the files of a run and point.json, from which the sweep's own files are
/// made.
public struct SweepDirectory: Sendable {
  /// The largest sweep.yaml and the largest point.json, in bytes.
  private static let (largestIdentity, largestPoint) = (1 << 24, 1 << 24)

  private let run: RunDirectory
  private let root: URL
  private var points: URL { root.appendingPathComponent("points", isDirectory: true) }

  /// Opens a directory for a sweep whose sweep.yaml is `identity`.
  ///
  /// Throws `OutputError` when it cannot be written, or holds another sweep.
  public init(path: String, identity: String) throws {
    root = URL(fileURLWithPath: path, isDirectory: true)
    let place = root.appendingPathComponent("sweep.yaml")
    let isThere = FileManager.default.fileExists(atPath: place.path)
    let data = try? readFile(place.path, limit: SweepDirectory.largestIdentity)
    let old = data.map { String(decoding: $0, as: UTF8.self) } ?? ""
    if isThere, old != identity {
      throw OutputError(
        isCreation: true,
        description: "output: '\(path)' holds another sweep"
          + SweepDirectory.difference(old, identity) + ", expected its own or a new directory")
    }
    run = try RunDirectory(path: path)
    do {
      try FileManager.default.createDirectory(at: points, withIntermediateDirectories: true)
    } catch {
      throw OutputError(
        isCreation: true,
        description: "output: cannot create the directory '\(points.path)', expected no file there")
    }
    // What an interrupted program left half-written.
    for name in (try? FileManager.default.contentsOfDirectory(atPath: points.path)) ?? []
    where name.hasPrefix(".") {
      try? FileManager.default.removeItem(at: points.appendingPathComponent(name))
    }
    try run.write([("sweep.yaml", Data(identity.utf8))])
  }

  /// Reads a finished point; nil when it is not there, cannot be read, or is of another experiment.
  public func result(of point: SweepPoint) -> PointResult? {
    let place = directory(of: point).appendingPathComponent("point.json")
    guard let data = try? readFile(place.path, limit: SweepDirectory.largestPoint),
      let result = try? JSONDecoder().decode(PointResult.self, from: data),
      result.isWhole(for: point.experiment)
    else { return nil }
    return result
  }

  /// Keeps a finished point; throws `OutputError`, and then leaves nothing of it.
  public func keep(
    _ point: SweepPoint, _ files: [(name: String, contents: Data)]
  ) throws {
    let manager = FileManager.default
    let temporary = points.appendingPathComponent(".\(UUID().uuidString)", isDirectory: true)
    let final = directory(of: point)
    do {
      try RunDirectory(path: temporary.path).write(files)
      // A directory whose point could not be read is in the way of the new one.
      if manager.fileExists(atPath: final.path) { try manager.removeItem(at: final) }
      try DurableFile.rename(temporary.path, to: final.path)
    } catch {
      try? manager.removeItem(at: temporary)
      guard let error = error as? OutputError else {
        throw OutputError(
          isCreation: false, path: final.path, reason: error.localizedDescription)
      }
      throw OutputError(isCreation: false, description: error.description)
    }
    DurableFile.synchronize(directory: points.path)
  }

  /// Writes the files of the whole sweep; throws `OutputError`.
  public func finish(_ files: [(name: String, contents: Data)]) throws { try run.write(files) }

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
