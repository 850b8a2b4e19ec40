import Foundation
import Testing

/// Gives files that are hostile rather than wrong; each must end at once, by one line.
@Suite struct LimitTests {
  @Test(.timeLimit(.minutes(1)))
  func `an experiment file has a size, a depth and a number of aliases`() throws {
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

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/zero")), .timeLimit(.minutes(1)))
  func `an endless file is not read to its end`() throws {
    let result = try runCommand("theory /dev/zero")
    #expect(result.status == 65)
    #expect(result.stderr.contains("of 1 MB at most"))
    let gram = try runCommand("theory --dimension 9 --learning-rate 0.1 --start gram:/dev/zero")
    #expect(gram.status == 65)
    #expect(gram.stderr.contains("of 64 MB at most"))
  }
}
