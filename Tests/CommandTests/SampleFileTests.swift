import Foundation
import Testing

/// Reads files of exit times as other programs write them.
@Suite struct SampleFileTests {
  private func test(_ first: Data, _ second: Data, _ options: [String] = []) throws -> CommandResult
  {
    try withDirectory { directory in
      try first.write(to: directory.appendingPathComponent("a.csv"))
      try second.write(to: directory.appendingPathComponent("b.csv"))
      return try runCommand(
        ["test", "a.csv", "b.csv", "--format", "json"] + options, in: directory)
    }
  }

  private static let plain = "exit_time\n1.5\n2.25\n0.75\n3\n4.5\n"

  // Each holds the five times of `plain`, and is read as it is.
  private static let same: [(name: String, text: String)] = [
    ("numpy.savetxt", "1.500000e+00\n2.250000e+00\n7.500000e-01\n3.0e+00\n4.5e+00\n"),
    ("savetxt with a header", "# exit_time\n1.5\n2.25\n0.75\n3\n4.5\n"),
    ("savetxt of two columns", "# exit_time outcome\n1.5 1\n2.25 1\n0.75 1\n3 1\n4.5 1\n"),
    ("trailing blank lines", "exit_time\n1.5\n2.25\n0.75\n3\n4.5\n\n\n  \n"),
    ("no end of the last line", "exit_time\n1.5\n2.25\n0.75\n3\n4.5"),
    ("CRLF", "exit_time\r\n1.5\r\n2.25\r\n0.75\r\n3\r\n4.5\r\n\r\n"),
    ("CR", "exit_time\r1.5\r2.25\r0.75\r3\r4.5\r"),
    (
      "byte-order mark",
      "\u{FEFF}exit_time,outcome\n1.5,exited\n2.25,exited\n0.75,exited\n3,exited\n4.5,exited\n"
    ),
    (
      "quotes",
      "\"exit_time\",\"outcome\"\n\"1.5\",\"exited\"\n2.25,exited\n\"0.75\",exited\n3,exited\n4.5,exited\n"
    ),
    ("semicolons", "replica;exit_time\n0;1.5\n1;2.25\n2;0.75\n3;3\n4;4.5\n"),
    ("tabs", "replica\texit_time\n0\t1.5\n1\t2.25\n2\t0.75\n3\t3\n4\t4.5\n"),
    ("blanks", "replica exit_time\n0 1.5\n1  2.25\n2 0.75\n3 3\n4 4.5\n"),
    ("pandas with its index", ",exit_time\n0,1.5\n1,2.25\n2,0.75\n3,3.0\n4,4.5\n"),
    ("comments between", "# made by hand\nexit_time\n1.5\n# a note\n2.25\n0.75\n3\n4.5\n# end\n"),
    ("a name with a blank", "exit time\n1.5\n2.25\n0.75\n3\n4.5\n"),
  ]

  @Test(arguments: same.map(\.name))
  func `what other programs write is read whole`(name: String) throws {
    let text = try #require(SampleFileTests.same.first { $0.name == name }?.text)
    let other = Data("exit_time\n1\n2\n3\n4\n5\n6\n".utf8)
    let expected = try test(Data(SampleFileTests.plain.utf8), other)
    let found = try test(Data(text.utf8), other)
    #expect(found.status == 0, "\(found.stderr)")
    #expect(found.stdout == expected.stdout)
    // What was guessed is said.
    #expect(found.stderr.contains("no header") == (name == "numpy.savetxt"), "\(found.stderr)")
  }

  @Test func `an empty line between times is a censored replica, and said to be one`() throws {
    let other = Data(SampleFileTests.plain.utf8)
    let blank = try test(Data("exit_time\n1.5\n\n0.75\n3\n\n".utf8), other)
    let spelled = try test(
      Data("exit_time,outcome\n1.5,exited\n,censored\n0.75,exited\n3,exited\n".utf8), other)
    #expect(blank.status == 0 && blank.stdout == spelled.stdout)
    #expect(blank.stderr.contains("1 empty line"), "\(blank.stderr)")
  }

