import Foundation
import Testing

/// Stops runs in the middle of long replicas and expects them to go on from there, to the same bytes.
@Suite(.serialized) struct LongReplicaTests {
  /// Two replicas of some seconds, of which the first threshold is crossed half-way.
  private static let experiment =
    "--dimension 14000 --learning-rate 0.1 --thresholds 0.1,0.5 --replicas 2 --dynamics sgd "
    + "--start overlaps:0.2 --horizon 1 --seed 3 --threads 2"

  private func snapshots(in directory: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(
      atPath: directory.appendingPathComponent("run").path
    ).filter { $0.hasPrefix("snapshot-sgd-") }.sorted()
  }

  /// Runs until the first threshold of some replica must have been crossed, and stops.
  private func stop(_ words: String, by signal: Int32, after seconds: Double, in directory: URL)
    throws
    -> Process
  {
    let process = try startCommand(words, in: directory)
    usleep(UInt32(seconds * 1e6))
    kill(process.processIdentifier, signal)
    waitForEnd(of: process)
    return process
  }

  /// Steps that all processes of a run took together.
  private func steps(_ run: String, in directory: URL) throws -> Int {
    let data = try Data(contentsOf: directory.appendingPathComponent("\(run)/summary.json"))
    let summary = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let timing = try #require(summary["timing"] as? [String: [String: Any]])
    return try #require(timing["sgd"]?["steps"] as? Int)
  }

  @Test func `a long replica goes on from where it was, and a torn state is named`() throws {
    try withDirectory { directory in
      let single = try runCommand(
        "compare \(LongReplicaTests.experiment) --output single", in: directory)
      #expect(single.status == 0, "\(single.stderr)")
      let stopped = try stop(
        "compare \(LongReplicaTests.experiment) --output run", by: SIGTERM, after: 1,
        in: directory)
      try #require(stopped.terminationStatus == 75 && stopped.terminationReason == .exit)
      let names = try snapshots(in: directory)
      #expect(names == ["snapshot-sgd-0.state", "snapshot-sgd-1.state"])
      // One that is killed before it has written anything leaves what there was.
      let killed = try stop("resume run", by: SIGKILL, after: 0.2, in: directory)
      #expect(killed.terminationReason == .uncaughtSignal)
      #expect(try snapshots(in: directory) == names)

      let copy = directory.appendingPathComponent("copy")
      let run = directory.appendingPathComponent("run")
      try FileManager.default.copyItem(at: run, to: copy)
      let resumed = try runCommand("resume run", in: directory)
      #expect(resumed.status == 0)
      #expect(
        resumed.stderr.contains("2 replicas under way: going on from where they were"),
        "\(resumed.stderr)")
      try expectSameFiles(directory, "run", "single")
      // Nothing was done twice but what followed the states.
      let (all, once) = (
        try steps("run", in: directory), try steps("single", in: directory)
      )
      #expect(all < once + once / 10)

      try FileManager.default.removeItem(at: run)
      try FileManager.default.moveItem(at: copy, to: run)
      let torn = run.appendingPathComponent(names[0])
      let whole = try Data(contentsOf: torn)
      try whole.prefix(whole.count / 2).write(to: torn)
      let foreign = run.appendingPathComponent(names[1])
      var other = try Data(contentsOf: foreign)
      let place = try #require(other.range(of: Data("seed: 3".utf8)))
      other[place.upperBound - 1] = UInt8(ascii: "4")
      try other.write(to: foreign)
      let again = try runCommand("resume run", in: directory)
      #expect(again.status == 0)
      #expect(again.stderr.contains("\(names[0]): is torn: replica 0 of sgd starts anew"))
      #expect(again.stderr.contains("\(names[1]): its header is damaged"), "\(again.stderr)")
      try expectSameFiles(directory, "run", "single")
    }
  }
}
