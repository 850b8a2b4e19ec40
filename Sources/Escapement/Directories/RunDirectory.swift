import Ensemble
import Foundation

/// Fills a directory with the files of a run, all of them or none.
///
/// The directory is held open: whatever becomes of its name, no file goes into another one.
package struct RunDirectory: Sendable {
  /// Where the files go.
  package let path: String
  let handle: DirectoryHandle

  /// Makes the directory and checks that it can be written, before any work starts.
  ///
  /// Throws `OutputError`.
  package init(path: String) throws {
    self.path = path
    do {
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: path, isDirectory: true), withIntermediateDirectories: true)
    } catch {
      throw OutputError(
        isCreation: true,
        description: "output: cannot create the directory '\(path)', expected a writable place")
    }
    handle = try DirectoryHandle(path: path)
    try handle.requireWritable(RunDirectory.probe)
  }

  /// The file that is made and removed to see whether the directory can be written.
  static let probe = ".escapement-probe"

  /// The name of a file while it is written: fixed, so that the next attempt replaces what a killed one left.
  static func temporary(_ name: String) -> String { ".\(name).partial" }

  /// The name that a temporary file is to have in the end; nil for any other.
  static func final(_ name: String) -> String? {
    guard name.hasPrefix("."), name.hasSuffix(".partial"), name.count > 9 else { return nil }
    return String(name.dropFirst().dropLast(8))
  }

  /// The path of a file in the directory.
  package func file(_ name: String) -> String { handle.place(name) }

  /// Takes the lock of the directory's whole run, or with others that of its shards, `shared`.
  ///
  /// Throws `OutputError` that names the process which has it.
  package func lock(shared: Bool = false) throws -> RunLock {
    try RunLock(RunFileNames(share: nil).lock, in: handle, shared: shared)
  }

  /// Writes files under temporary names and renames them when all are on disk.
  ///
  /// Files of the same names are replaced. Throws `OutputError`, and leaves none of the new files.
  package func write(_ files: [(name: String, contents: Data)]) throws {
    try write(filled(files))
  }

  private func filled(
    _ files: [(name: String, contents: Data)]
  ) -> [(name: String, fill: (OutputSink) throws -> Void)] {
    files.map { file in (name: file.name, fill: { try $0.write(file.contents) }) }
  }

  /// Writes files that are made while they are written, in bounded memory; as above otherwise.
  package func write(_ files: [(name: String, fill: (OutputSink) throws -> Void)]) throws {
    let names = files.map(\.name)
    try putInPlace(names) {
      for file in files { _ = try make(file) }
      return names
    }
  }

  /// Writes the files of a finished run with their manifest, which comes last; as `write` otherwise.
  package func install(_ files: [(name: String, contents: Data)]) throws {
    try install(filled(files))
  }

  /// Writes the files of a finished run with their manifest, which comes last.
  ///
  /// From the first renaming to the last the directory has no manifest, so that files of two runs side by side
  /// are told from a run. `others` are digests of files that are there already.
  package func install(
    _ files: [(name: String, fill: (OutputSink) throws -> Void)], others: [String: String] = [:]
  ) throws {
    let names = files.map(\.name) + [Manifest.name]
    try putInPlace(names) {
      var digests = others
      for file in files { digests[file.name] = try make(file) }
      let manifest = Manifest(digests).contents
      _ = try make((Manifest.name, { try $0.write(manifest) }))
      handle.remove(Manifest.name)
      handle.synchronize()
      return names
    }
  }

  /// Writes a file under its temporary name; returns its SHA-256.
  private func make(_ file: (name: String, fill: (OutputSink) throws -> Void)) throws -> String {
    let sink = OutputSink(
      try DurableFile(creating: RunDirectory.temporary(file.name), in: handle, for: file.name))
    try file.fill(sink)
    return try sink.finish()
  }

  /// Renames the files that `make` has written under temporary names, in their order.
  private func putInPlace(_ names: [String], _ make: () throws -> [String]) throws {
    // A directory in the way would stop the renaming half-way, with files of two runs side by side.
    if let name = names.first(where: handle.hasDirectory) {
      throw OutputError(
        isCreation: false,
        description: "output: cannot write '\(file(name))', a directory stands in its place")
    }
    do {
      try handle.requireInPlace()
      for name in try make() { try handle.rename(RunDirectory.temporary(name), to: name) }
    } catch {
      for name in names { handle.remove(RunDirectory.temporary(name)) }
      guard let error = error as? OutputError else { throw error }
      throw OutputError(isCreation: false, description: error.description)
    }
    handle.synchronize()
  }

  /// Removes the lock that a process left in a finished directory when it was killed at its very end; one that is
  /// held stays.
  static func removeStaleLock(in path: String) {
    let name = RunFileNames(share: nil).lock
    guard let handle = try? DirectoryHandle(path: path), handle.has(name) else { return }
    // Letting go of a lock removes its file.
    _ = try? RunLock(name, in: handle)
  }
}

/// Gathers what is written to a file into large pieces.
package final class OutputSink {
  private static let pieceSize = 1 << 18
  private let file: DurableFile
  private let digest = FileDigest()
  private var pending: [UInt8] = []

  init(_ file: DurableFile) {
    self.file = file
    pending.reserveCapacity(OutputSink.pieceSize + 1024)
  }

  /// Writes bytes; throws `OutputError`.
  package func write(_ bytes: some Sequence<UInt8>) throws {
    pending.append(contentsOf: bytes)
    if pending.count >= OutputSink.pieceSize { try flush() }
  }

  /// Writes the UTF-8 of a text; throws `OutputError`.
  package func write(_ text: String) throws { try write(text.utf8) }

  private func flush() throws {
    pending.withUnsafeBytes { digest.add($0) }
    try file.append(pending)
    pending.removeAll(keepingCapacity: true)
  }

  /// Waits until all is on disk; returns the SHA-256 of what was written.
  func finish() throws -> String {
    try flush()
    try file.synchronize()
    return digest.hexadecimal
  }
}
