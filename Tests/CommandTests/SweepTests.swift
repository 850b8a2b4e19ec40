import Escapement
import Foundation
import Testing

@Suite struct SweepTests {
  private typealias Object = [String: Any]

  private let words =
    "sweep --dynamics chain,ode,sde --replicas 12 --learning-rate-over-width 0.1 --width 1,2 "
    + "--dimension 60,90,120 --seed 3"
  private let files = ["sweep.csv", "verdicts.csv", "fits.json", "sweep.yaml"]

  /// Reads numbers exactly, which JSONSerialization does not on every system.
  private struct Summary: Decodable {
    struct Entry: Decodable { let mean: Double }
    let exit_times: [Entry]
  }

  private func bytes(_ directory: URL, _ path: String) throws -> Data {
    try Data(contentsOf: directory.appendingPathComponent(path))
  }

  private func rows(_ data: Data) -> [[String]] {
    String(decoding: data, as: UTF8.self).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  private func expectSame(_ directory: URL, _ first: String, _ second: String) throws {
    for file in files {
      #expect(
        try bytes(directory, "\(first)/\(file)") == bytes(directory, "\(second)/\(file)"), "\(file)"
      )
    }
  }

  @Test func `what quadrature costs is told before a sweep`() throws {
    let words =
      "sweep --dry-run --activation relu --target relu --dynamics ode --learning-rate 0.3 "
      + "--dimension 1000 --width 1,2 --replicas 100000"
    let result = try runCommand(words)
    #expect(result.status == 0, "\(result.stderr)")
    #expect(result.stderr.contains("at 2 of 2 points the ODE goes by quadrature"))
    // The plan counts it too: days, not the seconds of a closed form.
    #expect(result.stdout.contains(/about \d+ days/))
    #expect(try runCommand("\(words) --activation erf --target erf").stderr.isEmpty)
  }

