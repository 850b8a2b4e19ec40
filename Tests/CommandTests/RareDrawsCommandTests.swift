import Foundation
import Testing

/// The command draws no verdict against a limit that is ruled by draws which no replica sees, and says so.
@Suite struct RareDrawsCommandTests {
  private static let common = [
    "compare", "--dimension", "400", "--learning-rate", "0.1", "--dynamics", "ode,sde,chain",
    "--replicas", "30", "--horizon", "8", "--threads", "2", "--format", "json", "--thresholds",
    "0.3",
    "--start", "overlaps:0.3",
  ]

  private func run(_ words: [String]) throws -> (summary: [String: Any], errors: String) {
    let result = try runCommand(Self.common + words)
    #expect(result.status == 0, "\(result.stderr)")
    let object = try JSONSerialization.jsonObject(with: Data(result.stdout.utf8))
    return (try #require(object as? [String: Any]), result.stderr)
  }

  @Test func `a limit ruled by rare draws is told before and after, and judged against nothing`()
    throws
  {
    let (summary, errors) = try run(["--look-ahead", "0.1"])
    for sentence in ["the ODE is ruled by draws", "the SDE is ruled by draws"] {
      // Before the run, and among the summary's warnings after it.
      #expect(errors.components(separatedBy: "warning: " + sentence).count == 3, "\(errors)")
      let warnings = try #require(summary["warnings"] as? [String])
      #expect(warnings.contains { $0.hasPrefix(sentence) && $0.contains("one in") })
    }
    for pair in try #require(summary["comparisons"] as? [[String: Any]]) {
      #expect(pair["mean_ratio"] is NSNull)
      #expect(pair["mean_ratio_unavailable"] as? String == "rare-draws")
      #expect((pair["tests"] as? [String: Any])?.isEmpty == true)
    }
  }

  @Test func `bounded pushes are judged as ever`() throws {
    let (summary, errors) = try run(["--look-ahead", "0.3", "--activation", "erf"])
    #expect(!errors.contains("ruled by draws"), "\(errors)")
    let pairs = try #require(summary["comparisons"] as? [[String: Any]])
    #expect(pairs.count == 3 && pairs.allSatisfy { $0["mean_ratio"] is [String: Any] })
  }
}
