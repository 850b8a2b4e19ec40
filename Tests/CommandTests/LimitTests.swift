import Foundation
import Testing

/// Gives files that are hostile rather than wrong; each must end at once, by one line.
@Suite struct LimitTests {
  @Test func `an experiment file has a size, a depth and a number of aliases`() throws {
    try withDirectory { directory in
      let bomb =
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + (1...9).map { level in
          let alias = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
          return "a\(level): &a\(level) [\(alias)]\n"
        }.joined()
      for (text, says) in [
        (String(repeating: "# none\n", count: 1 << 18), "of 1 MB at most"),
        ("dimension: " + String(repeating: "[", count: 50_000), "broken YAML"),
        (bomb, "expected at most 10"),
      ] {
        try Data(text.utf8).write(to: directory.appendingPathComponent("hostile.yaml"))
        let result = try runCommand("theory hostile.yaml", in: directory)
        #expect(result.status == 65)
        #expect(result.errorLines.count == 1)
        #expect(result.stderr.contains(says), "\(result.stderr.prefix(300))")
      }
    }
  }

  // What reads on for ever is killed in the end, and has another status then.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/zero")))
  func `an endless file is not read to its end`() throws {
    let result = try runCommand("theory /dev/zero")
    #expect(result.status == 65)
    #expect(result.stderr.contains("of 1 MB at most"))
    let gram = try runCommand("theory --dimension 9 --learning-rate 0.1 --start gram:/dev/zero")
    #expect(gram.status == 65)
    #expect(gram.stderr.contains("of 64 MB at most"))
  }

  @Test(
    arguments: [
      ("run", "exit_times.csv", "than 16384 MB"), ("run", "summary.json", "than 64 MB"),
      ("run", "experiment.yaml", "of 1 MB at most"), ("grid", "sweep.csv", "than 64 MB"),
      ("grid", "verdicts.csv", "than 64 MB"),
    ])
  func `an endless file in a directory of results is refused, and so is one that is too large`(
    directory: String, name: String, says: String
  ) throws {
    try withDirectory { place in
      let words = "--learning-rate 0.1 --replicas 3 --dynamics chain,ode --output \(directory)"
      let subcommand = directory == "run" ? "compare --dimension 50" : "sweep --dimension 50,60"
      #expect(try runCommand("\(subcommand) \(words)", in: place).status == 0)
      let file = place.appendingPathComponent("\(directory)/\(name)")
      func expectRefusal(_ says: String) throws {
        // The notebook of a sweep reads the tables itself.
        for format in ["notebook", "figures"] {
          let refused = try runCommand("export \(directory) --to \(format)", in: place)
          #expect(refused.status == 65)
          #expect(refused.errorLines.count == 1)
          #expect(refused.stderr.contains(says), "\(refused.stderr)")
        }
      }
      // Nothing in it but its length; without a manifest, which would tell it by its digest.
      try FileManager.default.removeItem(
        at: place.appendingPathComponent("\(directory)/manifest.sha256"))
      #expect(truncate(file.path, 17 << 30) == 0)
      try expectRefusal(says)
      for target in ["/dev/zero", "fifo"] {
        try FileManager.default.removeItem(at: file)
        if target == "fifo" {
          #expect(mkfifo(file.path, 0o600) == 0)
        } else {
          try FileManager.default.createSymbolicLink(
            at: file, withDestinationURL: URL(fileURLWithPath: target))
        }
        try expectRefusal(
          name == "experiment.yaml" ? "\(name): cannot be read" : "\(name): is no regular file")
      }
    }
  }
}
