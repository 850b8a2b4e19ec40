import Foundation
import Testing

/// Splits a run into shards and joins them again.
@Suite struct ShardTests {
  private func shard(_ share: String, _ words: String = "", to output: String, in directory: URL)
    throws
  {
    let result = try runCommand(
      "compare \(interruptedExperiment) \(words) --shard \(share) --output \(output)",
      in: directory)
    #expect(result.status == 0, "\(result.stderr)")
    #expect(result.stdout.isEmpty)
  }

  private func expectRefusal(_ words: String, _ says: [String], in directory: URL) throws {
    let result = try runCommand("merge \(words) --output refused", in: directory)
    #expect(result.status == 65)
    #expect(result.errorLines.count == 1)
    for text in says { #expect(result.stderr.contains(text), "\(result.stderr)") }
    #expect(
      !FileManager.default.fileExists(atPath: directory.appendingPathComponent("refused").path))
  }

  @Test func `shards join to the single run, whatever their number and order`() throws {
    try withDirectory { directory in
      let single = try runCommand("compare \(interruptedExperiment) --output single", in: directory)
      #expect(single.status == 0)
      for count in [1, 3, 7] {
        // The last first, each in a directory of its own.
        for index in (1...count).reversed() {
          try shard("\(index)/\(count)", to: "\(count)-\(index)", in: directory)
        }
        let names = (1...count).reversed().map { "\(count)-\($0)" }
        // The first once more.
        let words = names.joined(separator: " ") + " \(count)-1"
        let merged = try runCommand("merge \(words) --output \(count)", in: directory)
        #expect(merged.status == 0, "\(merged.stderr)")
        try expectSameFiles(directory, "\(count)", "single")
      }
      // Shards of one directory, the run beside them; and more shards than replicas of full SGD.
      for index in 1...8 { try shard("\(index)/8", to: "all", in: directory) }
      #expect(try runCommand("merge all --output eight", in: directory).status == 0)
      try expectSameFiles(directory, "eight", "single")
    }
  }

  @Test func `what does not belong together is refused by name`() throws {
    try withDirectory { directory in
      for index in 1...3 { try shard("\(index)/3", to: "\(index)", in: directory) }
      try shard("2/4", to: "quarter", in: directory)
      try shard("2/3", "--seed 12", to: "foreign", in: directory)
      try expectRefusal("1 3", ["missing shard 2/3"], in: directory)
      try expectRefusal("1 quarter 3", ["quarter/shard-2-of-4.records", "overlaps"], in: directory)
      try expectRefusal(
        "1 foreign 3", ["foreign/shard-2-of-3.records", "its seed is 12, not 11"], in: directory)
      try expectRefusal("1 2 3 nowhere", ["nowhere: cannot be read"], in: directory)

      let file = directory.appendingPathComponent("2/shard-2-of-3.records")
      let whole = try Data(contentsOf: file)
      try whole.prefix(whole.count - 100).write(to: file)
      try expectRefusal("1 2 3", ["2/shard-2-of-3.records", "torn after byte"], in: directory)
      try whole.prefix(whole.count - 12).write(to: file)
      try expectRefusal("1 2 3", ["2/shard-2-of-3.records", "is not finished"], in: directory)
      // The same call finishes it.
      try shard("2/3", to: "2", in: directory)
      #expect(try Data(contentsOf: file).count > 0)
      #expect(try runCommand("merge 1 2 3 --output whole", in: directory).status == 0)
    }
  }

  @Test func `a share must be one`() throws {
    try withDirectory { directory in
      for share in ["0/3", "4/3", "1", "1/2/3", "a/3", "1/99999999"] {
        let result = try runCommand(
          "compare --dimension 50 --learning-rate 0.1 --shard \(share) --output x", in: directory)
        #expect(result.status == 64)
        #expect(result.stderr.contains("--shard: found '\(share)'"), "\(result.stderr)")
      }
      let result = try runCommand(
        "compare --dimension 50 --learning-rate 0.1 --shard 1/2", in: directory)
      #expect(result.status == 64)
      #expect(result.stderr.contains("expected --output"))
    }
  }
}
