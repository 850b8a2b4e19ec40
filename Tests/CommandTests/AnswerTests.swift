import Foundation
import Testing

/// Keeps what law, plateau, theory and test find in directories, and exports it.
@Suite struct AnswerTests {
  /// What makes each answer, the name of its files, and a column that must have numbers in its tables.
  static let jobs: [(words: String, name: String, tables: [String])] = [
    (
      "law --dimension 50 --learning-rate 0.1 --thresholds 0.3,0.5 --start overlaps:0.3",
      "exit_law",
      ["exit_law.csv", "exit_law_survival.csv"]
    ),
    (
      "plateau --dimension 60 --learning-rate 0.1 --label-noise 0.1,0.2 --horizon 20 --replicas 4",
      "plateau_risk", ["plateau_risk.csv", "plateau_risk_overlaps.csv"]
    ),
    (
      "theory --dimension 1000 --learning-rate 0.1 --thresholds 0.01,0.5", "closed_forms",
      ["closed_forms.csv", "closed_forms_exit_times.csv"]
    ),
    ("test a.csv b.csv", "sample_test", ["sample_test.csv", "sample_test_ratio.csv"]),
  ]

  private func withSamples(_ body: (URL) throws -> Void) throws {
    try withDirectory { directory in
      for (name, shift) in [("a.csv", 0.0), ("b.csv", 0.1)] {
        let times = (0..<30).map { "\(1 + 0.05 * Double($0) + shift)\n" }.joined()
        try Data(("exit_time\n" + times).utf8).write(to: directory.appendingPathComponent(name))
      }
      try body(directory)
    }
  }

  @Test(arguments: jobs)
  func `what a subcommand found is kept, printed as before and exported`(
    words: String, name: String, tables: [String]
  ) throws {
    try withSamples { directory in
      let plain = try runCommand("\(words) --format json", in: directory)
      let kept = try runCommand("\(words) --format json --output answer", in: directory)
      try #require(plain.status == 0 && kept.status == 0, "\(kept.stderr)")
      #expect(kept.stdout == plain.stdout)
      let answer = directory.appendingPathComponent("answer")
      let document = try String(
        contentsOf: answer.appendingPathComponent("\(name).json"), encoding: .utf8)
      #expect(document == plain.stdout)

      #expect(try runCommand("verify answer", in: directory).status == 0)
      let csv = try runCommand("export answer --to csv", in: directory)
      #expect(csv.status == 0, "\(csv.stderr)")
      #expect(
        csv.stdout.split(separator: "\n").map { $0.split(separator: "/").last! }.map(String.init)
          == tables)
      for table in tables {
        let text = try String(contentsOf: answer.appendingPathComponent(table), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        #expect(lines.count > 1, "\(table)")
        #expect(
          Set(lines.map { $0.split(separator: "\"").first?.filter { $0 == "," }.count ?? 0 }).count
            <= 3)
        // Digits of the table are those of the document.
        let number = try #require(text.firstMatch(of: /[0-9]\.[0-9]{5,}/)).output
        #expect(document.contains(number), "\(table): \(number)")
      }
      let again = try runCommand("export answer --to json", in: directory)
      #expect(again.status == 0 && again.stderr.contains("has \(name).json already"))
      #expect(try runCommand("export answer --to netcdf", in: directory).status == 0)
      let data = try Data(contentsOf: answer.appendingPathComponent("\(name).nc"))
      #expect(data.dropFirst().prefix(3) == Data("HDF".utf8))
      let page = try runCommand("export answer --to report", in: directory)
      if name == "sample_test" {
        #expect(page.status == 0, "\(page.stderr)")
      } else {
        #expect(page.status == 64 && page.stderr.contains("expected csv, json or netcdf"))
      }

      // The same again is let in, something else is not.
      #expect(try runCommand("\(words) --output answer", in: directory).status == 0)
      #expect(
        !FileManager.default.fileExists(atPath: answer.appendingPathComponent("\(name).nc").path))
      let other = try runCommand(
        "compare --dimension 50 --learning-rate 0.1 --replicas 2 --dynamics ode --output answer",
        in: directory)
      #expect(other.status == 73 && other.stderr.contains("'answer' holds"), "\(other.stderr)")
    }
  }

  @Test func `a directory of another result is refused before any work`() throws {
    try withSamples { directory in
      let run =
        "compare --dimension 50 --learning-rate 0.1 --replicas 2 --dynamics ode --output run"
      #expect(try runCommand(run, in: directory).status == 0)
      for (words, _, _) in AnswerTests.jobs {
        let result = try runCommand("\(words) --output run", in: directory)
        #expect(result.status == 73 && result.stderr.contains("'run' holds"), "\(result.stderr)")
        #expect(result.errorLines.count == 1 && result.stdout.isEmpty)
      }
    }
  }

  @Test func `a broken document is refused with its key, and nothing is left of the export`() throws
  {
    try withSamples { directory in
      let words = AnswerTests.jobs[0].words
      #expect(try runCommand("\(words) --output answer", in: directory).status == 0)
      let place = directory.appendingPathComponent("answer/exit_law.json")
      let text = try String(contentsOf: place, encoding: .utf8)
      for (broken, says) in [
        (text.replacing("\"threshold\" : 0.3", with: "\"threshold\" : \"x\""), "laws[0].threshold"),
        (String(text.dropLast(20)), "broken JSON"),
      ] {
        try Data(broken.utf8).write(to: place)
        let altered = try runCommand("export answer --to csv", in: directory)
        #expect(altered.status == 65 && altered.stderr.contains("not as it was written"))
        let manifest = directory.appendingPathComponent("answer/manifest.sha256")
        let sound = try Data(contentsOf: manifest)
        try FileManager.default.removeItem(at: manifest)
        let result = try runCommand("export answer --to csv", in: directory)
        try sound.write(to: manifest)
        #expect(result.status == 65 && result.errorLines.count == 1, "\(result.stderr)")
        #expect(result.stderr.contains("exit_law.json") && result.stderr.contains(says))
      }
    }
  }
}
