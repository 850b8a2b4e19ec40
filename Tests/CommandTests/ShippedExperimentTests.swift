import Escapement
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

  private func isSweep(_ file: URL) throws -> Bool {
    let text = try String(contentsOf: file, encoding: .utf8)
    return text.contains("\nsweep:") || text.contains("\ncases:")
  }

  private func isTrajectories(_ file: URL) throws -> Bool {
    try String(contentsOf: file, encoding: .utf8).contains("\ntimes:")
  }

  @Test func `shipped trajectories resolve, and reach the plateau that noise leaves`() throws {
    let files = try experiments.filter(isTrajectories)
    #expect(files.contains { $0.lastPathComponent == "risk-against-time.yaml" })
    for file in files {
      let result = try runCommand([
        "trajectories", file.path, "--dynamics", "ode", "--quantiles", "none", "--paths", "1",
      ])
      #expect(result.status == 0, "\(file.lastPathComponent): \(result.stderr)")
      let last = try #require(result.stdout.split(separator: "\n").last?.split(separator: ","))
      let model = try TrajectoryPlan(TrajectoryOptions(file: file.path)).experiment.model
      guard let plateau = EscapeTheory(model: model).plateau else { continue }
      #expect(abs(try #require(Double(last[3])) / plateau - 1) < 0.01)
    }
  }

  @Test
  func `every shipped sweep resolves, each point with formulas for its exit where theory knows`()
    throws
  {
    let files = try experiments.filter(isSweep)
    let known = [
      "width-figure", "gain-from-width", "noise-against-dimension", "negligible-in-batches",
    ]
    #expect(Set(known).isSubset(of: files.map { $0.deletingPathExtension().lastPathComponent }))
    for file in files {
      let result = try runCommand(["sweep", file.path, "--dry-run"])
      #expect(result.status == 0, "\(file.lastPathComponent): \(result.stderr)")
      let points = try SweepGrid(file: file.path).points()
      #expect(points.count > 1)
      let hasFormulas = points.allSatisfy { $0.experiment.model.hasEscapeTheory }
      #expect(hasFormulas || !known.contains(file.deletingPathExtension().lastPathComponent))
      for point in points where hasFormulas {
        let theory = EscapeTheory(model: point.experiment.model)
        #expect(theory.annealedExitTime(threshold: 0.01) != nil, "\(point.coordinates.text)")
      }
    }
  }

  @Test func `every shipped experiment resolves, and grows where theory knows`() throws {
    let files = try experiments
    #expect(files.contains { $0.lastPathComponent == "phase-retrieval.yaml" })
    for file in files where try !isSweep(file) && !isTrajectories(file) {
      let result = try runCommand(["theory", file.path, "--format", "json"])
      #expect(result.status == 0, "\(file.lastPathComponent): \(result.stderr)")
      let theory = try JSONSerialization.jsonObject(with: Data(result.stdout.utf8))
      let forms = try #require(theory as? [String: Any])
      #expect(try #require(forms["leap"] as? Int) > 0, "\(file.lastPathComponent)")
      // The growth rate is known for phase retrieval alone.
      guard let rate = forms["growth_rate"] as? Double else { continue }
      #expect(rate > 0, "\(file.lastPathComponent)")
    }
  }
}