  private static let refused: [(text: String, says: String)] = [
    ("exit_time\n1.5\n1,5\n", "b.csv, line 3: 2 values, expected 1: a decimal comma"),
    (
      "exit_time;outcome\n1,5;exited\n",
      "b.csv, line 2: found '1,5', expected a number with a decimal point"
    ),
    (
      "1,5\n2,5\n",
      "2 columns without names, expected a column exit_time, a single column with decimal points"
    ),
    ("exit_time\n11,7;censored\n", "b.csv, line 2: 2 values, expected 1: a decimal comma"),
    ("exit_time,outcome\n11,7;censored\n", "b.csv, line 2: found the outcome '7;censored'"),
    ("exit_time,outcome\n1.5,exited,3\n", "b.csv, line 2: 3 values, expected 2"),
    ("exit_time,outcome\n1.5\n", "b.csv, line 2: 1 values, expected 2"),
    ("exit_time,outcome\n1.5,exited\n\n2,exited\n", "b.csv, line 3: an empty line"),
    ("exit_time,exit_time\n1,2\n", "b.csv, line 1: the column 'exit_time' stands twice"),
    (
      "exit_time,outcome,outcome\n1,exited,censored\n",
      "b.csv, line 1: the column 'outcome' stands twice"
    ),
    ("exit_time\n-1.5\n", "b.csv, line 2: found '-1.5', expected a finite exit time of at least 0"),
    ("exit_time\nnan\n", "b.csv, line 2: found 'nan'"),
    ("exit_time\ninf\n", "b.csv, line 2: found 'inf'"),
    ("exit_time\n0x1p3\n", "b.csv, line 2: found '0x1p3'"),
    ("exit_time\n1e999\n", "line 2: found '1e999'"),
    ("exit_time\n1 2\n", "b.csv, line 2: found '1 2'"),
    ("exit_time\n1.5 # fast\n", "line 2: found '1.5 # fast'"),
    ("exit_time,outcome\n\"1.5,exited\n", "b.csv, line 2: a quote that is not closed"),
    ("exit_time,outcome\n1.5,2\n", "b.csv, line 2: found the outcome '2'"),
    (
      "exit_time,event\n1.5,0\n2,1\n",
      "b.csv, line 1: found the column 'event', expected --event-column event"
    ),
    ("time,status\n1.5,0\n", "b.csv, line 1: found the columns 'time', 'status'"),
    ("\n\n# nothing\n", "b.csv: no exit time in it"), ("", "b.csv: no exit time in it"),
  ]

  @Test(arguments: refused.map(\.text))
  func `what cannot be read for sure is refused by name`(text: String) throws {
    let says = try #require(SampleFileTests.refused.first { $0.text == text }?.says)
    let result = try test(Data(SampleFileTests.plain.utf8), Data(text.utf8))
    #expect(result.status == 65 && result.stdout.isEmpty)
    #expect(result.errorLines.count == 1)
    #expect(result.stderr.contains(says), "\(result.stderr)")
  }

