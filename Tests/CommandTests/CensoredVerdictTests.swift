import Foundation
import Testing

/// What the command says where replicas are censored, in every form that it says it.
@Suite struct CensoredVerdictTests {
  private typealias Object = [String: Any]

  private func object(_ text: String) throws -> Object {
    try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? Object)
  }

  /// Rows of a file of exit times: how many, when, and whether they exited.
  private func file(_ rows: [(Int, Double, Bool)]) -> String {
    rows.reduce("exit_time,outcome\n") { text, row in
      text
        + String(repeating: "\(row.1),\(row.2 ? "exited" : "censored")\n", count: row.0)
    }
  }

  private func test(_ first: String, _ second: String, _ options: String = "") throws
    -> CommandResult
  {
    try withDirectory { directory in
      for (name, text) in [("a.csv", first), ("b.csv", second)] {
        try Data(text.utf8).write(to: directory.appendingPathComponent(name))
      }
      return try runCommand("test a.csv b.csv \(options)", in: directory)
    }
  }

  private let early =
    "compare --dimension 3000 --learning-rate 0.1 --replicas 300 --dynamics chain,ode "
    + "--thresholds 0.5"

  @Test func `a horizon that few reach before decides nothing, and the one needed does`() throws {
    let result = try runCommand("\(early) --horizon 2.0 --format json")
    #expect(result.status == 0, "\(result.stderr)")
    let pair = try #require((try object(result.stdout)["comparisons"] as? [Object])?.first)
    let ratio = try #require(pair["mean_ratio"] as? Object)
    // The restricted means are within two per cent of each other.
    let interval = try #require(ratio["interval"] as? [Double])
    #expect(interval[0] > 0.95 && interval[1] < 1.05)
    #expect(ratio["verdict"] as? String == "undetermined")
    #expect(ratio["undecided_reason"] as? String == "unseen")
    #expect(ratio["restricted_to"] as? Double == 2)
    #expect(ratio["replicas_needed"] is NSNull)
    #expect(pair["restricted_to"] as? Double == 2 && pair["spread_ratio"] is Object)
    let seen = try #require(ratio["seen"] as? [Double])
    #expect(seen[0] > 0.05 && seen[0] < 0.3 && seen[1] < 0.1)
    #expect(ratio["horizon_method"] as? String == "linearised")
    let horizon = try #require(ratio["horizon_needed"] as? Double)
    let later = try object(
      try runCommand("\(early) --horizon \(horizon) --format json").stdout)
    let next = try #require(
      (later["comparisons"] as? [Object])?.first?["mean_ratio"] as? Object)
    #expect(try #require(next["seen"] as? [Double]).allSatisfy { $0 >= 0.95 })
    #expect(next["verdict"] as? String == "different")

    let table = try runCommand("\(early) --horizon 2.0").stdout
    #expect(table.contains("not decided at 5%: "))
    #expect(table.contains("of the ODE censored; a horizon of about"))
    #expect(table.contains("up to τ = 2, by when"))
    #expect(!table.contains("negligible within"))
  }

  @Test func `report, tables and sweep say it too`() throws {
    try withDirectory { directory in
      let run = try runCommand("\(early) --horizon 2.0 --output run", in: directory)
      #expect(run.status == 0, "\(run.stderr)")
      let export = try runCommand("export run --to report", in: directory)
      #expect(export.status == 0, "\(export.stderr)")
      let page = try String(
        contentsOf: directory.appendingPathComponent("run/report.html"), encoding: .utf8)
      #expect(page.contains("not decided at 5%: "))
      #expect(page.contains("censored; a horizon of about"))
      #expect(page.contains("by when") && !page.contains("the noise is negligible within"))
      #expect(try runCommand("export run --to csv", in: directory).status == 0)
      let table = try String(
        contentsOf: directory.appendingPathComponent("run/comparisons.csv"), encoding: .utf8)
      #expect(table.contains("restricted_to,first_seen,second_seen,undecided_reason"))
      #expect(table.contains(",undetermined,true,2.0,"))
      #expect(table.contains(",unseen,"))
      let sweep = try runCommand(
        "sweep --dimension 300,600 --learning-rate 0.1 --replicas 60 --dynamics chain,ode "
          + "--thresholds 0.5 --horizon 1.2 --output grid", in: directory)
      #expect(sweep.status == 0, "\(sweep.stderr)")
      #expect(sweep.stdout.contains("to τ 1.2, ") && sweep.stdout.contains("censored ?"))
      let verdicts = try String(
        contentsOf: directory.appendingPathComponent("grid/verdicts.csv"), encoding: .utf8)
      #expect(verdicts.contains(",unseen,") && !verdicts.contains("equivalent,"))
    }
  }

  @Test func `one replica censored early in a file does not rule`() throws {
    let (first, second) = (
      file([(5, 0.9, true), (95, 10, true), (1, 1, false)]),
      file([(5, 0.8, true), (95, 1000, true)])
    )
    let result = try object(test(first, second, "--format json").stdout)
    let ratio = try #require(result["mean_ratio"] as? Object)
    #expect(abs(try #require(ratio["estimate"] as? Double) - 0.01005) < 1e-4)
    #expect(ratio["verdict"] as? String == "different")
    #expect(result["restricted_to"] is NSNull)
    let tests = try #require(result["tests"] as? [String: Object])
    for name in ["kolmogorov_smirnov", "anderson_darling", "cramer_von_mises", "energy"] {
      #expect(tests[name]?["p_value"] as? Double == 0.001, "\(name)")
      #expect(tests[name]?["p_value_kind"] as? String == "permutation")
      #expect(tests[name]?["smallest_p_value"] as? Double == 0.001)
    }
    let table = try test(first, second).stdout
    #expect(table.contains("different by more than 5%") && table.contains("≤ 0.001"))
    #expect(table.contains("99.01% of the first and 100% of the second seen to exit"))
  }

  @Test func `one exit among forty thousand ends with numbers, not an error`() throws {
    let result = try test(
      file([(1, 1, true), (19_999, 2, false)]), file([(20_000, 2, false)]), "--format json")
    #expect(result.status == 0, "\(result.stderr)")
    let tests = try #require(try object(result.stdout)["tests"] as? [String: Object])
    for (name, test) in tests { #expect(test["p_value"] as? Double == 1, "\(name)") }
    #expect((try object(result.stdout)["tests_unavailable"] as? Object)?.isEmpty == true)
  }

  @Test func `one exit of 20 against none of 200 has the odds of a draw`() throws {
    let result = try test(
      file([(1, 1, true), (19, 2, false)]), file([(200, 2, false)]), "--format json")
    let tests = try #require(try object(result.stdout)["tests"] as? [String: Object])
    for name in ["anderson_darling", "cramer_von_mises", "energy", "log_rank"] {
      let value = try #require(tests[name]?["p_value"] as? Double)
      #expect(abs(value - 20 / 220.0) < 1e-12, "\(name)")
      #expect(tests[name]?["p_value_kind"] as? String == "exact")
    }
    #expect(tests["kolmogorov_smirnov"]?["p_value_kind"] as? String == "upper-bound")
  }

  @Test func `exits at time 0 are exits`() throws {
    let zeros = file([(5, 0, true)])
    let table = try test(zeros, zeros)
    #expect(table.status == 0)
    #expect(table.stdout.contains("all exits of a side are at time 0"))
    #expect(!table.stdout.contains("no exit by the horizon"))
    let result = try object(test(zeros, zeros, "--format json").stdout)
    #expect(result["mean_ratio"] is NSNull)
    #expect(result["mean_ratio_unavailable"] as? String == "zero-mean")
    let reasons = try #require(result["tests_unavailable"] as? [String: String])
    #expect(reasons["anderson_darling"]?.contains("all values are equal") == true)
    let started = try runCommand(
      "compare --dimension 60 --learning-rate 0.1 --replicas 5 --start overlaps:1"
    ).stdout
    #expect(started.contains("no answer, since all exits of a side are at time 0"))
    let none = try object(test(file([(5, 1, false)]), zeros, "--format json").stdout)
    #expect(none["mean_ratio_unavailable"] as? String == "no-exit")
  }
}
