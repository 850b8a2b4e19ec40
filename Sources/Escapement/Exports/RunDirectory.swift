import Foundation

/// Says that a file or directory could not be made or written.
public struct OutputError: Error, Sendable, CustomStringConvertible {
  /// Whether making it failed rather than writing to it.
  public let isCreation: Bool
  /// One line that names the path.
  public let description: String

  /// Creates an error.
  public init(isCreation: Bool, description: String) {
    self.isCreation = isCreation
    self.description = description
  }
}

/// Fills a directory with the files of a run, all of them or none.
public struct RunDirectory: Sendable {
  private let directory: URL

  /// Makes the directory and checks that it can be written, before any work starts.
  ///
  /// Throws `OutputError`.
  public init(path: String) throws {
    directory = URL(fileURLWithPath: path, isDirectory: true)
    let manager = FileManager.default
    do {
      try manager.createDirectory(at: directory, withIntermediateDirectories: true)
    } catch {
      throw OutputError(
        isCreation: true,
        description: "output: cannot create the directory '\(path)', expected a writable place")
    }
    let probe = directory.appendingPathComponent(".escapement-\(UUID().uuidString)")
    guard manager.createFile(atPath: probe.path, contents: Data()) else {
      throw OutputError(
        isCreation: true,
        description: "output: cannot create files in '\(path)', expected a writable directory")
    }
    try? manager.removeItem(at: probe)
  }

  /// Writes files under temporary names and renames them when all are on disk.
  ///
  /// Files of the same names are replaced. Throws `OutputError`, and leaves none of the new files.
  public func write(_ files: [(name: String, contents: Data)]) throws {
    let manager = FileManager.default
    let mark = UUID().uuidString
    var written: [(temporary: URL, final: URL)] = []
    // A directory in the way would stop the renaming half-way, with files of two runs side by side.
    for file in files {
      var isDirectory: ObjCBool = false
      let path = directory.appendingPathComponent(file.name).path
      if manager.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
        throw OutputError(
          isCreation: false,
          description: "output: cannot write '\(path)', a directory stands in its place")
      }
    }
    do {
      for file in files {
        let temporary = directory.appendingPathComponent(".\(file.name).\(mark)")
        written.append((temporary, directory.appendingPathComponent(file.name)))
        try file.contents.write(to: temporary)
      }
      for file in written {
        guard rename(file.temporary.path, file.final.path) == 0 else {
          throw CocoaError(.fileWriteUnknown)
        }
      }
    } catch {
      for file in written { try? manager.removeItem(at: file.temporary) }
      throw OutputError(
        isCreation: false, description: "output: cannot write to '\(directory.path)'")
    }
  }
}