  @Test func `another encoding is named, and UTF-8 expected`() throws {
    let plain = Data(SampleFileTests.plain.utf8)
    for (data, says) in [
      (
        try #require(SampleFileTests.plain.data(using: .utf16)),
        "b.csv: is in UTF-16, expected UTF-8"
      ),
      (try #require(SampleFileTests.plain.data(using: .utf16LittleEndian)), "expected UTF-8"),
      (
        try #require(SampleFileTests.plain.data(using: .utf32)),
        "b.csv: is in UTF-32, expected UTF-8"
      ),
      (
        Data("exit_time,durée\n1,2\n".unicodeScalars.map { UInt8($0.value) }),
        "b.csv, line 1: is not in UTF-8"
      ),
      (plain + Data([0xE9, 0x0A]), "b.csv, line 7: is not in UTF-8"),
      (Data([0x1F, 0x8B, 8, 0]), "b.csv: is in gzip"),
    ] {
      let result = try test(plain, data)
      #expect(result.status == 65 && result.errorLines.count == 1)
      #expect(result.stderr.contains(says), "\(result.stderr)")
    }
  }

  @Test func `columns are chosen by name, by number, and those of events too`() throws {
    let other = Data("exit_time\n1\n2\n3\n4\n".utf8)
    let spelled = try test(
      Data("exit_time,outcome\n1.5,exited\n2.5,censored\n3.5,exited\n".utf8), other)
    #expect(spelled.status == 0)
    for (text, options) in [
      ("days,dead\n1.5,1\n2.5,0\n3.5,1\n", ["--column", "days", "--event-column", "dead"]),
      ("1.5 1\n2.5 0\n3.5 1\n", ["--column", "1", "--event-column", "2"]),
      ("exit_time,event\n1.5,True\n2.5,False\n3.5,True\n", ["--event-column", "event"]),
    ] {
      // The other file has none of these columns.
      let both = text.hasPrefix("exit_time") ? "exit_time,event\n1,1\n2,1\n3,1\n4,1\n" : nil
      let file =
        both
        ?? (text.hasPrefix("days") ? "days,dead\n1,1\n2,1\n3,1\n4,1\n" : "1 1\n2 1\n3 1\n4 1\n")
      let found = try test(Data(text.utf8), Data(file.utf8), options)
      #expect(found.status == 0 && found.stdout == spelled.stdout, "\(found.stderr)")
    }
    let left = try test(
      Data("exit_time,event\n1.5,1\n2.5,0\n".utf8), other, ["--event-column", "none"])
    let alone = try test(Data("exit_time\n1.5\n2.5\n".utf8), other)
    #expect(left.status == 0 && left.stdout == alone.stdout)
    let none = try test(other, other, ["--column", "days"])
    #expect(none.status == 65 && none.stderr.contains("'exit_time'"), "\(none.stderr)")
  }

  @Test func `of a run's own exit times one dynamics and threshold is chosen`() throws {
    try withDirectory { directory in
      for (name, kinds) in [("both", "ode,chain"), ("chain", "chain")] {
        let run = try runCommand(
          "compare --dimension 60 --width 2 --learning-rate 0.1 --replicas 40 --dynamics \(kinds) "
            + "--thresholds 0.1,0.5 --overlap-thresholds 0.5 --seed 3 --output \(name)",
          in: directory)
        #expect(run.status == 0, "\(run.stderr)")
      }
      func test(_ words: String) throws -> CommandResult {
        try runCommand("test \(words) --format json", in: directory)
      }
      let pooled = try test("both/exit_times.csv chain/exit_times.csv")
      #expect(pooled.status == 65 && pooled.stdout.isEmpty && pooled.errorLines.count == 1)
      for words in [
        "both/exit_times.csv: 6 dynamics and exit rules",
        "--dynamics chain --criterion overlap-1 --threshold 0.5",
        "--dynamics ode --criterion risk --threshold 0.1",
      ] {
        #expect(pooled.stderr.contains(words), "\(pooled.stderr)")
      }
      // The very same rows of both runs are the same, as the issue had it; a directory stands for its file.
      let options = "--dynamics chain --criterion risk --threshold 0.50"
      let same = try test("both chain/exit_times.csv --paired \(options)")
      #expect(same.status == 0, "\(same.stderr)")
      let object = try #require(
        JSONSerialization.jsonObject(with: Data(same.stdout.utf8)) as? [String: Any])
      let ratio = try #require(object["mean_ratio"] as? [String: Any])
      #expect(ratio["estimate"] as? Double == 1)
      // One for each file.
      let sides = try test("both both --dynamics chain,ode --criterion risk --threshold 0.5")
      #expect(sides.status == 0, "\(sides.stderr)")
      #expect(sides.stdout != same.stdout)
      let missing = try test("both both --dynamics sde --criterion risk --threshold 0.5")
      #expect(
        missing.status == 65 && missing.stderr.contains("--dynamics chain"), "\(missing.stderr)")
      try Data(SampleFileTests.plain.utf8).write(to: directory.appendingPathComponent("a.csv"))
      let foreign = try test("a.csv a.csv --dynamics chain")
      #expect(foreign.status == 64 && foreign.stderr.contains("--dynamics: no file has"))
      // A file without these columns takes no part in the choice.
      #expect(try test("a.csv both \(options)").status == 0)
      for (words, says) in [
        ("--threshold half", "--threshold: found 'half'"),
        ("--dynamics a,b,c", "--dynamics: found"),
      ] {
        let result = try test("both both \(words)")
        #expect(result.status == 64 && result.stderr.contains(says), "\(result.stderr)")
      }
    }
  }

  // The readers of a run's own tables share no such fault.
  @Test func `a run's own tables with doubled columns or odd numbers are refused`() throws {
    try withDirectory { directory in
      let model = "--dimension 50 --learning-rate 0.1 --dynamics chain --replicas 3 --horizon 3"
      #expect(try runCommand("compare \(model) --width 2 --output run", in: directory).status == 0)
      #expect(
        try runCommand(
          "trajectories \(model) --times linear:0:1:3 --paths 2 --quantiles 0.5 --output paths",
          in: directory
        ).status == 0)
      #expect(
        try runCommand("sweep \(model) --width 2,3 --output grid", in: directory).status == 0)
      for (place, old, new, says) in [
        (
          "run/exit_times.csv", "exit_time,exit_step\n", "exit_time,exit_step,exit_time\n",
          "stands twice"
        ),
        ("run/exit_times.csv", "exit_step\n", "exit_step\n0x1,", "line 2"),
        ("paths/trajectories.csv", "risk", "risk,risk", "stands twice"),
        ("paths/trajectories.csv", "chain,0,0.0,", "chain,0,0.0,nan,", "line 2"),
        ("paths/bands.csv", "\nchain,0.0,", "\nchain,0.0,3,", "line 2"),
        ("grid/sweep.csv", "\n1,2,", "\n1,2,7,", "line 2"),
        ("grid/sweep.csv", "\n1,2,", "\n1,2,0x5,", "line 2"),
      ] {
        let file = directory.appendingPathComponent(place)
        let sound = try String(contentsOf: file, encoding: .utf8)
        let range = try #require(sound.range(of: old), "\(place) \(old)")
        try Data(sound.replacingCharacters(in: range, with: new).utf8).write(to: file)
        let run = try #require(place.split(separator: "/").first)
        try reseal(directory.appendingPathComponent(String(run)))
        let result = try runCommand("export \(run) --to json", in: directory)
        #expect(
          result.status == 65 && result.stderr.contains(says), "\(place) \(new): \(result.stderr)")
        try Data(sound.utf8).write(to: file)
        try reseal(directory.appendingPathComponent(String(run)))
      }
    }
  }
}
