import Foundation
import Testing

/// Feeds exports with files that hold commands for the programs that read what exports write.
@Suite struct HostileDataTests {
  private static let formats = ["figures", "report", "notebook", "csv", "json", "netcdf"]

  /// Makes a sweep of two points that has every table.
  private func makeSweep(_ directory: URL) throws -> URL {
    let result = try runCommand(
      "sweep --dimension 50,60 --width 2,3 --learning-rate 0.1 --dynamics ode,chain --replicas 6 "
        + "--thresholds 0.5 --overlap-thresholds 0.3 --output sweep", in: directory)
    try #require(result.status == 0, "\(result.stderr)")
    return directory.appendingPathComponent("sweep")
  }

  /// Writes a table in which the fields of a column are others, quoted as CSV has it; the last row stays.
  private func write(_ sound: String, with text: String, in column: String, to table: URL) throws {
    let lines = sound.split(separator: "\n")
    let place = try #require(lines[0].split(separator: ",").firstIndex { $0 == column })
    let field = "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    let rows = lines.dropFirst().dropLast().map { line -> String in
      var fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      fields[place] = field
      return fields.joined(separator: ",")
    }
    let last = String(try #require(lines.last))
    try Data((([String(lines[0])] + rows + [last]).joined(separator: "\n") + "\n").utf8).write(
      to: table)
  }

  private func expectNoTrace(_ trace: URL, _ what: String) {
    #expect(!FileManager.default.fileExists(atPath: trace.path), "\(what)")
    try? FileManager.default.removeItem(at: trace)
  }

  // The first is the report's own; the others go for the comment, the backquote, the macro, Python and HTML.
  private func payloads(_ trace: URL) -> [String] {
    let touch = "touch \(trace.path)"
    return [
      "x';system('\(touch)');y='", "x\r\nsystem('\(touch)')\r\n", "x\u{2028}system('\(touch)')",
      "`\(touch)`", "''''system('\(touch)')", "x\n!\(touch)\n", "@x;system(\"\(touch)\")",
      "$(\(touch))",
      "\"\"\"\n# %%\nimport os; os.system('\(touch)')\n", "<script>alert(1)</script>",
      "{{{x}}}{{/x}}", "< \(touch)", "| \(touch)",
    ]
  }

  @Test func `words of a sweep's tables that are none are refused with 65, and run nothing`() throws
  {
    try withDirectory { directory in
      let sweep = try makeSweep(directory)
      let trace = directory.appendingPathComponent("trace")
      for (table, columns) in [
        ("sweep.csv", ["criterion", "dynamics", "threshold", "point", "mean", "width"]),
        ("verdicts.csv", ["criterion", "first", "second", "verdict", "map_verdict", "ratio"]),
      ] {
        let place = sweep.appendingPathComponent(table)
        let sound = try String(contentsOf: place, encoding: .utf8)
        for (index, column) in columns.enumerated() {
          let payloads = payloads(trace)
          // Each column with some, and all of them with the column that was open.
          for payload in index == 0 ? payloads : [payloads[0], payloads[index], payloads[9]] {
            try write(sound, with: payload, in: column, to: place)
            try reseal(sweep)
            for format in index == 0 ? ["figures", "report"] : [HostileDataTests.formats[index]] {
              let result = try runCommand(["export", sweep.path, "--to", format])
              #expect(result.status == 65, "\(column) \(payload): \(result.stderr)")
              #expect(result.stderr.contains("\(table), line "), "\(result.stderr)")
              #expect(result.errorLines.count == 1 && !result.stderr.contains("\u{2028}"))
              expectNoTrace(trace, "\(column) \(payload)")
            }
          }
        }
        try Data(sound.utf8).write(to: place)
        try reseal(sweep)
      }
      #expect(try runCommand(["export", sweep.path, "--to", "json"]).status == 0)
    }
  }

  @Test func `a count of replicas that is none or too large to add up is refused`() throws {
    try withDirectory { directory in
      let sweep = try makeSweep(directory)
      let place = sweep.appendingPathComponent("sweep.csv")
      let sound = try String(contentsOf: place, encoding: .utf8)
      for (column, count) in [
        ("exited", "9223372036854775807"), ("replicas", "-1"), ("diverged", ""),
        ("censored", "1.5"),
      ] {
        try write(sound, with: count, in: column, to: place)
        try reseal(sweep)
        let result = try runCommand(["export", sweep.path, "--to", "report"])
        #expect(result.status == 65, "\(column): \(result.stderr)")
        #expect(result.stderr.contains("expected a whole number of replicas"), "\(result.stderr)")
      }
    }
  }

