import Foundation
import Testing

/// `escapement test` on files from anywhere.
@Suite struct TestTests {
  // The ten replicas a side that the paper's notebook prints, p = 1, T = 0.5.
  static let simulated = "2.7132 2.7096 1.9428 2.3670 1.8798 2.3412 2.9334 4.9000 2.3880 2.8326"
  static let diffusion = "1.783 2.561 2.069 2.724 2.037 2.384 2.811 2.457 2.219 2.948"

  private func result(
    _ first: String, _ second: String, _ options: [String] = []
  ) throws -> CommandResult {
    try withDirectory { directory in
      for (name, text) in [("a.csv", first), ("b.csv", second)] {
        try text.write(
          to: directory.appendingPathComponent(name), atomically: true, encoding: .utf8)
      }
      return try runCommand(["test", "a.csv", "b.csv"] + options, in: directory)
    }
  }

  private func column(_ header: String, _ words: String) -> String {
    header + "\n" + words.split(separator: " ").joined(separator: "\n") + "\n"
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func `ten published replicas a side settle nothing`() throws {
    let result = try result(
      column("exit_time", Self.simulated), column("anything", Self.diffusion),
      ["--format", "json"])
    #expect(result.status == 0)
    let object = try object(result.stdout)
    let ratio = try #require(object["mean_ratio"] as? [String: Any])
    #expect(ratio["verdict"] as? String == "undetermined")
    // Twenty times the replicas, by an independent computation of the same power.
    #expect((150...250).contains(try #require(ratio["replicas_needed"] as? Int)))
    let tests = try #require(object["tests"] as? [String: Any])
    #expect(
      Set(tests.keys) == [
        "kolmogorov_smirnov", "anderson_darling", "cramer_von_mises", "energy", "log_rank",
      ])
    #expect(object["wasserstein"] is [String: Any])
  }

  @Test func `a file that compare wrote is read with its outcomes`() throws {
    try withDirectory { directory in
      let run = try runCommand(
        "compare --dimension 60 --learning-rate 0.1 --replicas 200 --dynamics chain "
          + "--thresholds 0.3 --horizon 1.5 --output run", in: directory)
      #expect(run.status == 0)
      let result = try runCommand(
        "test run/exit_times.csv run/exit_times.csv --paired --format json", in: directory)
      #expect(result.status == 0)
      let tests = try #require(try object(result.stdout)["tests"] as? [String: [String: Any]])
      #expect(tests["kolmogorov_smirnov"]?["statistic"] as? Double == 0)
      #expect(tests["log_rank"]?["p_value"] as? Double == 1)
      let ratio = try #require(try object(result.stdout)["mean_ratio"] as? [String: Any])
      #expect(ratio["restricted"] as? Bool == true)
    }
  }

  @Test(arguments: [
    ("exit_time\n1.5\nfast\n", "b.csv, line 3"), ("a,b\n1,2\n", "b.csv, line 1"),
    ("exit_time,outcome\n1.5,lost\n", "b.csv, line 2"), ("exit_time\n", "b.csv"),
    ("exit_time,outcome\n,exited\n2,exited\n", "b.csv, line 2"), ("exit_time\nnan\n", "line 2"),
  ])
  func `a bad file gives one line with its place and status 65`(text: String, place: String) throws
  {
    let result = try result(column("exit_time", Self.simulated), text)
    #expect(result.status == 65)
    #expect(result.errorLines.count == 1)
    #expect(result.stderr.contains(place), "\(result.stderr)")
    #expect(result.stdout.isEmpty)
  }

  @Test func `a missing file, unequal pairs and a bad margin are refused`() throws {
    #expect(try runCommand("test nowhere.csv nowhere.csv").status == 65)
    let pairs = try result("t\n1\n2\n", "t\n1\n", ["--paired"])
    #expect(pairs.status == 64)
    #expect(pairs.stderr.contains("--paired"))
    let margin = try result("t\n1\n2\n", "t\n1\n3\n", ["--margin", "1"])
    #expect(margin.status == 64)
    #expect(margin.stderr.contains("--margin"))
  }

  private let coded = "time;status\n1.5;2\n2.25;2.0\n0.75;1\n3;relapse\n4.5;dead\n"

