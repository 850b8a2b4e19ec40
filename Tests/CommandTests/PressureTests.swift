import Foundation
import Testing

/// Takes away what a program needs, and feeds numbers and names at the ends of what there is.
@Suite struct PressureTests {
  private let run =
    "compare --dimension 60 --width 2 --learning-rate 0.1 --replicas 40 --thresholds 0.5 "
    + "--dynamics ode,chain --output run"

  /// Runs the command from a shell that sets a limit first.
  private func limited(
    _ limit: String, _ words: String, in directory: URL, environment: [String: String]? = nil
  ) throws -> CommandResult {
    try runProgram(
      "/bin/bash", ["-c", "ulimit \(limit); exec \"$0\" \(words)", commandURL.path], in: directory,
      environment: environment)
  }

  @Test func `an export to netCDF that is not let write ends with 74, and leaves nothing`() throws {
    try withDirectory { directory in
      try #require(try runCommand(run, in: directory).status == 0)
      let temporary = directory.appendingPathComponent("tmp")
      try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: false)
      var environment = ProcessInfo.processInfo.environment
      environment["TMPDIR"] = temporary.path
      for format in ["netcdf", "notebook"] {
        let result = try limited(
          "-f 10", "export run --to \(format)", in: directory, environment: environment)
        #expect(result.status == 74, "\(result.status) \(result.stderr)")
        #expect(result.errorLines.count == 1 && result.stderr.contains("File too large"))
        #expect(
          try FileManager.default.contentsOfDirectory(atPath: directory.path + "/run").sorted()
            == ["exit_times.csv", "experiment.yaml", "manifest.sha256", "summary.json"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty)
      }
      #expect(try runCommand("export run --to netcdf", in: directory).status == 0)
    }
  }

  @Test func `thirty-two open files are enough for figures, a report and a submission`() throws {
    try withDirectory { directory in
      try #require(try runCommand(run, in: directory).status == 0)
      for format in ["figures", "report"] {
        let result = try limited("-n 32", "export run --to \(format)", in: directory)
        #expect(result.status == 0, "\(result.stderr)")
      }
      // A sbatch of its own, which says what it was called with.
      let bin = directory.appendingPathComponent("bin")
      try FileManager.default.createDirectory(at: bin, withIntermediateDirectories: false)
      let script = bin.appendingPathComponent("sbatch")
      try Data("#!/bin/sh\necho 17\n".utf8).write(to: script)
      chmod(script.path, 0o755)
      var environment = ProcessInfo.processInfo.environment
      environment["PATH"] = bin.path + ":" + (environment["PATH"] ?? "")
      let submitted = try limited(
        "-n 32", "submit --dimension 60 --learning-rate 0.1 --tasks 2 --output jobs", in: directory,
        environment: environment)
      #expect(submitted.status == 0, "\(submitted.stderr)")
      #expect(submitted.stdout == "tasks 17 (2 of 2), merge 17\n")
      try Data("#!/bin/sh\nexit 3\n".utf8).write(to: script)
      let refused = try limited(
        "-n 32", "submit --resubmit jobs", in: directory, environment: environment)
      #expect(refused.status == 69 && refused.stderr.contains("refused the job, status 3"))
    }
  }

  @Test func `what a killed export left for its temporary files goes with the next one`() throws {
    try withDirectory { directory in
      try #require(try runCommand(run, in: directory).status == 0)
      let temporary = directory.appendingPathComponent("tmp")
      var environment = ProcessInfo.processInfo.environment
      environment["TMPDIR"] = temporary.path
      func make(_ name: String, age: Double) throws {
        let place = temporary.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try Data("x".utf8).write(to: place.appendingPathComponent("figure.dat"))
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: place.path)
      }
      try make("escapement-export-left", age: 100)
      try make("escapement-export-new", age: 0)
      try make("escapement-mine", age: 100)
      try FileManager.default.createSymbolicLink(
        atPath: temporary.path + "/escapement-export-link",
        withDestinationPath: temporary.path + "/escapement-mine")
      let result = try runCommand(
        ["export", "run", "--to", "netcdf"], in: directory, environment: environment)
      #expect(result.status == 0, "\(result.stderr)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: temporary.path).sorted()
          == ["escapement-export-link", "escapement-export-new", "escapement-mine"])
      #expect(
        FileManager.default.fileExists(atPath: temporary.path + "/escapement-mine/figure.dat"))
    }
  }

  @Test(arguments: [
    ("run", "exit_times.csv"), ("run", "summary.json"), ("run", "experiment.yaml"),
    ("run", "manifest.sha256"), ("grid", "sweep.csv"), ("grid", "verdicts.csv"),
    ("grid", "fits.json"),
    ("grid", "sweep.yaml"), ("grid", "manifest.sha256"), ("paths", "trajectories.csv"),
    ("paths", "summary.json"),
  ])
  func `a pipe in the place of a file is refused at once, with its manifest or without`(
    directory: String, name: String
  ) throws {
    try withDirectory { place in
      let model = "--learning-rate 0.1 --replicas 3 --dynamics ode,chain --output \(directory)"
      let words = [
        "run": "compare --dimension 50", "grid": "sweep --dimension 50,60",
        "paths": "trajectories --dimension 50 --times 1,2",
      ]
      try #require(try runCommand("\(words[directory]!) \(model)", in: place).status == 0)
      let file = place.appendingPathComponent("\(directory)/\(name)")
      try FileManager.default.removeItem(at: file)
      #expect(mkfifo(file.path, 0o600) == 0)
      for _ in 0..<2 {
        let result = try runCommand("export \(directory) --to json", in: place)
        #expect(result.status == 65 && result.errorLines.count == 1, "\(result.stderr)")
        #expect(
          result.stderr.contains("\(name): is no regular file")
            || result.stderr.contains("\(name): cannot be read"), "\(result.stderr)")
        let manifest = place.appendingPathComponent("\(directory)/manifest.sha256")
        guard name != "manifest.sha256" else { return }
        unlink(manifest.path)
      }
    }
  }

  @Test func `pipes that lie among files keep nobody waiting, and those of a shell are read`()
    throws
  {
    try withDirectory { directory in
      #expect(mkfifo(directory.appendingPathComponent("fifo").path, 0o600) == 0)
      for words in [
        "compare fifo", "test fifo fifo",
        "theory --dimension 9 --learning-rate 0.1 --start gram:fifo",
        "merge fifo --output merged", "sweep fifo", "trajectories fifo",
      ] {
        let result = try runCommand(words, in: directory)
        #expect([64, 65].contains(result.status), "\(words): \(result.stderr)")
        #expect(
          result.stderr.contains("is no regular file") || result.stderr.contains("cannot be read"),
          "\(words): \(result.stderr)")
      }
      for name in [".escapement-probe", ".lock", ".summary.json.partial", "checkpoint.records.new"]
      {
        let run = directory.appendingPathComponent("run")
        try FileManager.default.createDirectory(at: run, withIntermediateDirectories: false)
        #expect(mkfifo(run.appendingPathComponent(name).path, 0o600) == 0)
        let result = try runCommand(self.run, in: directory)
        // A temporary name is the program's own, and replaced.
        let isOwn = name.hasSuffix("partial") || name.hasSuffix("new")
        #expect(result.status == (isOwn ? 0 : 73), "\(name): \(result.stderr)")
        try FileManager.default.removeItem(at: run)
      }
      let piped = try runProgram(
        "/bin/bash",
        [
          "-c",
          "\"$0\" theory <(printf 'dimension: 90\\nlearning-rate: 0.1\\n') && printf 'exit_time\\n1\\n2\\n' "
            + "| \"$0\" test /dev/stdin <(printf 'exit_time\\n1\\n3\\n')", commandURL.path,
        ])
      #expect(piped.status == 0, "\(piped.stderr)")
    }
  }

  @Test func `an argument that is not UTF-8 is refused, and no other directory named`() throws {
    try withDirectory { directory in
      let result = try runProgram(
        "/bin/bash",
        [
          "-c", "exec \"$0\" compare --dimension 60 --learning-rate 0.1 --output $'na\\xffme'",
          commandURL.path,
        ], in: directory)
      #expect(result.status == 64 && result.errorLines.count == 1, "\(result.stderr)")
      #expect(
        result.stderr.contains("argument 7") && result.stderr.contains("UTF-8"), "\(result.stderr)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }
  }

  @Test(arguments: ["1e101", "1e160", "1e300", "1.7e308"])
  func `exit times whose squares are no numbers are refused with their line`(time: String) throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("a.csv")
      try Data("exit_time\n1\n\(time)\n2\n".utf8).write(to: file)
      let result = try runCommand("test a.csv a.csv", in: directory)
      #expect(result.status == 65 && result.stderr.contains("a.csv, line 3"), "\(result.stderr)")
      // At the ends of what is taken the battery is computed.
      for ends in [
        "1e100\n2e99\n3e98\n", "1e-300\n2e-300\n3e-300\n", "1e100\n1e-300\n3\n", "0\n0\n0\n",
      ] {
        try Data("exit_time\n\(ends)".utf8).write(to: file)
        let result = try runCommand("test a.csv a.csv", in: directory)
        #expect([0, 65].contains(result.status), "\(ends): \(result.stderr)")
      }
    }
  }

  @Test(arguments: [
    "{polynomial: [0, 1e308, 1e308]}", "{hermite: [1e308, 0, 1e308]}", "{polynomial: [0, 1e21]}",
    "{polynomial: [-1e300, 1]}",
  ])
  func `coefficients whose moments are no numbers are refused by their key`(words: String) throws {
    for key in ["activation", "target"] {
      let result = try runCommand([
        "compare", "--dimension", "50", "--width", "2", "--learning-rate", "0.1", "--\(key)", words,
      ])
      #expect(result.status == 64 && result.stderr.contains("--\(key)"), "\(result.stderr)")
      #expect(result.stderr.contains("at most 1e20"), "\(result.stderr)")
    }
  }

  @Test func `a note comes before work that takes days, and none before a short one`() throws {
    try withDirectory { directory in
      for (words, says) in [
        ("--dimension 1000 --dynamics ode --label-noise 1e12", "most of it the ODE"),
        (
          "--dimension 20000 --width 10000 --dynamics chain --replicas 100 --horizon 2",
          "exact chain"
        ),
      ] {
        let process = Process()
        process.executableURL = commandURL
        process.arguments =
          ["compare", "--learning-rate", "0.1", "--threads", "1"]
          + words.split(separator: " ").map(String.init)
        process.currentDirectoryURL = directory
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        var text = ""
        while !text.contains("note: by estimate this takes") {
          let piece = errors.fileHandleForReading.availableData
          guard !piece.isEmpty else { break }
          text += String(decoding: piece, as: UTF8.self)
        }
        #expect(text.contains("note: by estimate this takes") && text.contains(says), "\(text)")
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
      }
      #expect(!(try runCommand(run, in: directory).stderr.contains("note:")))
    }
  }
}
