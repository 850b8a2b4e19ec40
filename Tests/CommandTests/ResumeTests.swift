import Foundation
import Testing

/// Stops runs in every way there is, takes them up again, and expects the files of one that was
/// never stopped.
@Suite(.serialized) struct ResumeTests {
  private func withRun<Result>(_ body: (URL) throws -> Result) throws -> Result {
    try withDirectory { directory in
      let single = try runCommand("compare \(interruptedExperiment) --output single", in: directory)
      #expect(single.status == 0, "\(single.stderr)")
      return try body(directory)
    }
  }

  /// Makes a checkpoint with all records and no final files: the latter have an obstacle.
  private func makeCheckpoint(in directory: URL) throws -> URL {
    let obstacle = directory.appendingPathComponent("run/.summary.json.partial")
    try FileManager.default.createDirectory(at: obstacle, withIntermediateDirectories: true)
    #expect(
      try runCommand("compare \(interruptedExperiment) --output run", in: directory).status == 74)
    try FileManager.default.removeItem(at: obstacle)
    return directory.appendingPathComponent("run/checkpoint.records")
  }

  /// Starts the run and sends it a signal between its first saved records and its end.
  ///
  /// A run that was over before the signal came, on a busy machine, is tried again.
  private func stopRun(by signal: Int32, in directory: URL) throws -> Process {
    let run = directory.appendingPathComponent("run")
    for _ in 1..<20 {
      let process = try startCommand("compare \(interruptedExperiment) --output run", in: directory)
      // Far more than the header: the records of the first dynamics.
      _ = wait(while: process) {
        length(of: run.appendingPathComponent("checkpoint.records")) > 8000
      }
      kill(process.processIdentifier, signal)
      waitForEnd(of: process)
      guard process.terminationReason == .exit, process.terminationStatus == 0 else {
        return process
      }
      try FileManager.default.removeItem(at: run)
    }
    return try #require(nil as Process?, "no run was caught before its end")
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
  func `a signal to stop saves what is finished and ends with 75`(signal: Int32) throws {
    try withRun { directory in
      let stopped = try stopRun(by: signal, in: directory)
      #expect(stopped.terminationReason == .exit)
      #expect(stopped.terminationStatus == 75)
      let resumed = try runCommand("resume run", in: directory)
      #expect(resumed.status == 0)
      #expect(resumed.stderr.contains("replicas: going on"))
      try expectSameFiles(directory, "run", "single")
    }
  }

  @Test func `a run killed again and again ends with the bytes of one that was not`() throws {
    try withRun { directory in
      var generator = SystemRandomNumberGenerator()
      for attempt in 0..<12 {
        // The same call takes a run up as well as resume does.
        let words =
          attempt % 2 == 0 ? "compare \(interruptedExperiment) --output run" : "resume run"
        let process = try startCommand(words, in: directory)
        usleep(UInt32.random(in: 0...150_000, using: &generator))
        kill(process.processIdentifier, SIGKILL)
        waitForEnd(of: process)
      }
      #expect(
        try runCommand("compare \(interruptedExperiment) --output run", in: directory).status == 0)
      try expectSameFiles(directory, "run", "single")
    }
  }

  @Test(arguments: [0.3, 0.9, 0.999])
  func `a torn checkpoint is named and what is missing run again`(part: Double) throws {
    try withRun { directory in
      let checkpoint = try makeCheckpoint(in: directory)
      let whole = try Data(contentsOf: checkpoint)
      try whole.prefix(Int(Double(whole.count) * part)).write(to: checkpoint)
      let resumed = try runCommand("resume run", in: directory)
      #expect(resumed.status == 0)
      #expect(resumed.stderr.contains("checkpoint.records' has "), "\(resumed.stderr)")
      #expect(resumed.stderr.contains("is torn after byte "), "\(resumed.stderr)")
      try expectSameFiles(directory, "run", "single")
    }
  }

  @Test func `a flipped bit anywhere is found`() throws {
    try withRun { directory in
      let checkpoint = try makeCheckpoint(in: directory)
      let whole = try Data(contentsOf: checkpoint)
      for place in [3, 15, 100, whole.count / 3, whole.count - 5] {
        var damaged = whole
        damaged[place] ^= 4
        try damaged.write(to: checkpoint)
        let resumed = try runCommand("resume run", in: directory)
        #expect(resumed.stderr.contains("checkpoint.records"))
        if place <= 100 {
          // Without its header a checkpoint is nothing.
          #expect(resumed.status == 65, "\(resumed.stderr)")
          #expect(resumed.errorLines.count == 1)
        } else {
          #expect(resumed.status == 0)
          #expect(resumed.stderr.contains("is torn after byte "), "\(resumed.stderr)")
          try expectSameFiles(directory, "run", "single")
        }
      }
    }
  }

  @Test func `a checkpoint of another experiment is refused, and kept`() throws {
    try withRun { directory in
      let checkpoint = try makeCheckpoint(in: directory)
      let before = try Data(contentsOf: checkpoint)
      let other = try runCommand(
        "compare \(interruptedExperiment) --output run --seed 12", in: directory)
      #expect(other.status == 73)
      #expect(other.stderr.contains("its seed is 11, not 12"), "\(other.stderr)")
      #expect(try Data(contentsOf: checkpoint) == before)
    }
  }

  @Test func `a second process on one run is kept out`() throws {
    try withDirectory { directory in
      let lock = directory.appendingPathComponent("run/.lock")
      func holds(_ process: Process) -> Bool {
        let text = (try? String(contentsOf: lock, encoding: .utf8)) ?? ""
        return text.hasPrefix("process \(process.processIdentifier) on ")
      }
      // Work for days.
      let words = "compare --dimension 1e5 --learning-rate 0.1 --replicas 1e6 --output run"
      let first = try startCommand(words, in: directory)
      let checkpoint = directory.appendingPathComponent("run/checkpoint.records")
      #expect(wait(while: first) { holds(first) && length(of: checkpoint) > 8 })
      for second in [words, "resume run"] {
        let result = try runCommand(second, in: directory)
        #expect(result.status == 73)
        #expect(
          result.stderr.contains("in use by process \(first.processIdentifier) on "),
          "\(result.stderr)")
      }
      kill(first.processIdentifier, SIGKILL)
      waitForEnd(of: first)
      // The lock went with the process.
      let third = try startCommand("resume run", in: directory)
      #expect(wait(while: third) { holds(third) })
      kill(third.processIdentifier, SIGKILL)
      waitForEnd(of: third)
    }
  }

  @Test func `there must be something to resume`() throws {
    try withRun { directory in
      for place in [".", "nowhere"] {
        let result = try runCommand("resume \(place)", in: directory)
        #expect(result.status == 65)
        #expect(result.stderr.contains("there is no unfinished run in it"))
      }
      let finished = try runCommand("resume single", in: directory)
      #expect(finished.status == 0)
      #expect(finished.stderr.contains("'single' is finished already"))
    }
  }
}
