import Ensemble
import Foundation

/// Copies the command into a run's directory, so that a build made anew breaks no job that waits.
package enum CommandCopy {
  private static let (binaries, libraries) = ("bin", "lib/escapement")

  /// Copies an executable, and the libraries that an archive of `make dist` has beside it, into the folder
  /// `command` of a directory; returns the path of the copy.
  ///
  /// One that is there already stays: tasks may be running it. Throws `OutputError`.
  package static func make(of executable: String, in directory: String) throws -> String {
    let files = FileManager.default
    let source = URL(fileURLWithPath: executable).resolvingSymlinksInPath()
    let folder = URL(fileURLWithPath: directory).appendingPathComponent(OutputContents.command)
    let copy = folder.appendingPathComponent(binaries).appendingPathComponent("escapement")
    guard !files.fileExists(atPath: copy.path) else { return copy.path }
    let beside = source.deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent(libraries)
    // Under another name until it is whole.
    let partial = URL(fileURLWithPath: directory)
      .appendingPathComponent(RunDirectory.temporary(OutputContents.command))
    do {
      remove(partial.path)
      try files.createDirectory(
        at: partial.appendingPathComponent(binaries), withIntermediateDirectories: true)
      try files.copyItem(
        at: source, to: partial.appendingPathComponent("\(binaries)/escapement"))
      if files.fileExists(atPath: beside.path) {
        let place = partial.appendingPathComponent(libraries)
        try files.createDirectory(
          at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try files.copyItem(at: beside, to: place)
      }
      try files.moveItem(at: partial, to: folder)
    } catch {
      remove(partial.path)
      throw OutputError(
        isCreation: false, path: folder.path, reason: error.localizedDescription)
    }
    return copy.path
  }

  /// Removes such a folder, and of what is in it only what `make` puts there; follows no link.
  static func remove(_ path: String) {
    for folder in [binaries, libraries] {
      let place = "\(path)/\(folder)"
      guard !isLink(path), !isLink("\(path)/lib"), !isLink(place) else { continue }
      for name in (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
      where name == "escapement" || name.contains(".so") || name.hasSuffix(".dylib") {
        unlink("\(place)/\(name)")
      }
      rmdir(place)
    }
    rmdir("\(path)/lib")
    rmdir(path)
  }
}
