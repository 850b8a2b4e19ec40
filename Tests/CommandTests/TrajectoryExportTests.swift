import Foundation
import Testing

@Suite struct TrajectoryExportTests {
  /// Paths and bands of all dynamics with unequal replicas from one start.
  private func makeRun(_ path: URL, _ words: String = "") throws {
    let result = try runCommand(
      "trajectories --dimension 60 --learning-rate 0.1 --seed 9 --dynamics ode,sde,chain,sgd "
        + "--start overlaps:0.1 --replicas 9,sgd:5 --times log:0.01:6:15 --paths 7 "
        + "--quantiles 0.1,0.5,0.9 --output \(path.path) \(words)")
    try #require(result.status == 0, "\(result.stderr)")
  }

  private func export(_ run: URL, _ format: String) throws {
    let result = try runCommand(["export", run.path, "--to", format])
    try #require(result.status == 0, "\(result.stderr)")
  }

  @Test(.enabled(if: Python.isThere, "xarray, netCDF4 and pandas are needed"))
  func `netCDF in xarray, tables in pandas and JSON hold the same numbers, divergence intact`()
    throws
  {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      try makeRun(run, "--columns risk,M,Q,a")
      let diverging = directory.appendingPathComponent("diverging")
      let made = try runCommand(
        "trajectories --dimension 20 --learning-rate 0.6 --label-noise 0.5 --constraint free "
          + "--dynamics chain --replicas 30 --paths 20 --quantiles 0,0.5,1 --times linear:0:4:9 "
          + "--output \(diverging.path)")
      try #require(made.status == 0, "\(made.stderr)")
      let bands = try String(
        contentsOf: diverging.appendingPathComponent("bands.csv"), encoding: .utf8)
      #expect(bands.contains(",,,"), "a mean that is missing")
      for place in [run, diverging] {
        for format in ["netcdf", "json"] { try export(place, format) }
        let checked = try Python.run(script: "trajectory_round_trip.py", [place.path])
        #expect(checked.status == 0, "\(checked.stderr)")
        #expect(checked.stdout.hasSuffix("rows agree\n"))
      }
      // One bit of one number, and the check must see it.
      let table = run.appendingPathComponent("trajectories.csv")
      var lines = try String(contentsOf: table, encoding: .utf8).split(separator: "\n")
      var fields = lines[20].split(separator: ",")
      fields[4] = Substring("\(try #require(Double(fields[4])).nextUp)")
      lines[20] = Substring(fields.joined(separator: ","))
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: table)
      let sabotaged = try Python.run(script: "trajectory_round_trip.py", [run.path])
      #expect(sabotaged.status != 0)
      #expect(sabotaged.stderr.contains("M_1_1 of chain 1"), "\(sabotaged.stderr)")
    }
  }

  @Test func `csv takes the tables along and adds the times of falls`() throws {
    try withDirectory { directory in
      let (run, other) = (
        directory.appendingPathComponent("run"), directory.appendingPathComponent("other")
      )
      try makeRun(run)
      let inPlace = try runCommand(["export", run.path, "--to", "csv"])
      #expect(inPlace.stdout.split(separator: "\n").count == 1)
      let result = try runCommand(["export", run.path, "--to", "csv", "--output", other.path])
      #expect(result.status == 0 && result.stdout.split(separator: "\n").count == 3)
      for name in ["fall_times.csv", "trajectories.csv", "bands.csv"] {
        #expect(
          try Data(contentsOf: run.appendingPathComponent(name))
            == Data(contentsOf: other.appendingPathComponent(name)))
      }
      let falls = try String(
        contentsOf: run.appendingPathComponent("fall_times.csv"), encoding: .utf8
      ).split(separator: "\n")
      #expect(falls[0] == "dynamics,probability,fraction,time")
      // Four dynamics, three quantiles, five fractions.
      #expect(falls.count == 1 + 4 * 3 * 5)
      #expect(falls.contains { $0.hasPrefix("ode,0.5,0.5,") && !$0.hasSuffix(",") })
    }
  }

  @Test(.enabled(if: Python.isThere, "html5lib is needed"))
  func `the report is one sound page with words first, with and without gnuplot`() throws {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      try makeRun(run)
      try export(run, "report")
      let place = run.appendingPathComponent("report.html")
      let page = try String(contentsOf: place, encoding: .utf8)
      for words in [
        "Half of the risk is gone at τ\u{A0}=\u{A0}", "in the median of full SGD", "by the ODE",
        "The ODE&#39;s one path is ", "At the end, τ\u{A0}=\u{A0}6", "When has the risk fallen?",
        "full SGD, 5 replicas",
        "xoshiro256++", "Excess risk at some times", "start: {overlaps: [0.1]}",
      ] { #expect(page.contains(words), "\(words)") }
      let verdict = try #require(page.range(of: "class=\"verdict"))
      #expect(verdict.lowerBound < (try #require(page.range(of: "<table"))).lowerBound)
      #expect(page.components(separatedBy: "<svg").count == 5)
      try expectSoundPage(of: run)
      let figures = try runCommand(
        ["export", run.path, "--to", "figures"], environment: ["PATH": directory.path])
      #expect(figures.status == 69 && figures.errorLines.count == 1)
    }
  }

  @Test func `a report without the risk says so, and one of paths alone has their quantiles`()
    throws
  {
    try withDirectory { directory in
      let words =
        "trajectories --dimension 60 --learning-rate 0.1 --dynamics chain --replicas 12 "
        + "--times linear:0:5:11"
      for (columns, says) in [("M", "No words on the risk"), ("risk", "exact chain, 12 replicas")] {
        let run = directory.appendingPathComponent(columns)
        let made = try runCommand("\(words) --columns \(columns) --output \(run.path)")
        try #require(made.status == 0, "\(made.stderr)")
        for format in ["csv", "json", "report"] { try export(run, format) }
        let page = try String(
          contentsOf: run.appendingPathComponent("report.html"), encoding: .utf8)
        #expect(page.contains(says))
      }
    }
  }

  @Test(.enabled(if: Python.isThere, "nbclient and ipykernel are needed"))
  func `the notebook runs and draws paths, quantiles and overlaps`() throws {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      try makeRun(run)
      try expectNotebook(of: run, figures: 4)
    }
  }
}
