import Foundation
import Testing

/// Stops trajectories in several ways, takes them up again, and expects the files of some that were never
/// stopped.
@Suite(.serialized) struct SavedTrajectoryTests {
  private static let words =
    "trajectories --dimension 600 --learning-rate 0.1 --dynamics ode,sde,chain,sgd "
    + "--replicas 200,sgd:30 --times log:0.01:3:40 --paths 12 --quantiles 0.1,0.5,0.9 --seed 11 "
    + "--threads 2"

  private func withSingle(_ body: (URL) throws -> Void) throws {
    try withDirectory { directory in
      let single = try runCommand("\(SavedTrajectoryTests.words) --output single", in: directory)
      #expect(single.status == 0, "\(single.stderr)")
      try body(directory)
    }
  }

  private func checkpoint(_ directory: URL) -> URL {
    directory.appendingPathComponent("run/checkpoint.trajectories")
  }

  /// Makes a checkpoint with all that was seen and no final files: the latter have an obstacle.
  private func makeCheckpoint(in directory: URL) throws -> URL {
    let obstacle = directory.appendingPathComponent("run/.summary.json.partial")
    try FileManager.default.createDirectory(at: obstacle, withIntermediateDirectories: true)
    let stopped = try runCommand("\(SavedTrajectoryTests.words) --output run", in: directory)
    #expect(stopped.status == 74 && stopped.stderr.contains("escapement resume run"))
    try FileManager.default.removeItem(at: obstacle)
    return checkpoint(directory)
  }

  private func expectSame(_ directory: URL) throws {
    func files(_ name: String) throws -> [String: Data] {
      let place = directory.appendingPathComponent(name)
      let names = try FileManager.default.contentsOfDirectory(atPath: place.path)
      return try Dictionary(
        uniqueKeysWithValues: names.map {
          ($0, try Data(contentsOf: place.appendingPathComponent($0)))
        })
    }
    let (run, single) = (try files("run"), try files("single"))
    #expect(run.keys.sorted() == single.keys.sorted())
    for (name, contents) in single { #expect(run[name] == contents, "\(name)") }
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
  func `a signal to stop saves what has ended, with status 75`(signal: Int32) throws {
    try withSingle { directory in
      var stopped: Process?
      // One that was over before the signal came, on a busy machine, is tried again.
      for _ in 1..<20 {
        let process = try startCommand(
          "\(SavedTrajectoryTests.words) --output run", in: directory)
        _ = wait(while: process) { length(of: checkpoint(directory)) > 8000 }
        kill(process.processIdentifier, signal)
        waitForEnd(of: process)
        if process.terminationStatus != 0 {
          stopped = process
          break
        }
      }
      let process = try #require(stopped, "none was caught before its end")
      #expect(process.terminationReason == .exit && process.terminationStatus == 75)
      let exported = try runCommand("export run --to csv", in: directory)
      #expect(exported.status == 65 && exported.stderr.contains("is unfinished"))
      let resumed = try runCommand("resume run --threads 1", in: directory)
      #expect(resumed.status == 0 && resumed.stdout.contains("Mean excess risk"))
      #expect(resumed.stderr.contains("of 630 replicas: going on"), "\(resumed.stderr)")
      try expectSame(directory)
    }
  }

  @Test func `killed again and again, they end with the same bytes`() throws {
    try withSingle { directory in
      var generator = SystemRandomNumberGenerator()
      for attempt in 0..<8 {
        let words =
          attempt % 2 == 0 ? "\(SavedTrajectoryTests.words) --output run" : "resume run"
        let process = try startCommand(words, in: directory)
        usleep(UInt32.random(in: 0...400_000, using: &generator))
        kill(process.processIdentifier, SIGKILL)
        waitForEnd(of: process)
      }
      let last = try runCommand("\(SavedTrajectoryTests.words) --output run", in: directory)
      #expect(last.status == 0, "\(last.stderr)")
      try expectSame(directory)
    }
  }

  @Test(arguments: [0.2, 0.6, 0.999])
  func `of a torn checkpoint what is missing is followed again`(part: Double) throws {
    try withSingle { directory in
      let checkpoint = try makeCheckpoint(in: directory)
      let whole = try Data(contentsOf: checkpoint)
      try whole.prefix(Int(Double(whole.count) * part)).write(to: checkpoint)
      let resumed = try runCommand("resume run", in: directory)
      #expect(resumed.status == 0)
      #expect(resumed.stderr.contains("is torn after byte "), "\(resumed.stderr)")
      try expectSame(directory)
    }
  }

  @Test func `what does not fit is refused, and kept`() throws {
    try withSingle { directory in
      let checkpoint = try makeCheckpoint(in: directory)
      let before = try Data(contentsOf: checkpoint)
      for (words, status, says) in [
        ("\(SavedTrajectoryTests.words) --output run --seed 12", 73, "its seed is 11, not 12"),
        ("\(SavedTrajectoryTests.words) --output run --paths 11", 73, "its paths is 12, not 11"),
        ("compare --dimension 60 --learning-rate 0.1 --output run", 73, "holds trajectories"),
        ("resume run --shard 1/2", 64, "--shard: 'run' holds trajectories"),
        ("resume run --histogram", 64, "--histogram: 'run' holds trajectories"),
      ] {
        let result = try runCommand(words, in: directory)
        #expect(result.status == Int32(status) && result.errorLines.count == 1)
        #expect(result.stderr.contains(says), "\(result.stderr)")
        #expect(try Data(contentsOf: checkpoint) == before)
      }
      // With all there, nothing is left but to write the files.
      let resumed = try runCommand("resume run --format json", in: directory)
      #expect(resumed.status == 0 && resumed.stderr.contains("has 630 of 630 replicas"))
      try expectSame(directory)
      #expect(try runCommand("resume run", in: directory).stderr.contains("finished already"))
    }
  }
}
