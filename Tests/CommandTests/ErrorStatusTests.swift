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
    ("--dimension 50 --learning-rate 0.1 --batch-size 0", "--batch-size: found 0"),
    ("--dimension 50 --learning-rate 0.1 --repetitions 0", "--repetitions: found 0"),
    ("--dimension 50 --learning-rate 0.1 --look-ahead nan", "--look-ahead: found 'nan'"),
    ("--dimension 50 --learning-rate 0.1 --loss cubic", "--loss: found 'cubic'"),
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

  @Test(arguments: [
    (
      "--batch-size 49 --repetitions 2 --dynamics chain", "--batch-size: found 49, expected at most"
    ),
    ("--samples 100 --epochs 2 --dynamics chain", "--samples: found 100, expected none for"),
    ("--samples 101 --batch-size 2 --epochs 2", "--samples: found 101, expected a multiple of"),
    ("--samples 100", "epochs: missing"),
  ])
  func `batches and sets that a dynamics has no way with are refused`(words: String, says: String)
    throws
  {
    expectError(try runCommand("compare --dimension 50 --learning-rate 0.1 \(words)"), 64, says)
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
      // The name that it has until it is whole.
      let obstacle = run.appendingPathComponent(".summary.json.partial")
      try FileManager.default.createDirectory(at: obstacle, withIntermediateDirectories: true)
      let result = try runCommand("compare good.yaml --output run", in: directory)
      expectError(result, 74, "summary.json")
      #expect(result.stderr.contains("escapement resume run"))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: run.path).sorted()
          == [".summary.json.partial", "checkpoint.records"])
      try FileManager.default.removeItem(at: obstacle)
      #expect(try runCommand("resume run", in: directory).status == 0)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: run.path).sorted()
          == ["exit_times.csv", "experiment.yaml", "manifest.sha256", "summary.json"])
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

  @Test func `a file in another encoding is named, and UTF-8 expected`() throws {
    try withFiles { directory in
      let text = "# größe\ndimension: 50\nlearning-rate: 0.1\n"
      for (data, place) in [
        (try #require(text.data(using: .utf16)), "odd.yaml: is in UTF-16"),
        (try #require(text.data(using: .utf16BigEndian)), "odd.yaml: is in UTF-16 or UTF-32"),
        (Data(text.unicodeScalars.map { UInt8($0.value) }), "odd.yaml, line 1: is not in UTF-8"),
      ] {
        try data.write(to: directory.appendingPathComponent("odd.yaml"))
        for subcommand in ["compare", "sweep", "theory", "trajectories", "plateau"] {
          let result = try runCommand("\(subcommand) odd.yaml", in: directory)
          expectError(result, 65, place)
          #expect(result.stderr.contains("expected UTF-8"))
        }
      }
      // A byte-order mark is no other encoding.
      try Data(("\u{FEFF}" + text).utf8).write(to: directory.appendingPathComponent("odd.yaml"))
      #expect(try runCommand("theory odd.yaml", in: directory).status == 0)
    }
  }

  @Test(arguments: [
    "theory --dimension 50 --learning-rate 0.1", "compare --help", "sweep --help",
    "trajectories --dimension 50 --learning-rate 0.1 --replicas 40 --dynamics ode",
    "compare --dimension 50 --width 2 --learning-rate 0.1 --replicas 3 --dynamics chain --output run",
  ])
  func `a reader that has gone is no error`(words: String) throws {
    try withDirectory { directory in
      // The pipe's reader is gone before the first byte.
      let pipe = Pipe()
      try pipe.fileHandleForReading.close()
      let result = try runCommand(
        words.split(separator: " ").map(String.init), in: directory,
        stdout: pipe.fileHandleForWriting)
      #expect(result.status == 0, "\(result.stderr)")
      #expect(!result.stderr.contains("standard output"), "\(result.stderr)")
      if words.hasSuffix("run") {
        #expect(try runCommand("export run --to csv", in: directory).status == 0)
      }
    }
  }

  @Test(arguments: [
    "compare", "example", "export", "law", "merge", "plateau", "resume", "submit", "sweep", "test",
    "theory", "trajectories",
  ])
  func `help says the default of every option, or that it is required`(subcommand: String) throws {
    let help = try runCommand([subcommand, "--help"]).stdout
    // An option with a value, and the lines that explain it.
    let options = ("\n" + help).components(separatedBy: "\n  --").dropFirst().filter {
      ($0.split(separator: "\n").first ?? "").contains("<")
    }
    let least =
      ["example": 1, "export": 2, "merge": 2, "resume": 2, "test": 8, "law": 25, "theory": 25]
    #expect(options.count >= least[subcommand] ?? 30)
    for option in options {
      let text = option.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(text.contains(/[(;] ?default|[(]required/), "\(subcommand): --\(text)")
    }
  }

  @Test func `help names every value that a choice allows`() throws {
    let help = try runCommand(["compare", "--help"]).stdout
    func text(_ key: ExperimentKey) throws -> String {
      let part = try #require(
        help.components(separatedBy: "\n  --\(key.rawValue) ").dropFirst().first)
      let end = part.range(of: "\n  -")?.lowerBound ?? part.endIndex
      return part[..<end].split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    for (key, values) in [
      (ExperimentKey.scheme, ["drift-heun", "drift-runge-kutta", "euler-maruyama"]),
      (.monitoring, ["continuous", "discrete", "grid"]),
      (.constraint, ["spherical", "free", "lagrange"]), (.precision, ["double", "single"]),
      (.generator, ["xoshiro256++", "philox4x32-10"]), (.dynamics, ["ode", "sde", "chain", "sgd"]),
      (.odeStepper, ["rk8pd", "rkf45", "msadams"]), (.finiteSizeDrift, ["true", "false"]),
      (.secondLayerNormalised, ["true", "false"]),
    ] {
      for value in values { #expect(try text(key).contains(value), "\(key) \(value)") }
      // What help names is taken, and what is not named is refused with the names.
      let odd = try runCommand(
        "theory --dimension 50 --learning-rate 0.1 --\(key.rawValue) oddity")
      #expect(odd.status == 64)
      for value in values where key != .generator {
        #expect(odd.stderr.contains(value), "\(odd.stderr)")
      }
    }
  }

  @Test func `every option is read, and a wrong value ends with its name`() throws {
    for key in ExperimentKey.allCases where key != .output {
      let required = [("dimension", "50"), ("learning-rate", "0.1")].filter { $0.0 != key.rawValue }
      let words = ["compare"] + required.flatMap { ["--\($0.0)", $0.1] }
      let result = try runCommand(words + ["--\(key.rawValue)", "no such value"])
      #expect(result.status == 64, "\(key): \(result.stderr)")
      #expect(result.stderr.contains("--\(key.rawValue): "), "\(key): \(result.stderr)")
    }
  }

  @Test(arguments: ["compare", "plateau", "sweep"])
  func `help names every key of an experiment`(subcommand: String) throws {
    let help = try runCommand([subcommand, "--help"]).stdout
    for key in ExperimentKey.allCases {
      #expect(help.contains("--\(key.rawValue) "), "\(key)")
    }
    #expect(help.contains("--format <format>"))
  }
}