  @Test func `a column of a sweep that is no key is refused, as it would be a label`() throws {
    try withDirectory { directory in
      let sweep = try makeSweep(directory)
      let trace = directory.appendingPathComponent("trace")
      let place = sweep.appendingPathComponent("sweep.csv")
      let sound = try String(contentsOf: place, encoding: .utf8)
      for name in ["x';system('touch \(trace.path)');'", "onload", "x`touch \(trace.path)`"] {
        let altered = sound.replacingOccurrences(of: "point,dimension", with: "point,\(name)")
        #expect(altered != sound)
        try Data(altered.utf8).write(to: place)
        try reseal(sweep)
        let result = try runCommand(["export", sweep.path, "--to", "figures"])
        #expect(result.status == 65 && result.stderr.contains("sweep.csv, line 1"))
        expectNoTrace(trace, name)
      }
    }
  }

  // What may be any text is a value of a swept key, such as the name of a file.
  @Test func `a swept value with commands in it is drawn as a word`() throws {
    try withDirectory { directory in
      let sweep = try makeSweep(directory)
      let trace = directory.appendingPathComponent("trace")
      // A further swept key, with the value square in every row.
      let tables = try ["sweep.csv", "verdicts.csv"].map { name in
        let place = sweep.appendingPathComponent(name)
        let lines = try String(contentsOf: place, encoding: .utf8).split(separator: "\n").map {
          line in
          let fields = line.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
          return "\(fields[0]),\(fields[0] == "point" ? "activation" : "square"),\(fields[1])"
        }
        return (place: place, sound: lines.joined(separator: "\n") + "\n")
      }
      let first = "x';system('touch \(trace.path)');y='"
      for payload in [
        first, "''''system('touch \(trace.path)')",
        "`touch \(trace.path)`", "<script>alert(1)</script>%s%d{hermite: [0, '#']}\\",
      ] {
        for (place, sound) in tables {
          try write(sound, with: payload, in: "activation", to: place)
        }
        try reseal(sweep)
        // What has no gnuplot in it needs one of them.
        for format in payload == first ? HostileDataTests.formats : ["figures"] {
          let result = try runCommand(["export", sweep.path, "--to", format])
          #expect(result.status == 0, "\(payload) \(format): \(result.stderr)")
          expectNoTrace(trace, "\(payload) \(format)")
        }
        guard payload.hasPrefix("<script") else { continue }
        #expect(try runCommand(["export", sweep.path, "--to", "report"]).status == 0)
        let page = try String(
          contentsOf: sweep.appendingPathComponent("report.html"), encoding: .utf8)
        #expect(page.contains("&lt;script&gt;") && !page.contains("<script"))
      }
    }
  }

  @Test func `a summary and fits with words that are none are refused, and run nothing`() throws {
    try withDirectory { directory in
      let trace = directory.appendingPathComponent("trace")
      let made = try runCommand(
        "compare --dimension 50 --width 2 --learning-rate 0.1 --replicas 6 --dynamics ode,chain "
          + "--thresholds 0.5 --output run", in: directory)
      #expect(made.status == 0)
      let run = directory.appendingPathComponent("run")
      let payload = "x';system('touch \(trace.path)');y='\\r\\nsystem('touch \(trace.path)')"
      for (name, sound) in [
        ("summary.json", "\"dynamics\" : \"chain\""), ("summary.json", "\"first\" : \"chain\""),
        ("summary.json", "\"criterion\" : \"risk\""),
        ("summary.json", "\"generator\" : \"xoshiro256++\""),
        ("exit_times.csv", "chain"),
      ] {
        let place = run.appendingPathComponent(name)
        let before = try String(contentsOf: place, encoding: .utf8)
        let value = try #require(sound.split(separator: "\"").last)
        let altered = before.replacingOccurrences(
          of: sound, with: sound.replacingOccurrences(of: value, with: payload))
        try #require(altered != before, "\(sound)")
        try Data(altered.utf8).write(to: place)
        try reseal(run)
        for format in HostileDataTests.formats {
          let result = try runCommand(["export", run.path, "--to", format])
          #expect(result.status == 65, "\(sound) \(format): \(result.stderr)")
          #expect(result.stderr.contains(name) && result.errorLines.count == 1)
          expectNoTrace(trace, "\(sound) \(format)")
        }
        try Data(before.utf8).write(to: place)
        try reseal(run)
      }
      #expect(try runCommand(["export", run.path, "--to", "report"]).status == 0)
    }
  }

