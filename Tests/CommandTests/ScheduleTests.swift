import Foundation
import Testing

/// The command takes learning rates that change, and says what it cannot do with them.
@Suite struct ScheduleTests {
  private static let common = [
    "--dimension", "60", "--learning-rate", "0.1", "--replicas", "20", "--dynamics",
    "chain,ode,sde",
    "--horizon", "4", "--threads", "2",
  ]

  private func run(_ words: [String], in directory: URL, _ name: String) throws -> URL {
    let run = directory.appendingPathComponent(name)
    let result = try runCommand(["compare"] + Self.common + words + ["--output", run.path])
    #expect(result.status == 0, "\(result.stderr)")
    return run
  }

  /// The table of exits, and the summary without what every run has of its own.
  private func bytes(_ run: URL) throws -> [String] {
    let table = try String(
      contentsOf: run.appendingPathComponent("exit_times.csv"), encoding: .utf8)
    let summary = try String(
      contentsOf: run.appendingPathComponent("summary.json"), encoding: .utf8)
    return [table]
      + summary.split(separator: "\n").map(String.init).filter { !$0.contains("\"seconds\"") }
  }

  @Test func `a power of 0 is no schedule, byte for byte`() throws {
    try withDirectory { directory in
      let plain = try bytes(run([], in: directory, "plain"))
      #expect(plain.count > 50)
      for (index, schedule) in ["power:0,3000", "steps:0=0.1,7=0.1", "warm-up:1"].enumerated() {
        let words = ["--learning-rate-schedule", schedule]
        #expect(try bytes(run(words, in: directory, "run-\(index)")) == plain, "\(schedule)")
      }
      let other = ["--learning-rate-schedule", "power:0.5,3000"]
      #expect(try bytes(run(other, in: directory, "other")) != plain)
    }
  }

  @Test func `a second layer's schedule in proportion is that of the first, byte for byte`() throws
  {
    try withDirectory { directory in
      func exits(_ words: [String], _ name: String) throws -> String {
        let layers = [
          "--second-layer-learning-rate", "0.004", "--learning-rate-schedule",
          "steps:0=0.1,20=0.05",
          "--activation", "erf", "--thresholds", "0.1", "--dynamics", "chain,ode,sgd",
        ]
        return try bytes(run(layers + words, in: directory, name))[0]
      }
      let key = "--second-layer-learning-rate-schedule"
      let same = try exits([key, "same"], "same")
      #expect(try exits([key, "steps:0=0.004,20=0.002"], "proportional") == same)
      let other = try exits([key, "constant"], "constant")
      // Each dynamics has other exits.
      for (line, changed) in zip(same.split(separator: "\n"), other.split(separator: "\n"))
        .dropFirst()
      {
        #expect(line != changed)
      }
    }
  }

  @Test func `under a schedule means in samples are those of the exits, and formulas are left out`()
    throws
  {
    try withDirectory { directory in
      let words = ["--learning-rate-schedule", "steps:0=0.1,300=0.025", "--dynamics", "chain"]
      let run = try run(words, in: directory, "run")
      let rows = try String(
        contentsOf: run.appendingPathComponent("exit_times.csv"), encoding: .utf8
      ).split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
      let head = rows[0].map(String.init)
      let (time, step, threshold) = (
        try #require(head.firstIndex(of: "exit_time")),
        try #require(head.firstIndex(of: "exit_step")),
        try #require(head.firstIndex(of: "threshold"))
      )
      var counts: [Double] = []
      for row in rows.dropFirst() {
        let steps = try #require(Double(row[step]))
        let expected = (min(steps, 300) * 0.1 + max(steps - 300, 0) * 0.025) / 60
        #expect(abs(try #require(Double(row[time])) - expected) < 1e-9)
        if row[threshold] == "0.5" { counts.append(steps) }
      }
      #expect(counts.count == 20 && counts.contains { $0 > 300 })
      let summary = try #require(
        try JSONSerialization.jsonObject(
          with: Data(contentsOf: run.appendingPathComponent("summary.json"))) as? [String: Any])
      let exits = try #require(summary["exit_times"] as? [[String: Any]])
      let half = try #require(exits.first { $0["threshold"] as? Double == 0.5 })
      let mean = try #require(half["mean_samples"] as? Double)
      #expect(abs(mean / (counts.reduce(0, +) / 20) - 1) < 1e-9)
      let theory = try #require(summary["theory"] as? [String: Any])
      #expect(theory["growth_rate"] is NSNull && theory["critical_learning_rate"] is NSNull)
      let warnings = try #require(summary["warnings"] as? [String])
      #expect(warnings.contains { $0.hasPrefix("the learning rate changes") })
    }
  }

  static let refused: [(words: [String], says: String)] = [
    (["compare", "--learning-rate-schedule", "power:0.5,0"], "--learning-rate-schedule: "),
    (["compare", "--learning-rate-schedule", "power:nan,9"], "--learning-rate-schedule: "),
    (["compare", "--learning-rate-schedule", "steps:9=0.1,5=0.2"], "--learning-rate-schedule: "),
    (["compare", "--learning-rate-schedule", "steps:0=0.3"], "--learning-rate-schedule: "),
    (
      ["compare", "--second-layer-learning-rate-schedule", "power:1,9"],
      "--second-layer-learning-rate-schedule: "
    ),
    (
      [
        "plateau", "--second-layer-learning-rate", "0.001", "--second-layer-learning-rate-schedule",
        "power:1,9", "--activation", "erf", "--dynamics", "ode", "--horizon", "9",
      ], "second-layer-learning-rate-schedule"
    ),
    (["compare", "--learning-rate-schedule", "power:2,10"], "horizon: missing"),
    (
      ["compare", "--learning-rate-schedule", "power:2,10", "--horizon", "9"],
      "--horizon: found 9.0"
    ),
    (
      ["law", "--learning-rate-schedule", "power:1,900", "--horizon", "9"], "learning-rate-schedule"
    ),
    (
      ["plateau", "--learning-rate-schedule", "power:0.5,900", "--horizon", "9"],
      "learning-rate-schedule"
    ),
  ]

  @Test(arguments: refused.indices) func `what a schedule cannot be is one line`(index: Int) throws
  {
    let (words, says) = Self.refused[index]
    let result = try runCommand(words + ["--dimension", "60", "--learning-rate", "0.1"])
    #expect(result.status == 64, "\(result.stderr)")
    #expect(result.errorLines.count == 1, "\(result.stderr)")
    #expect(result.stderr.contains(says), "\(result.stderr)")
    #expect(result.stderr.contains("expected"), "\(result.stderr)")
    #expect(result.stdout.isEmpty)
  }

  @Test func `theory says why there is no exit time`() throws {
    let result = try runCommand(
      [
        "theory", "--dimension", "60", "--learning-rate", "0.1", "--learning-rate-schedule",
        "power:1,900", "--horizon", "9",
      ])
    #expect(result.status == 0)
    #expect(result.stdout.contains("No exit time: the formulas hold for one learning rate."))
  }
}
