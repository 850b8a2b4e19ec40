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
}
