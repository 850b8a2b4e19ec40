import Foundation
import Testing

/// Ten small experiments give the bytes of their golden copies: what changes here is value-breaking.
///
/// `Tests/CommandTests/Golden/make.sh COMMAND` makes the copies anew.
@Suite(.serialized) struct GoldenTests {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appendingPathComponent("Golden")

  static let names: [String] =
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?
    .filter { !$0.hasSuffix(".sh") }.sorted() ?? []

  /// A table or summary without what may differ: who made it and how long that took.
  private func lasting(_ file: URL) throws -> [Substring] {
    try String(contentsOf: file, encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false)
      .filter { line in
        !["\"commit\"", "\"seconds\"", "\"version\""].contains { line.contains($0) }
      }
  }

  @Test func `ten experiments have golden copies`() { #expect(GoldenTests.names.count >= 10) }

  @Test(arguments: names) func `a small experiment gives the bytes of its golden copy`(
    _ name: String
  )
    throws
  {
    let copy = GoldenTests.folder.appendingPathComponent(name)
    let job =
      name.hasPrefix("paths") ? "trajectories" : name.hasPrefix("sweep") ? "sweep" : "compare"
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      let result = try runCommand([
        job, copy.appendingPathComponent("input.yaml").path, "--output", run.path,
      ])
      #expect(result.status == 0, "\(result.stderr)")
      let files = try FileManager.default.contentsOfDirectory(atPath: copy.path)
        .filter { $0 != "input.yaml" }
      #expect(files.count >= 2)
      for file in files {
        let (made, golden) = (
          try lasting(run.appendingPathComponent(file)),
          try lasting(copy.appendingPathComponent(file))
        )
        let place = zip(made, golden).enumerated().first { $1.0 != $1.1 }
        #expect(
          made == golden,
          "\(name)/\(file), line \((place?.offset ?? -2) + 1): '\(place?.element.0 ?? "")', golden '\(place?.element.1 ?? "")'"
        )
      }
    }
  }
}
