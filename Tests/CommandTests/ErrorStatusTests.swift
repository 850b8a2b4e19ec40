import Escapement
import Foundation
import Testing

/// Names a wrong call, the status that scripts rely on and what the one line must say.
private struct WrongCall: Sendable, CustomTestStringConvertible {
  let words: String
  let status: Int32
  let says: String

  var testDescription: String { words }

  static let usage = [
    ("--dimension 0 --learning-rate 0.1", "--dimension: found 0"),
    ("--dimension 5 --width 6 --learning-rate 0.1", "--width: found 6"),
    ("--dimension 50 --learning-rate -0.1", "--learning-rate: found -0.1"),
    ("--dimension 50 --learning-rate nan", "--learning-rate: found 'nan'"),
    ("--dimension nan --learning-rate 0.1", "--dimension: found 'nan'"),
    ("--dimension 50 --learning-rate 0.1 --thresholds 1", "--thresholds: found 1"),
    ("--dimension 50 --learning-rate 0.1 --thresholds 0.5,nan", "--thresholds: found 'nan'"),
    ("--dimension 50 --learning-rate 0.1 --label-noise inf", "--label-noise: found 'inf'"),
    ("--dimension 50 --learning-rate 0.1 --start overlaps:1.5", "--start: "),
    ("--dimension 50 --learning-rate 0.1 --generator dice", "--generator: found 'dice'"),
    (
      "--dimension 50 --learning-rate 0.1 --teacher-units 3 --subspace-thresholds 0.4",
      "--subspace-thresholds: found 0.4, expected numbers below width/teacher-units = 1/3"
    ),
    ("--dimension 50", "learning-rate: missing"),
    ("--learning-rate 0.1", "dimension: missing"),
    ("--dimension 50 --no-such-option 1", "'--no-such-option'"),
    ("--dimension", "'--dimension <d>'"),
    ("--dimension 50 --learning-rate 0.1 --format xml", "'xml'"),
    ("one.yaml two.yaml", "'two.yaml'"),
  ].map { WrongCall(words: $0.0, status: 64, says: $0.1) }

  // The files are made by the test, in a directory of its own.
  static let data = [
    ("unknown.yaml", "unknown.yaml, line 2: unknown key 'widht'"),
    ("broken.yaml", "broken.yaml, line 3: broken YAML"),
    ("negative.yaml", "negative.yaml, line 2, key 'learning-rate': found -0.1"),
    ("missing.yaml", "missing.yaml, key 'dimension': missing"),
    ("none.yaml", "none.yaml: cannot be read"),
    ("good.yaml --start gram:broken.json", "broken.json, key 'start': expected a JSON array"),
    ("good.yaml --start gram:skew.json", "skew.json, key 'start': found 0.2 and 0.3"),
    ("good.yaml --start gram:none.json", "none.json, key 'start': cannot be read"),
  ].map { WrongCall(words: $0.0, status: 65, says: $0.1) }
}

@Suite struct ErrorStatusTests {
  private let files = [
    "good.yaml": "dimension: 50\nlearning-rate: 0.1\nreplicas: 3\n",
    "unknown.yaml": "dimension: 50\nwidht: 1\n",
    "broken.yaml": "dimension: 50\nlearning-rate: [0.1\nwidth: 1\n",
    "negative.yaml": "dimension: 50\nlearning-rate: -0.1\n",
    "missing.yaml": "learning-rate: 0.1\n",
    "broken.json": "[[1, 0.1",
    "skew.json": "[[1, 0.3], [0.2, 1]]",
  ]

  private func withFiles<Result>(_ body: (URL) throws -> Result) throws -> Result {
    try withDirectory { directory in
      for (name, text) in files {
        try Data(text.utf8).write(to: directory.appendingPathComponent(name))
      }
      return try body(directory)
    }
  }

