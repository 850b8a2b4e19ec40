import Foundation
import Testing

/// The folders of the library depend one way: each uses only those before it.
@Suite struct FolderOrderTests {
  /// From what all stand on to what stands on all, as CONTRIBUTING.md lists them.
  private static let order = [
    "Text", "Experiment", "Results", "Directories", "Comparison", "Runs", "Trajectories", "Sweep",
    "Plateau", "Exports",
  ]
  /// What is used from below: the names and first lines of files that a directory may hold, the keys that belong
  /// to another command, and directories read back to take them up or to tell whether they are finished.
  private static let exceptions: Set = [
    "Directories uses Answer", "Directories uses FigureStyle", "Directories uses Gnuplot",
    "Directories uses ShardMerge", "Directories uses SweepDirectory",
    "Directories uses TrajectoryKey",
    "Experiment uses SweepFile", "Experiment uses TrajectoryKey", "Runs uses Run",
    "Trajectories uses TrajectoryRun",
  ]

  /// The code of each file by its folder, without comments and texts.
  private func sources() throws -> [(folder: String, code: String)] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/Escapement").standardizedFileURL
    let names = try FileManager.default.subpathsOfDirectory(atPath: root.path)
    return try names.filter { $0.hasSuffix(".swift") && $0.contains("/") }.map { name in
      let text = try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
      let code = text.replacing(/\/\/.*/, with: "").replacing(/"(?:[^"\\]|\\.)*"/, with: "")
      return (String(name.prefix { $0 != "/" }), code)
    }
  }

  /// `Folder uses Type` for each type that a folder uses of a later one.
  private func wrongWays(_ files: [(folder: String, code: String)]) -> Set<String> {
    let declaration = /(?m)^(?:[a-z]+ )*(?:struct|class|enum|protocol|actor) (\w+)/
    var homes: [String: String] = [:]
    for (folder, code) in files {
      for match in code.matches(of: declaration) where !match.0.contains("private ") {
        homes[String(match.1)] = folder
      }
    }
    var found: Set<String> = []
    for (folder, code) in files {
      guard let rank = Self.order.firstIndex(of: folder) else {
        found.insert("\(folder) is in no place of the order")
        continue
      }
      for match in code.matches(of: /\b[A-Z]\w+/) {
        guard let home = homes[String(match.0)], let other = Self.order.firstIndex(of: home),
          other > rank
        else { continue }
        found.insert("\(folder) uses \(match.0)")
      }
    }
    return found
  }

  @Test func `no folder uses a later one`() throws {
    let files = try sources()
    #expect(files.count > 80)
    #expect(wrongWays(files) == Self.exceptions)
  }

  @Test func `a use of a later folder is found`() throws {
    let files = try sources() + [("Text", "let page = Comparison.self"), ("Rooms", "")]
    let found = wrongWays(files).subtracting(Self.exceptions)
    #expect(found == ["Text uses Comparison", "Rooms is in no place of the order"])
  }
}
