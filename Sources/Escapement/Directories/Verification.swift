import Ensemble
import Foundation

/// Tells of every file of a directory whether it is as it was written.
package struct Verification: Encodable, Sendable {
  /// Says what became of a file.
  package enum State: String, Encodable, Sendable {
    /// Its SHA-256 is that of the manifest; of a shard, every block has its checksum and none is missing.
    case whole
    /// It has been changed since it was written.
    case altered
    /// It should be there and is not.
    case missing
    /// It stands for work that has not ended.
    case unfinished
    /// An export has made it, and can make it again.
    case derived
    /// It is not of this program, or of another run.
    case foreign
  }

  /// Tells of one file.
  package struct Entry: Encodable, Sendable {
    /// Its name in the directory.
    package let name: String
    /// What became of it.
    package let state: State
  }

  /// The directory.
  package let directory: String
  /// The files, those of a sweep's points included; sorted by name.
  package let files: [Entry]

  /// Whether nothing is altered, missing or unfinished; what is derived or foreign does no harm.
  package var isWhole: Bool {
    files.allSatisfy { [.whole, .derived, .foreign].contains($0.state) }
  }

  enum CodingKeys: String, CodingKey {
    case directory, files
    case isWhole = "whole"
  }

  /// Writes the directory, whether it is whole, and the files.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(directory, forKey: .directory)
    try container.encode(isWhole, forKey: .isWhole)
    try container.encode(files, forKey: .files)
  }

  /// Looks at a directory that this program has filled: a run, shards, trajectories or a sweep.
  ///
  /// Throws `DataFileError` when it is no directory or cannot be listed. Cost: reads every file once, at some
  /// GB a second.
  package init(directory path: String) throws {
    directory = path
    files = try Verification.entries(path).sorted { $0.name < $1.name }
  }

  private static func entries(_ path: String) throws -> [Entry] {
    let names: Set<String>
    do {
      names = Set(try FileManager.default.contentsOfDirectory(atPath: path))
    } catch {
      throw DataFileError(path, "cannot be listed, expected a directory")
    }
    func place(_ name: String) -> String { "\(path)/\(name)" }
    let (manifest, seal): (Manifest?, State)
    do {
      manifest = try Manifest(directory: path)
      seal = manifest == nil ? .missing : .whole
    } catch {
      (manifest, seal) = (nil, .altered)
    }
    let shards = names.filter { RunFileNames.share(of: $0, prefix: "shard") != nil }
    // Shards of two experiments side by side are no run: those that differ from the submission, or the first.
    let submitted = try? readFile(
      place(OutputContents.submitted), limit: ExperimentOptions.largestFile)
    let experiment =
      submitted.map { String(decoding: $0, as: UTF8.self) }
      ?? shards.sorted().lazy.compactMap { try? RecordFileReader(path: place($0)).header }
      .first?.experiment
    var entries: [Entry] = []
    // Shards have checksums of their own, and need no manifest.
    if seal != .missing || shards.isEmpty {
      entries.append(Entry(name: Manifest.name, state: seal))
    }
    let digests = manifest?.digests ?? [:]
    for (name, digest) in digests {
      let found = isThere(place(name)) ? try? FileDigest.hexadecimal(ofFile: place(name)) : nil
      entries.append(
        Entry(
          name: name, state: !isThere(place(name)) ? .missing : found == digest ? .whole : .altered)
      )
    }
    for name in names where name != Manifest.name && digests[name] == nil {
      if shards.contains(name) {
        let share = RunFileNames.share(of: name, prefix: "shard")
        let isWhole =
          share.map { ShardMerge.isFinished(place(name), $0, of: experiment ?? "") } ?? false
        entries.append(Entry(name: name, state: isWhole ? .whole : .altered))
      } else if name == OutputContents.points, !isLink(place(name)) {
        entries += try points(place(name), digests)
      } else {
        entries.append(Entry(name: name, state: OutputContents.state(of: name)))
      }
    }
    return entries
  }

  /// What the points of a sweep have, each by its own manifest, which that of the sweep has already.
  private static func points(_ path: String, _ digests: [String: String]) throws -> [Entry] {
    try FileManager.default.contentsOfDirectory(atPath: path).flatMap { name -> [Entry] in
      let prefix = "\(OutputContents.points)/\(name)"
      guard SweepDirectory.isPoint(name), !isLink("\(path)/\(name)") else {
        return [
          Entry(name: prefix, state: SweepDirectory.isTemporary(name) ? .unfinished : .foreign)
        ]
      }
      return try entries("\(path)/\(name)").map {
        Entry(name: "\(prefix)/\($0.name)", state: $0.state)
      }
      .filter { digests[$0.name] == nil || $0.state == .altered }
    }
  }
}