  @Test func `a sweep fills its directory, and each point is a run of its own`() throws {
    try withDirectory { directory in
      let result = try runCommand("\(words) --output grid", in: directory)
      #expect(result.status == 0, "\(result.stderr)")
      #expect(
        result.stderr == "escapement: saved in 'grid'; next: escapement export grid --to report\n")
      let exits = rows(try bytes(directory, "grid/sweep.csv"))
      // 6 points, 3 dynamics, 2 thresholds.
      #expect(exits.count == 1 + 36)
      #expect(exits.allSatisfy { $0.count == exits[0].count })
      #expect(Array(exits[0].prefix(3)) == ["point", "dimension", "width"])
      let verdicts = rows(try bytes(directory, "grid/verdicts.csv"))
      #expect(verdicts.count == 1 + 36)
      #expect(verdicts[0].contains("headline_verdict"))
      // The experiment that a point keeps gives the point's exit times.
      let point = "grid/points/0004"
      let again = try runCommand("compare \(point)/experiment.yaml --output again", in: directory)
      #expect(again.status == 0)
      #expect(
        try bytes(directory, "\(point)/exit_times.csv") == bytes(directory, "again/exit_times.csv"))
      let mean = try #require(exits[0].firstIndex(of: "mean"))
      let summary = try JSONDecoder().decode(
        Summary.self, from: bytes(directory, "again/summary.json"))
      let means = exits.filter { $0[0] == "4" }.compactMap { Double($0[mean]) }
      #expect(means == summary.exit_times.map(\.mean))
    }
  }

  @Test func `points that are gone are run again, and the files are the same bytes`() throws {
    try withDirectory { directory in
      #expect(try runCommand("\(words) --output whole", in: directory).status == 0)
      #expect(try runCommand("\(words) --output part --threads 1", in: directory).status == 0)
      let part = directory.appendingPathComponent("part")
      for path in ["points/0002", "sweep.csv", "fits.json"] {
        try FileManager.default.removeItem(at: part.appendingPathComponent(path))
      }
      // A point that is broken, one that lacks numbers, one of another experiment, and what a killed
      // program left.
      try Data("{".utf8).write(to: part.appendingPathComponent("points/0003/point.json"))
      let altered = part.appendingPathComponent("points/0005/point.json")
      let text = try String(contentsOf: altered, encoding: .utf8)
      let shortened = text.replacing(/"quantiles" : \{[^}]*\}/, with: "\"quantiles\" : {}")
      #expect(shortened != text)
      try Data(shortened.utf8).write(to: altered)
      try FileManager.default.removeItem(at: part.appendingPathComponent("points/0006"))
      try FileManager.default.copyItem(
        at: part.appendingPathComponent("points/0001"),
        to: part.appendingPathComponent("points/0006"))
      try FileManager.default.createDirectory(
        at: part.appendingPathComponent("points/.0005.partial"), withIntermediateDirectories: true)
      let kept = try modified(part, "0004")
      #expect(try runCommand("\(words) --output part", in: directory).status == 0)
      try expectSame(directory, "whole", "part")
      #expect(try modified(part, "0004") == kept)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: part.path + "/points").sorted()
          == (1...6).map { "000\($0)" })
    }
  }

  @Test func `a sweep of one dynamics has no pairs, and a header that says so`() throws {
    try withDirectory { directory in
      let words = "sweep --dynamics ode --learning-rate 0.1 --dimension 60,90 --output grid"
      #expect(try runCommand(words, in: directory).status == 0)
      let verdicts = rows(try bytes(directory, "grid/verdicts.csv"))
      #expect(verdicts.count == 1)
      #expect(verdicts.first?.contains("headline_verdict") == true)
    }
  }

  private func modified(_ directory: URL, _ point: String) throws -> Date? {
    let path = directory.path + "/points/\(point)/point.json"
    return try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
  }

  /// Starts a sweep whose second point takes a second and stops it once the first is kept.
  private func interrupt(_ words: [String], in directory: URL, by signal: Int32) throws -> (
    status: Int32, isSignal: Bool, stderr: String
  ) {
    let process = Process()
    process.executableURL = commandURL
    process.arguments = words
    process.currentDirectoryURL = directory
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let errors = directory.appendingPathComponent("errors-\(signal)")
    try Data().write(to: errors)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    let point = directory.appendingPathComponent("cut/points/0001/point.json").path
    #expect(wait(while: process) { FileManager.default.fileExists(atPath: point) })
    kill(process.processIdentifier, signal)
    waitForEnd(of: process)
    return (
      process.terminationStatus, process.terminationReason == .uncaughtSignal,
      String(decoding: try Data(contentsOf: errors), as: UTF8.self)
    )
  }

  @Test func `an interrupted sweep ends with 75, a killed one goes on as well`() throws {
    try withDirectory { directory in
      // The second point alone is of some 10⁸ steps.
      let words =
        "sweep --dynamics chain --learning-rate 0.1 --thresholds 0.5 "
        + "--replicas 6 --dimension 60,300000,80 --output"
      let arguments = words.split(separator: " ").map(String.init)
      var stopped = try interrupt(arguments + ["cut"], in: directory, by: SIGINT)
      // A sweep that was over before the signal came, on a busy machine, is tried again.
      for _ in 1..<20 where stopped.status == 0 && !stopped.isSignal {
        try FileManager.default.removeItem(at: directory.appendingPathComponent("cut"))
        stopped = try interrupt(arguments + ["cut"], in: directory, by: SIGINT)
      }
      #expect(!stopped.isSignal)
      #expect(stopped.status == 75, "\(stopped.stderr)")
      #expect(stopped.stderr.hasPrefix("escapement: interrupted with 1 of 3 points kept in 'cut'"))
      #expect(stopped.stderr.split(separator: "\n").count == 1)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: directory.path + "/cut").sorted()
          == ["points", "sweep.yaml"])
      let killed = try interrupt(arguments + ["cut"], in: directory, by: SIGKILL)
      #expect(killed.isSignal)
      let rest = try runCommand(arguments + ["cut"], in: directory)
      #expect(rest.status == 0, "\(rest.stderr)")
      let whole = try runCommand(arguments + ["whole"], in: directory)
      #expect(whole.status == 0)
      #expect(rest.stdout == whole.stdout)
      try expectSame(directory, "cut", "whole")
    }
  }

  @Test func `a directory of another sweep is refused by name`() throws {
    try withDirectory { directory in
      let small = "sweep --dynamics ode --replicas 2 --dimension 60,70 --output grid"
      #expect(try runCommand("\(small) --learning-rate 0.1", in: directory).status == 0)
      let other = try runCommand("\(small) --learning-rate 0.2", in: directory)
      #expect(other.status == 73)
      #expect(other.errorLines.count == 1)
      #expect(other.stderr.contains("'grid' holds another sweep"))
      #expect(other.stderr.contains("learning-rate: 0.1"))
      #expect(other.stdout.isEmpty)
      // Threads are no part of a result.
      #expect(
        try runCommand("\(small) --learning-rate 0.1 --threads 1", in: directory).status == 0)
    }
  }

  @Test func `JSON on stdout has the tables, the verdicts and the fits`() throws {
    let result = try runCommand("\(words) --format json")
    #expect(result.status == 0)
    #expect(result.stderr.isEmpty)
    let summary = try #require(
      JSONSerialization.jsonObject(with: Data(result.stdout.utf8)) as? Object)
    #expect(summary["schema"] as? String == "escapement/sweep/1")
    #expect(summary["keys"] as? [String] == ["dimension", "width"])
    #expect((summary["points"] as? [Object])?.count == 6)
    let rows = try #require(summary["exit_times"] as? [Object])
    #expect(rows.count == 36)
    #expect(rows.allSatisfy { $0["samples_over_d_log_d"] is Double })
    #expect((summary["verdicts"] as? [Object])?.count == 36)
    let fits = try #require(summary["fits"] as? Object)
    // Three dynamics, two thresholds, two widths.
    #expect((fits["samples"] as? [Object])?.count == 12)
    #expect((fits["noise_shift"] as? [Object])?.count == 4)
  }

  @Test func `exits by overlaps have rows, verdicts and fits of their own`() throws {
    let words =
      "sweep --dynamics chain,ode --replicas 6 --learning-rate 0.1 --dimension 60,90 "
      + "--thresholds 0.5 --overlap-thresholds 0.3,0.6"
    let result = try runCommand("\(words) --format json")
    #expect(result.status == 0, "\(result.stderr)")
    let summary = try #require(
      JSONSerialization.jsonObject(with: Data(result.stdout.utf8)) as? Object)
    for name in ["exit_times", "verdicts"] {
      let rows = try #require(summary[name] as? [Object])
      let marks = rows.map { "\($0["criterion"] ?? "") \($0["threshold"] ?? "")" }
      #expect(Set(marks) == ["overlap-1 0.3", "overlap-1 0.6", "risk 0.5"])
      #expect(rows.count == (name == "verdicts" ? 6 : 12))
    }
    let fits = try #require(summary["fits"] as? Object)
    #expect((fits["samples"] as? [Object])?.count == 6)
    #expect((fits["noise_shift"] as? [Object])?.count == 3)
    #expect(try runCommand(words).stdout.contains("overlap-1, η = 0.3"))
  }

  @Test func `the netCDF file of a sweep has the same bytes each time`() throws {
    try withDirectory { directory in
      let sweep = directory.appendingPathComponent("sweep").path
      let words = "sweep --dynamics chain,ode --replicas 4 --width 2 --learning-rate 0.1"
      let result = try runCommand("\(words) --dimension 40,50,60,70,80 --output \(sweep)")
      try #require(result.status == 0, "\(result.stderr)")
      let files = try (0..<3).map { index in
        let place = directory.appendingPathComponent("export-\(index)")
        let result = try runCommand(["export", sweep, "--to", "netcdf", "--output", place.path])
        try #require(result.status == 0, "\(result.stderr)")
        return try bytes(place, "sweep.nc")
      }
      #expect(Set(files).count == 1)
    }
  }

  @Test func `the table is a map with words for the noise and the fits`() throws {
    let result = try runCommand("\(words) --details")
    #expect(result.status == 0)
    for text in [
      "Noise in the mean exit time, T = 0.5", "width 1", "Benjamini and Hochberg",
      "annealed | quenched",
      "Exit in samples", "linearised law", "negligible",
    ] {
      #expect(result.stdout.contains(text), "\(text)")
    }
    #expect(!result.stdout.contains("\u{1B}"))
    let gain = try runCommand(
      "sweep --dynamics ode --replicas 3 --dimension 90 --width 1,2 "
        + "--learning-rate-over-best 0.5,1,1.5")
    #expect(gain.stdout.contains("Gain from width"))
  }

  @Test func `a plan lists the points and runs nothing`() throws {
    try withDirectory { directory in
      let result = try runCommand(
        "sweep --dynamics chain --learning-rate 0.1 --replicas 1000000 --dimension 1e6,2e6 "
          + "--dry-run --output grid", in: directory)
      #expect(result.status == 0)
      #expect(result.stdout.contains("dimension = 2000000"))
      #expect(result.stdout.contains("2 points"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }
  }

  @Test(arguments: [
    ("--dimension 50,60", 64, "learning-rate: missing"),
    ("--dimension 50,0 --learning-rate 0.1", 64, "--dimension: found 0"),
    ("--dimension 50,50 --learning-rate 0.1", 64, "--dimension: found dimension = 50 twice"),
    ("--dimension 50 --learning-rate 0.1 --learning-rate-over-width 0.1", 64, "one of the two"),
    (
      "--dimension 50 --learning-rate-over-best many", 64, "--learning-rate-over-best: found 'many'"
    ),
    ("bad.yaml", 65, "bad.yaml, line 3, key 'width': found 0"),
    ("none.yaml", 65, "none.yaml: cannot be read"),
    ("good.yaml --output good.yaml", 73, "good.yaml"),
  ])
  func `a wrong grid ends with its status and one line before any work`(
    words: String, status: Int32, says: String
  ) throws {
    try withDirectory { directory in
      let base = "dimension: 50\nlearning-rate: 0.1\n"
      for (name, axis) in [("good.yaml", "[1, 2]"), ("bad.yaml", "[1, 0]")] {
        try Data((base + "sweep: {width: \(axis)}\n").utf8)
          .write(to: directory.appendingPathComponent(name))
      }
      let result = try runCommand("sweep \(words)", in: directory)
      #expect(result.status == status, "\(result.stderr)")
      #expect(result.stdout.isEmpty)
      #expect(result.errorLines.count == 1, "\(result.stderr)")
      #expect(result.stderr.contains(says), "\(result.stderr)")
    }
  }
}