  @Test func `what a file holds reaches a terminal without control characters`() throws {
    try withDirectory { directory in
      try Data("exit_time\n\u{1B}]0;title\u{7}\u{9B}1m\n".utf8)
        .write(to: directory.appendingPathComponent("a.csv"))
      let result = try runCommand("test a.csv a.csv", in: directory)
      #expect(result.status == 65)
      #expect(
        result.stderr.dropLast().unicodeScalars.allSatisfy {
          $0.properties.generalCategory != .control
        })
    }
  }

  // Links and names of others in the folder of points.
  @Test func `a sweep removes its own temporaries alone, and follows no link`() throws {
    try withDirectory { directory in
      let manager = FileManager.default
      let sweep = "sweep --dimension 50,60 --learning-rate 0.1 --dynamics ode --output grid"
      func path(_ name: String) -> String { directory.appendingPathComponent(name).path }
      func fill(_ name: String) throws {
        try manager.createDirectory(atPath: path(name), withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: directory.appendingPathComponent("\(name)/file"))
      }
      // What is elsewhere stays, and nothing is written there.
      try fill("elsewhere/.git/objects")
      try fill("grid")
      try manager.removeItem(atPath: path("grid/file"))
      try manager.createSymbolicLink(
        atPath: path("grid/points"), withDestinationPath: path("elsewhere"))
      for words in [sweep, "\(sweep) --overwrite"] {
        let linked = try runCommand(words, in: directory)
        #expect(linked.status == 73 && linked.stderr.contains("a link"), "\(linked.stderr)")
        #expect(try manager.contentsOfDirectory(atPath: path("elsewhere")) == [".git"])
        #expect(manager.fileExists(atPath: path("elsewhere/.git/objects/file")))
      }
      try manager.removeItem(atPath: path("grid/points"))

      #expect(try runCommand(sweep, in: directory).status == 0)
      try fill("grid/points/.git")
      try fill("grid/points/.0007")
      try fill("grid/points/.0002.partial")
      try manager.moveItem(
        atPath: path("grid/points/.0002.partial/file"),
        toPath: path("grid/points/.0002.partial/point.json"))
      #expect(try runCommand(sweep, in: directory).status == 0)
      #expect(
        try manager.contentsOfDirectory(atPath: path("grid/points")).sorted()
          == [".0007", ".git", "0001", "0002"])

      // A broken point is replaced, unless there is something of others in it.
      try Data("{".utf8).write(to: directory.appendingPathComponent("grid/points/0002/point.json"))
      try fill("grid/points/0002")
      let blocked = try runCommand(sweep, in: directory)
      #expect(
        blocked.status == 74 && blocked.stderr.contains("something else"), "\(blocked.stderr)")
      #expect(manager.fileExists(atPath: path("grid/points/0002/file")))
      try manager.removeItem(atPath: path("grid/points/0002/file"))
      #expect(try runCommand(sweep, in: directory).status == 0)

      try manager.moveItem(atPath: path("grid/points/0001"), toPath: path("moved"))
      try manager.createSymbolicLink(
        atPath: path("grid/points/0001"), withDestinationPath: path("moved"))
      let point = try runCommand(sweep, in: directory)
      #expect(point.status == 73 && point.stderr.contains("is a link"), "\(point.stderr)")
      #expect(manager.fileExists(atPath: path("moved/point.json")))
    }
  }

  @Test func `an export does not write through a linked folder or probe`() throws {
    try withDirectory { directory in
      let manager = FileManager.default
      #expect(
        try runCommand(
          "compare --dimension 50 --width 2 --learning-rate 0.1 --replicas 5 --dynamics chain --output run",
          in: directory
        ).status == 0)
      try manager.createDirectory(
        at: directory.appendingPathComponent("elsewhere"), withIntermediateDirectories: false)
      func link(_ name: String) throws {
        try manager.createSymbolicLink(
          atPath: directory.appendingPathComponent("run/\(name)").path,
          withDestinationPath: directory.appendingPathComponent("elsewhere/x").path)
      }
      try link("figures")
      let figures = try runCommand("export run --to figures", in: directory)
      #expect(figures.status == 73 && figures.stderr.contains("link"), "\(figures.stderr)")
      try manager.removeItem(at: directory.appendingPathComponent("run/figures"))
      try link(".escapement-probe")
      #expect(try runCommand("export run --to json", in: directory).status == 73)
      #expect(
        try manager.contentsOfDirectory(
          atPath: directory.appendingPathComponent("elsewhere").path) == [])
    }
  }
}