  private func expectError(_ result: CommandResult, _ status: Int32, _ says: String) {
    #expect(result.status == status)
    #expect(result.stdout.isEmpty)
    #expect(result.errorLines.count == 1, "\(result.stderr)")
    #expect(result.stderr.hasPrefix("escapement: "))
    #expect(result.stderr.hasSuffix("\n"))
    #expect(result.stderr.contains(says), "\(result.stderr)")
  }

  @Test(arguments: WrongCall.usage + WrongCall.data)
  private func `a wrong call ends with its status and one line`(call: WrongCall) throws {
    try withFiles { directory in
      for subcommand in ["compare", "theory"] {
        expectError(
          try runCommand("\(subcommand) \(call.words)", in: directory), call.status, call.says)
      }
    }
  }

  @Test(arguments: [
    ("--dimension 30000 --width 3000 --learning-rate 10 --dynamics sde", "--width: found 3000"),
    ("--dimension 30000 --width 3000 --learning-rate 10 --dynamics ode", "--width: found 3000"),
    ("--dimension 1e10 --learning-rate 0.1 --dynamics sgd", "--dimension: found 10000000000"),
    ("--dimension 3000 --learning-rate 0.1 --replicas 1000000000", "--replicas: found 3000000000"),
  ])
  func `what would not fit in memory is refused before it starts`(words: String, says: String)
    throws
  {
    expectError(try runCommand("compare \(words)"), 64, says)
    if !words.contains("replicas") {
      #expect(try runCommand("theory \(words)").status == 0)
    }
  }

  @Test func `an unknown subcommand is wrong usage`() throws {
    expectError(try runCommand("compar"), 64, "'compar'")
  }

  // Whoever runs the tests, root included, cannot make a directory under a file.
  @Test func `an output directory that cannot be created ends with 73 before any work`() throws {
    try withFiles { directory in
      for path in ["good.yaml", "good.yaml/run"] {
        // Replicas for days: only a check beforehand ends in time.
        let result = try runCommand(
          "compare good.yaml --dimension 100000 --replicas 1000000 --output \(path)",
          in: directory)
        expectError(result, 73, path)
      }
    }
  }

  @Test func `a file that cannot be written ends with 74, and the run can be taken up`() throws {
    try withFiles { directory in
      let run = directory.appendingPathComponent("run")
      let obstacle = run.appendingPathComponent("summary.json")
      try FileManager.default.createDirectory(at: obstacle, withIntermediateDirectories: true)
      let result = try runCommand("compare good.yaml --output run", in: directory)
      expectError(result, 74, "summary.json")
      #expect(result.stderr.contains("escapement resume run"))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: run.path).sorted()
          == ["checkpoint.records", "summary.json"])
      try FileManager.default.removeItem(at: obstacle)
      #expect(try runCommand("resume run", in: directory).status == 0)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: run.path).sorted()
          == ["exit_times.csv", "experiment.yaml", "summary.json"])
    }
  }

  // The device that is always full, where the system has one.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func `a result that cannot be written ends with 74`() throws {
    let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
    for words in ["theory", "compare --replicas 2 --dynamics ode"] {
      let arguments = "\(words) --dimension 50 --learning-rate 0.1".split(separator: " ")
      expectError(
        try runCommand(arguments.map(String.init), stdout: full), 74, "standard output")
    }
  }

  @Test(arguments: [
    "--help", "compare --help", "sweep --help", "test --help", "theory --help", "help compare",
  ])
  func `help goes to stdout with status 0`(words: String) throws {
    let result = try runCommand(words)
    #expect(result.status == 0)
    #expect(result.stderr.isEmpty)
    #expect(result.stdout.contains("USAGE: escapement"))
  }

  @Test(arguments: ["compare", "plateau", "sweep", "theory"])
  func `help names every key of an experiment`(subcommand: String) throws {
    let help = try runCommand([subcommand, "--help"]).stdout
    for key in ExperimentKey.allCases {
      #expect(help.contains("--\(key.rawValue) "), "\(key)")
    }
    #expect(help.contains("--format <format>"))
  }
}
