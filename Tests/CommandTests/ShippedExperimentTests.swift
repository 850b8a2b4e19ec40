import Foundation
import Testing

@Suite struct ShippedExperimentTests {
  /// The experiments that come with the package.
  private var experiments: [URL] {
    get throws {
      let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../data/experiments").standardizedFileURL
      return try FileManager.default.contentsOfDirectory(
        at: directory, includingPropertiesForKeys: nil
      ).filter { $0.pathExtension == "yaml" }
    }
  }

  @Test func `every shipped experiment resolves and has an exit time in theory`() throws {
    let files = try experiments
    #expect(files.contains { $0.lastPathComponent == "phase-retrieval.yaml" })
    for file in files {
      let result = try runCommand(["theory", file.path, "--format", "json"])
      #expect(result.status == 0, "\(file.lastPathComponent): \(result.stderr)")
      let theory = try JSONSerialization.jsonObject(with: Data(result.stdout.utf8))
      let rate = (theory as? [String: Any])?["growth_rate"] as? Double
      #expect(try #require(rate) > 0, "\(file.lastPathComponent)")
    }
  }
}
