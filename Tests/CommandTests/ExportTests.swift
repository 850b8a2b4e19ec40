import Foundation
import Testing

@Suite struct ExportTests {
  /// A run of all dynamics with unequal replicas, some of them censored.
  private func makeRun(_ path: URL, _ words: String = "") throws {
    let result = try runCommand(
      "compare --dimension 60 --learning-rate 0.1 --replicas 300,sgd:7 --dynamics ode,sde,chain,sgd "
        + "--thresholds 0.1,0.5 --horizon 2 --seed 5 --output \(path.path) \(words)")
    try #require(result.status == 0, "\(result.stderr)")
  }

  @Test(.enabled(if: Python.isThere, "xarray, netCDF4 and pandas are needed"))
  func `netCDF in xarray and tables in pandas hold the same numbers, censoring intact`() throws {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      for words in ["", "--start overlaps:0.1"] {
        try makeRun(run, "--overwrite \(words)")
        for format in ["csv", "netcdf", "json"] {
          let result = try runCommand(["export", run.path, "--to", format])
          try #require(result.status == 0, "\(result.stderr)")
        }
        let csv = try String(
          contentsOf: run.appendingPathComponent("exit_times.csv"), encoding: .utf8)
        #expect(csv.contains("censored"))
        let checked = try Python.run(script: "round_trip.py", [run.path])
        #expect(checked.status == 0, "\(checked.stderr)")
        #expect(checked.stdout.hasSuffix("rows agree\n"))
      }
      // One bit of one number, and the check must see it.
      let place = run.appendingPathComponent("exit_times.csv")
      var lines = try String(contentsOf: place, encoding: .utf8).split(separator: "\n")
      let index = try #require(lines.firstIndex { $0.hasPrefix("chain") && $0.contains("exited") })
      var fields = lines[index].split(separator: ",", omittingEmptySubsequences: false)
      fields[4] = Substring("\(try #require(Double(fields[4])).nextUp)")
      lines[index] = Substring(fields.joined(separator: ","))
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: place)
      let sabotaged = try Python.run(script: "round_trip.py", [run.path])
      #expect(sabotaged.status != 0)
      #expect(sabotaged.stderr.contains("exit times"))
    }
  }

  @Test func `files go where they are asked to, and their paths are printed`() throws {
    try withDirectory { directory in
      let (run, other) = (
        directory.appendingPathComponent("run"), directory.appendingPathComponent("other")
      )
      try makeRun(run)
      let inPlace = try runCommand(["export", run.path, "--to", "csv"])
      #expect(inPlace.status == 0)
      #expect(inPlace.stdout.split(separator: "\n").count == 2)
      let result = try runCommand(["export", run.path, "--to", "csv", "--output", other.path])
      #expect(result.status == 0)
      let paths = result.stdout.split(separator: "\n").map(String.init)
      #expect(paths.count == 3)
      for path in paths { #expect(FileManager.default.fileExists(atPath: path), "\(path)") }
      #expect(
        try Data(contentsOf: run.appendingPathComponent("exit_times.csv"))
          == Data(contentsOf: other.appendingPathComponent("exit_times.csv")))
    }
  }

  @Test func `a broken run is refused with 65, file and place`() throws {
    try withDirectory { directory in
      let empty = try runCommand(["export", directory.path, "--to", "netcdf"])
      #expect(empty.status == 65)
      #expect(empty.stderr.contains("no experiment.yaml"))
      let run = directory.appendingPathComponent("run")
      try makeRun(run)
      func edit(
        _ name: String, _ old: String, _ new: String,
        from options: String.CompareOptions = .backwards, expecting words: [String]
      ) throws {
        let place = run.appendingPathComponent(name)
        let text = try String(contentsOf: place, encoding: .utf8)
        let range = try #require(text.range(of: old, options: options), "\(old)")
        try Data(text.replacingCharacters(in: range, with: new).utf8).write(to: place)
        try reseal(run)
        for format in ["csv", "json", "netcdf"] {
          let result = try runCommand(
            [
              "export", run.path, "--to", format, "--output",
              run.appendingPathComponent("new").path,
            ])
          #expect(result.status == 65)
          #expect(result.errorLines.count == 1)
          for word in words { #expect(result.stderr.contains(word), "\(result.stderr)") }
        }
        try Data(text.utf8).write(to: place)
        try reseal(run)
      }
      try edit(
        "exit_times.csv", ",exited,", ",left,", expecting: ["exit_times.csv, line ", "left"])
      try edit("exit_times.csv", "exit_time,", "time,", expecting: ["line 1", "exit_time"])
      try edit("exit_times.csv", "chain,0.1,0,", "chain,0.1,1,", expecting: ["line 2", "replica"])
      try edit(
        "summary.json", "\"dynamics\" : \"sde\"", "\"dynamics\" : \"sdo\"",
        from: [], expecting: ["summary.json", "'sdo'", "expected ode, sde, chain or sgd"])
      try edit(
        "summary.json", "escapement/comparison/1", "other/1", expecting: ["summary.json", "schema"])
      try edit(
        "summary.json", #""interval" : \[(?=[^\]]*\],\s*"margin")"#,
        #""interval" : [1,"#, from: .regularExpression,
        expecting: ["summary.json: key 'comparisons[", "an interval of 3 numbers"])
      try edit("summary.json", "\"seed\" : 5", "\"seed\" : \"x\"", expecting: ["provenance.seed"])
      try edit("experiment.yaml", "width: 1", "width: 0", expecting: ["experiment.yaml", "width"])
      #expect(!FileManager.default.fileExists(atPath: run.appendingPathComponent("new").path))
    }
  }

  @Test func `figures are drawn with their data and scripts, and say what they show`() throws {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      try makeRun(run, "--thresholds 0.5 --start overlaps:0.1")
      let result = try runCommand(["export", run.path, "--to", "figures"])
      try #require(result.status == 0, "\(result.stderr)")
      let folder = run.appendingPathComponent("figures")
      func data(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent(name))
      }
      let captions = String(decoding: try data("README.md"), as: UTF8.self)
      for name in ["exit-times", "survival", "distribution-difference", "quantiles"] {
        let file = "\(name)-T0.5"
        #expect(try data(file + ".png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
        #expect(try data(file + ".pdf").starts(with: Data("%PDF".utf8)))
        #expect(try !data(file + ".dat").isEmpty)
        let picture = String(decoding: try data(file + ".svg"), as: UTF8.self)
        #expect(picture.contains("exit time τ"), "an axis with its unit")
        #expect(picture.contains("exact chain") && picture.contains("SDE"), "a legend")
        #expect(captions.contains("](\(file).svg)"))
      }
      // A script draws its picture again, without the program that wrote it.
      let picture = folder.appendingPathComponent("survival-T0.5.svg")
      let before = try Data(contentsOf: picture)
      try FileManager.default.removeItem(at: picture)
      let drawn = try runProgram("/usr/bin/env", ["gnuplot", "-d", "survival-T0.5.gp"], in: folder)
      #expect(drawn.status == 0)
      #expect(try Data(contentsOf: picture) == before)
    }
  }

  @Test func `one figure is drawn alone in the form that is asked for`() throws {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      try makeRun(run, "--thresholds 0.5")
      let result = try runCommand(
        ["export", run.path, "--figure", "survival-T0.5", "--format", "png"])
      try #require(result.status == 0, "\(result.stderr)")
      let folder = run.appendingPathComponent("figures")
      let names = ["style.gp"] + ["dat", "gp", "png"].map { "survival-T0.5.\($0)" }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == names)
      #expect(Set(result.stdout.split(separator: "\n").map(String.init)).count == 4)
      let picture = try Data(contentsOf: folder.appendingPathComponent("survival-T0.5.png"))
      #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]))
      // What is refused is so before anything is drawn.
      for (words, says) in [
        ("--figure survivl-T0.5", "the nearest is survival-T0.5"),
        ("--figure nothing", "one of exit-times-T0.5, survival-T0.5"),
        ("--to csv --figure survival-T0.5", "--figure stands beside --to csv"),
        ("--to json --format png", "--format stands beside --to json"),
        ("--figure survival-T0.5 --format jpeg", "jpeg"), ("", "--to <format>"),
      ] {
        let refused = try runCommand("export \(run.path) --output \(directory.path)/new \(words)")
        #expect(refused.status == 64 && refused.errorLines.count == 1, "\(refused.stderr)")
        #expect(refused.stderr.contains(says), "\(refused.stderr)")
        #expect(!FileManager.default.fileExists(atPath: "\(directory.path)/new"))
      }
      // All of them in one form, with a page that shows it; then the run is removed with its figures.
      let all = try runCommand(["export", run.path, "--to", "figures", "--format", "pdf"])
      #expect(all.status == 0 && all.stdout.contains("quantiles-T0.5.pdf"), "\(all.stderr)")
      #expect(!all.stdout.contains(".svg"))
      let page = try String(contentsOf: folder.appendingPathComponent("README.md"), encoding: .utf8)
      #expect(page.contains("](survival-T0.5.pdf)"))
      try makeRun(run, "--thresholds 0.5 --overwrite")
      #expect(!FileManager.default.fileExists(atPath: folder.path))
    }
  }

  @Test func `without gnuplot one line says how to install it, and the rest works`() throws {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      try makeRun(run)
      let path = ["PATH": directory.path]
      let result = try runCommand(["export", run.path, "--to", "figures"], environment: path)
      #expect(result.status == 69)
      #expect(result.errorLines.count == 1)
      #expect(result.stderr.contains("apt-get install gnuplot-nox"))
      #expect(
        !FileManager.default.fileExists(atPath: run.appendingPathComponent("figures").path))
      #expect(
        try runCommand(["export", run.path, "--to", "netcdf"], environment: path).status == 0)
    }
  }

  @Test(.enabled(if: Python.isThere, "html5lib is needed"))
  func `the report is one sound page, and nothing in a run becomes markup`() throws {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      try makeRun(run, "--thresholds 0.5 --start overlaps:0.1")
      // What somebody may have written into the files of a run.
      let yaml = run.appendingPathComponent("experiment.yaml")
      let text = try String(contentsOf: yaml, encoding: .utf8)
      try Data("# <script>alert(1)</script> & more\n\(text)".utf8).write(to: yaml)
      let json = run.appendingPathComponent("summary.json")
      let summary = try String(contentsOf: json, encoding: .utf8)
      try Data(
        summary.replacingOccurrences(
          of: "\"warnings\" : [", with: "\"warnings\" : [\"<img src=x>\","
        )
        .replacingOccurrences(of: "\"<img src=x>\",\n\n", with: "\"<img src=x>\"\n").utf8
      ).write(to: json)
      try reseal(run)
      let result = try runCommand(["export", run.path, "--to", "report"])
      try #require(result.status == 0, "\(result.stderr)")
      let place = run.appendingPathComponent("report.html")
      let page = try String(contentsOf: place, encoding: .utf8)
      #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; more"))
      #expect(page.contains("&lt;img src=x&gt;"))
      for words in [
        "not decided at 5%: ", "censored", "xoshiro256++", "growth rate", "Brownian bridge",
        "prefers-color-scheme: dark", "<a href=\"#part-1\">Exit times</a>", "replicas to settle it",
      ] {
        #expect(page.contains(words), "\(words)")
      }
      // The verdict stands before all else.
      let verdict = try #require(page.range(of: "class=\"verdict"))
      #expect(verdict.lowerBound < (try #require(page.range(of: "<table"))).lowerBound)
      #expect(page.components(separatedBy: "<svg").count == 5)
      try expectSoundPage(of: run)

      // A page that loads something must fail the check.
      let loading = page.replacingOccurrences(
        of: "</main>", with: "<img src=\"https://example.org/x.png\"></main>")
      try Data(loading.utf8).write(to: place)
      #expect(try Python.run(script: "check_page.py", [place.path]).status != 0)
    }
  }

  @Test(.enabled(if: Python.isThere, "nbclient and ipykernel are needed"))
  func `the notebook runs and draws its figures from the data beside it`() throws {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      try makeRun(run, "--thresholds 0.5 --start overlaps:0.1")
      try expectNotebook(of: run, figures: 4)
    }
  }

  @Test(.enabled(if: Python.isThere, "xarray, pandas, html5lib and nbclient are needed"))
  func `a sweep goes to every format, with the same numbers`() throws {
    try withDirectory { directory in
      let sweep = directory.appendingPathComponent("sweep")
      let made = try runCommand(
        "sweep --width 1,2 --dimension 40,60 --learning-rate 0.05 --replicas 20 --thresholds 0.3 "
          + "--dynamics ode,chain --overlap-thresholds 0.3 --output \(sweep.path)")
      try #require(made.status == 0, "\(made.stderr)")
      let result = try runCommand(["export", sweep.path, "--to", "figures"])
      try #require(result.status == 0, "\(result.stderr)")
      for (name, words) in [
        ("ratio-to-annealed-T0.3", ["width p", "annealed formula", "d = 40", "d = 60"]),
        ("verdicts-T0.3", ["exact chain / ODE", "first / second", "d = 60, p = 2"]),
        ("verdicts-overlap-1-0.3", ["exact chain / ODE"]),
      ] {
        let place = sweep.appendingPathComponent("figures/\(name).svg")
        let picture = try String(contentsOf: place, encoding: .utf8)
        for word in words { #expect(picture.contains(word), "\(word)") }
      }
      for format in ["json", "netcdf", "report"] {
        let result = try runCommand(["export", sweep.path, "--to", format])
        #expect(result.status == 0, "\(result.stderr)")
      }
      let round = try Python.run(script: "sweep_round_trip.py", [sweep.path])
      #expect(round.status == 0, "\(round.stderr)")
      // One altered digit is seen.
      let json = sweep.appendingPathComponent("sweep.json")
      let text = try String(contentsOf: json, encoding: .utf8)
      let place = try #require(text.firstRange(of: /"mean": [0-9.]*[1-8](?=,)/)).upperBound
      let digit = text.index(before: place)
      let other = text[digit] == "1" ? "2" : "1"
      try Data(text.replacingCharacters(in: digit..<place, with: other).utf8).write(to: json)
      #expect(try Python.run(script: "sweep_round_trip.py", [sweep.path]).status != 0)

      let page = try String(
        contentsOf: sweep.appendingPathComponent("report.html"), encoding: .utf8)
      for words in ["How does the escape from the plateau depend on", "4 points: dimension 40, 60"]
      {
        #expect(page.contains(words), "\(words)")
      }
      try expectSoundPage(of: sweep)
      try expectNotebook(of: sweep, figures: 6)
      let tables = try runCommand(["export", sweep.path, "--to", "csv"])
      #expect(tables.status == 0 && tables.stdout.isEmpty)
      #expect(tables.stderr.contains("has sweep.csv and verdicts.csv already"))
    }
  }
}
