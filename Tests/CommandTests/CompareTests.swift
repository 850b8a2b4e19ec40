import Escapement
import Foundation
import Testing

@Suite struct CompareTests {
  private typealias Object = [String: Any]

  private func object(_ text: String) throws -> Object {
    try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? Object)
  }

  private let small = "compare --dimension 60 --learning-rate 0.1 --replicas 8"

  @Test func `JSON on stdout is the summary and nothing else`() throws {
    let result = try runCommand("\(small) --format json --seed 18446744073709551615")
    #expect(result.status == 0)
    #expect(result.stderr.isEmpty)
    let summary = try object(result.stdout)
    #expect(summary["schema"] as? String == "escapement/comparison/1")
    let provenance = try #require(summary["provenance"] as? Object)
    #expect((provenance["seed"] as? NSNumber)?.uint64Value == .max)
    #expect(provenance["version"] as? String == escapementVersion)
    #expect((summary["exit_times"] as? [Object])?.count == 6)
    #expect((summary["comparisons"] as? [Object])?.count == 6)
  }

  @Test func `thresholds at both ends lose no run, and a law that fails says why`() throws {
    let words =
      "compare --dimension 3000 --learning-rate 0.1 --label-noise 1e-4 --replicas 4 --horizon 8 "
      + "--dynamics ode,sde,chain --thresholds 1e-9,0.5,0.999999"
    let result = try runCommand("\(words) --format json")
    #expect(result.status == 0, "\(result.stderr)")
    let laws = try #require(try object(result.stdout)["law"] as? [Object])
    #expect(laws.count == 6)
    for law in laws {
      let reason = law["not_available"] as? String
      #expect((law["mean"] is NSNull) == (reason != nil))
      #expect((law["tests"] is NSNull) == (reason != nil))
      if law["threshold"] as? Double == 0.5 { #expect(reason == nil) }
      if law["threshold"] as? Double == 0.999_999 {
        #expect(try #require(reason).contains("beyond the plateau"))
      }
    }
    let table = try runCommand("\(words) --details")
    #expect(table.stdout.contains("law not available at this threshold, because"))
    let theory = try #require(try object(result.stdout)["theory"] as? Object)
    let quenched = try #require(theory["quenched_exit_time"] as? Object)
    #expect(try #require(quenched["1e-09"] as? Double) > 0)
  }

  @Test func `the table is plain text off a terminal`() throws {
    let result = try runCommand("\(small) --dynamics ode,sde,chain,sgd --thresholds 0.25 --details")
    #expect(result.status == 0)
    #expect(result.stderr.isEmpty)
    for title in [
      "ODE", "SDE", "exact chain", "full SGD", "Is the noise negligible?", "T = 0.25", "seed 1",
    ] {
      #expect(result.stdout.contains(title), "\(title)")
    }
    #expect(!result.stdout.contains("\u{1B}"))
  }

  @Test func `the subspace is an exit of its own in every dynamics`() throws {
    let words =
      "compare --dimension 60 --width 3 --teacher-units 2 --learning-rate 0.3 --replicas 6 "
      + "--dynamics ode,sde,chain,sgd --thresholds none --overlap-thresholds 0.5 "
      + "--subspace-thresholds 0.3,0.6"
    let result = try runCommand("\(words) --format json")
    #expect(result.status == 0, "\(result.stderr)")
    let entries = try #require(try object(result.stdout)["exit_times"] as? [Object])
    let marks = entries.map {
      "\($0["dynamics"] ?? "") \($0["criterion"] ?? "") \($0["threshold"] ?? "")"
    }
    let rules = ["overlap-1 0.5", "overlap-2 0.5", "subspace 0.3", "subspace 0.6"]
    #expect(
      marks == ["chain", "ode", "sde", "sgd"].flatMap { kind in rules.map { "\(kind) \($0)" } })
    #expect(entries.allSatisfy { $0["exited"] as? Int ?? 0 > 0 })
    #expect(
      try runCommand("\(words) --details").stdout.contains(
        "Exit at S = 0.3 of the teacher's subspace"))
  }

  @Test func `histograms are drawn on request, and mark the single time of the ODE`() throws {
    let words = "\(small) --dynamics ode,chain --thresholds 0.25"
    let result = try runCommand("\(words) --histogram")
    #expect(result.status == 0)
    #expect(result.stdout.contains("exact chain, % of replicas"))
    #expect(result.stdout.contains("█"))
    let percents = result.stdout.split(separator: "\n").compactMap { line -> Double? in
      let words = line.split(separator: " ")
      guard words.count > 2, let last = words.last, last.hasSuffix("%") else { return nil }
      return Double(last.dropLast())
    }
    #expect(percents.count == 20)
    // The longest tails are left out, and each number is rounded.
    #expect(percents.reduce(0, +) > 80 && percents.reduce(0, +) < 101.5)
    let fixed = try runCommand("\(words) --histogram --start overlaps:0.1")
    #expect(fixed.stdout.contains("◀ ODE"))
    #expect(!(try runCommand(words)).stdout.contains("% of replicas"))
  }

  @Test func `above the critical rate all is censored, with status 0 and a warning`() throws {
    let result = try runCommand(
      "compare --dimension 2000 --learning-rate 0.2 --replicas 4 --horizon 0.25 "
        + "--start overlaps:0.03 --dynamics ode,sde,chain,sgd --format json")
    #expect(result.status == 0)
    #expect(result.errorLines.count == 1)
    #expect(result.stderr.hasPrefix("escapement: warning: "))
    #expect(result.stderr.contains("growth rate"))
    let summary = try object(result.stdout)
    for entry in try #require(summary["exit_times"] as? [Object]) {
      #expect(entry["exited"] as? Int == 0)
      #expect(entry["censored"] as? Int == entry["replicas"] as? Int)
    }
    // The table says it too, on the other stream.
    let table = try runCommand(
      "compare --dimension 2000 --learning-rate 0.2 --replicas 4 --horizon 0.25 "
        + "--start overlaps:0.03")
    #expect(table.status == 0)
    #expect(table.stdout.contains("0/4, 4 censored"))
    #expect(table.stdout.contains("no answer, since"))
    #expect(!table.stdout.contains("warning"))
  }

  @Test func `a generator of GSL works, and its short seeds are warned of`() throws {
    let result = try runCommand("\(small) --generator mt19937 --format json")
    #expect(result.status == 0)
    #expect(result.errorLines.count == 1)
    #expect(result.stderr.hasPrefix("escapement: warning: "))
    #expect(result.stderr.contains("mt19937"))
    let summary = try object(result.stdout)
    #expect((summary["provenance"] as? Object)?["generator"] as? String == "mt19937")
    #expect((summary["warnings"] as? [String])?.count == 1)
  }

  // From the target itself every exit is at 0, and a ratio of such means is no number.
  @Test func `a start at the target gives no ratio and no failure`() throws {
    for words in ["--start overlaps:1", "--start overlaps:-1"] {
      let result = try runCommand("\(small) \(words) --format json")
      #expect(result.status == 0, "\(result.stderr)")
      let summary = try object(result.stdout)
      let pairs = try #require(summary["comparisons"] as? [Object])
      #expect(pairs.contains { $0["mean_ratio"] is NSNull })
      #expect((summary["exit_times"] as? [Object])?.contains { $0["mean"] as? Double == 0 } == true)
      let table = try runCommand("\(small) \(words)")
      #expect(table.status == 0)
      #expect(table.stdout.contains("no answer, since"))
    }
  }

  @Test func `options win over the file`() throws {
    try withDirectory { directory in
      let yaml = "dimension: 60\nlearning-rate: 0.1\nreplicas: 5\nseed: 3\ndynamics: [chain]\n"
      try Data(yaml.utf8).write(to: directory.appendingPathComponent("case.yaml"))
      let result = try runCommand(
        "compare case.yaml --replicas 7 --learning-rate 0.05 --format json", in: directory)
      let resolved = try #require(object(result.stdout)["experiment"] as? Object)
      #expect(resolved["learning-rate"] as? Double == 0.05)
      #expect(resolved["replicas"] as? [String: Int] == ["chain": 7])
      #expect(resolved["seed"] as? Int == 3)
      #expect(resolved["dimension"] as? Int == 60)
    }
  }

  @Test func `theory prints the closed forms as JSON and as a table`() throws {
    let result = try runCommand("theory --dimension 3000 --learning-rate 0.1 --format json")
    #expect(result.status == 0)
    #expect(result.stderr.isEmpty)
    let theory = try object(result.stdout)
    // Width 1: μ = 4 − 24γ, and γ_c = 1/6.
    #expect(abs(try #require(theory["growth_rate"] as? Double) - 1.6) < 1e-12)
    #expect(abs(try #require(theory["critical_learning_rate"] as? Double) - 1.0 / 6) < 1e-12)
    let annealed = try #require((theory["annealed_exit_time"] as? Object)?["0.5"] as? Double)
    #expect(abs(annealed - log(1500) / 3.2) < 1e-12)

    let table = try runCommand("theory --dimension 3000 --learning-rate 0.1")
    #expect(table.stdout.contains("annealed"))
    let above = try runCommand("theory --dimension 3000 --learning-rate 0.2")
    #expect(above.status == 0)
    #expect(above.stdout.contains("above the critical"))
  }
}