  @Test(arguments: [
    ("2,dead,relapse", [true, true, false, true, true], "'1'"),
    ("DEAD", [false, false, false, false, true], "'2', '2.0', '1', 'relapse'"),
  ])
  func `words and numbers of any file say what an event is`(
    events: String, exits: [Bool], censored: String
  ) throws {
    let times = ["1.5", "2.25", "0.75", "3", "4.5"]
    let plain =
      "exit_time,outcome\n"
      + zip(times, exits).map { "\($0),\($1 ? "exited" : "censored")\n" }.joined()
    let other = "exit_time\n1\n2\n3\n4\n5\n"
    let found = try result(
      coded, other,
      [
        "--column", "time", "--event-column", "status", "--event-values", events, "--format",
        "json",
      ]
    )
    // The second file has no such columns.
    #expect(found.status == 65 && found.stderr.contains("b.csv"), "\(found.stderr)")
    let read = try result(
      coded, coded,
      [
        "--column", "time", "--event-column", "status", "--event-values", events, "--format",
        "json",
      ]
    )
    let expected = try result(plain, plain, ["--format", "json"])
    #expect(read.status == 0 && read.stdout == expected.stdout, "\(read.stderr)")
    #expect(
      read.stderr.contains("\(exits.count { $0 }) exits of 5; read as censored: \(censored)\n"),
      "\(read.stderr)")
  }

  @Test func `an event column of no known words, or words without a column, is refused by name`()
    throws
  {
    let odd = try result(coded, coded, ["--column", "time", "--event-column", "status"])
    #expect(odd.status == 65 && odd.stderr.contains("found the outcome '2'"), "\(odd.stderr)")
    #expect(odd.stderr.contains("--event-values names others"))
    let none = try result("1.5\n2.5\n", "1.5\n2.5\n", ["--event-values", "1"])
    #expect(none.status == 65 && none.stderr.contains("expected --event-column"), "\(none.stderr)")
    let share = try result("1.5\n2.5\n", "1.5\n2.5\n", ["--margin", "10%", "--format", "json"])
    #expect(share.stdout.contains("\"margin\" : 0.1"))
  }

  @Test func `a dash is standard input, once`() throws {
    try withDirectory { directory in
      for (name, words) in [("a.csv", Self.simulated), ("b.csv", Self.diffusion)] {
        try Data(column("exit_time", words).utf8).write(to: directory.appendingPathComponent(name))
      }
      let command = commandURL.path
      let piped = try runProgram(
        "/bin/sh",
        ["-c", "'\(command)' test - b.csv < a.csv; cat b.csv | '\(command)' test a.csv -"],
        in: directory)
      #expect(piped.status == 0, "\(piped.stderr)")
      let plain = try runCommand("test a.csv b.csv", in: directory).stdout
      #expect(piped.stdout == plain + plain)
      let twice = try runCommand("test - -", in: directory)
      #expect(twice.status == 64 && twice.stderr.contains("found - twice"))
      let empty = try runCommand("test - b.csv", in: directory)
      #expect(empty.status == 65 && empty.stderr.contains("no exit time in it"), "\(empty.stderr)")
    }
  }

  @Test func `a kept result has a report with both curves, and a figure where there is gnuplot`()
    throws
  {
    try withDirectory { directory in
      try Data("exit_time,outcome\n1,exited\n2,exited\n3,censored\n4,exited\n".utf8)
        .write(to: directory.appendingPathComponent("a <b>.csv"))
      try Data(column("exit_time", Self.diffusion).utf8)
        .write(to: directory.appendingPathComponent("b.csv"))
      let kept = try runCommand(["test", "a <b>.csv", "b.csv", "--output", "kept"], in: directory)
      #expect(kept.status == 0 && kept.stderr.contains("next: escapement export kept --to report"))
      let page = try runCommand("export kept --to report", in: directory)
      #expect(page.status == 0, "\(page.stderr)")
      let html = try String(
        contentsOf: directory.appendingPathComponent("kept/report.html"), encoding: .utf8)
      #expect(html.contains("a &lt;b&gt;.csv: 3 of 4 exited") && !html.contains("a <b>.csv"))
      #expect(html.contains("Kolmogorov–Smirnov") && html.contains("log-rank"))
      let drawn = try runCommand("export kept --to figures", in: directory)
      guard drawn.status != 69 else { return }
      #expect(drawn.status == 0, "\(drawn.stderr)")
      #expect(html.contains("<svg") && html.contains("Kaplan–Meier"))
      // The curve of the first file, by hand: 3/4, 1/2, then one of one at risk.
      let data = try String(
        contentsOf: directory.appendingPathComponent("kept/figures/survival.dat"), encoding: .utf8)
      let rows = data.components(separatedBy: "\n\n\n")[0].split(separator: "\n").dropFirst()
        .map { $0.split(separator: "\t").prefix(2).compactMap { Double($0) } }
      #expect(
        rows == [
          [0, 1], [1, 1], [1, 0.75], [2, 0.75], [2, 0.5], [3, 0.5], [3, 0.5], [4, 0.5], [4, 0],
        ])
    }
  }
}
