import Foundation
import Testing

/// Numbers that an independent referee found beside the exact ones, by the built command.
@Suite struct MomentsTests {
  private func exitTimes(_ words: [String], in directory: URL? = nil) throws -> [[String: Any]] {
    let result = try runCommand(words + ["--format", "json"], in: directory)
    #expect(result.status == 0, "\(result.stderr)")
    let object = try JSONSerialization.jsonObject(with: Data(result.stdout.utf8))
    let summary = try #require(object as? [String: Any])
    return try #require(summary["exit_times"] as? [[String: Any]])
  }

  private func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

  @Test func `a ReLU student on the sphere exits at the exact time of its ODE`() throws {
    let entries = try exitTimes(
      words(
        "compare --activation relu --target relu --learning-rate 1.5 --label-noise 0.3 "
          + "--dimension 20000 --start overlaps:0.02 --thresholds 0.3 --horizon 4 --dynamics ode"))
    // The referee's 1.95054, from closed arc-cosine forms.
    #expect(abs(try #require(entries[0]["mean"] as? Double) - 1.95054) < 1e-5)
  }

  @Test func `a healthy run beyond norm 32 does not diverge`() throws {
    let entries = try exitTimes(
      words(
        "compare --activation hermite:0,1 --target hermite:0,40 --constraint free --dimension 100 "
          + "--learning-rate 0.5 --replicas 200 --thresholds 0.5,0.99 --horizon 20 --dynamics chain"
      ))
    for entry in entries {
      #expect(entry["diverged"] as? Int == 0 && entry["exited"] as? Int == 200)
    }
  }

  @Test func `the SDE of squares takes five students on three correlated units`() throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("escapement-moments-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let text = """
      width: 5
      teacher-units: 3
      dimension: 2000
      learning-rate: 0.5
      label-noise: 0.1
      teacher-gram: [[1.2, 0.3, -0.2], [0.3, 0.9, 0.1], [-0.2, 0.1, 0.7]]
      thresholds: [0.1]
      horizon: 12
      replicas: 400
      dynamics: [chain, sde]
      """
    try Data(text.utf8).write(to: directory.appendingPathComponent("correlated.yaml"))
    let entries = try exitTimes(["compare", "correlated.yaml"], in: directory)
    #expect(entries.map { $0["dynamics"] as? String } == ["chain", "sde"])
    let means = try entries.map { try #require($0["mean"] as? Double) }
    let errors = try entries.map { try #require($0["standard_error"] as? Double) }
    // Starts are shared, so that the spread of the difference is less than this.
    let spread = (errors[0] * errors[0] + errors[1] * errors[1]).squareRoot()
    #expect(abs(means[0] - means[1]) < 5 * spread + 0.01, "\(means), \(errors)")
    #expect(errors[0] < 0.05)
  }
}
