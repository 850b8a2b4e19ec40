import Ensemble
import Foundation

/// Fills a directory with the files of a run, all of them or none.
public struct RunDirectory: Sendable {
  /// Where the files go.
  public let path: String
  private let directory: URL

  /// Makes the directory and checks that it can be written, before any work starts.
  ///
  /// Throws `OutputError`.
  public init(path: String) throws {
    self.path = path
    directory = URL(fileURLWithPath: path, isDirectory: true)
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    } catch {
      throw OutputError(
        isCreation: true,
        description: "output: cannot create the directory '\(path)', expected a writable place")
    }
    // The name is fixed, so that the next attempt removes what a killed one left.
    let probe = file(RunDirectory.probe)
    let descriptor = open(probe, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      let reason = systemReason()
      throw OutputError(
        isCreation: true,
        description:
          "output: cannot create files in '\(path)', expected a writable directory: \(reason)")
    }
    close(descriptor)
    unlink(probe)
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
  public func file(_ name: String) -> String { directory.appendingPathComponent(name).path }

  /// Writes files under temporary names and renames them when all are on disk.
  ///
  /// Files of the same names are replaced. Throws `OutputError`, and leaves none of the new files.
  public func write(_ files: [(name: String, contents: Data)]) throws {
    try write(
      files.map { file in
        (name: file.name, fill: { try $0.write(file.contents) })
      })
  }

  /// Writes files that are made while they are written, in bounded memory; as above otherwise.
  public func write(_ files: [(name: String, fill: (OutputSink) throws -> Void)]) throws {
    // A directory in the way would stop the renaming half-way, with files of two runs side by side.
    for file in files {
      var isDirectory: ObjCBool = false
      let path = self.file(file.name)
      if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
        isDirectory.boolValue
      {
        throw OutputError(
          isCreation: false,
          description: "output: cannot write '\(path)', a directory stands in its place")
      }
    }
    func temporary(_ name: String) -> String { self.file(RunDirectory.temporary(name)) }
    do {
      for file in files {
        let sink = OutputSink(
          try DurableFile(creating: temporary(file.name), for: self.file(file.name)))
        try file.fill(sink)
        try sink.finish()
      }
      for file in files {
        try DurableFile.rename(temporary(file.name), to: self.file(file.name))
      }
    } catch {
      for file in files { unlink(temporary(file.name)) }
      guard let error = error as? OutputError else { throw error }
      throw OutputError(isCreation: false, description: error.description)
    }
    DurableFile.synchronize(directory: path)
  }
}

/// Gathers what is written to a file into large pieces.
public final class OutputSink {
  private static let pieceSize = 1 << 18
  private let file: DurableFile
  private var pending: [UInt8] = []

  init(_ file: DurableFile) {
    self.file = file
    pending.reserveCapacity(OutputSink.pieceSize + 1024)
  }

  /// Writes bytes; throws `OutputError`.
  public func write(_ bytes: some Sequence<UInt8>) throws {
    pending.append(contentsOf: bytes)
    if pending.count >= OutputSink.pieceSize { try flush() }
  }

  /// Writes the UTF-8 of a text; throws `OutputError`.
  public func write(_ text: String) throws { try write(text.utf8) }

  private func flush() throws {
    try file.append(pending)
    pending.removeAll(keepingCapacity: true)
  }

  func finish() throws {
    try flush()
    try file.synchronize()
  }
}
