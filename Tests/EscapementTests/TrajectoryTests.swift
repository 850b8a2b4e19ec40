import Dynamics
import Foundation
import NetCDF
import Testing

@testable import Escapement

@Suite struct TimeGridTests {
  @Test func `a linear grid has equal steps and exact ends`() throws {
    let grid = try TimeGrid(.linear, from: 0, to: 3, points: 7)
    #expect(grid.times == [0, 0.5, 1, 1.5, 2, 2.5, 3])
    #expect(grid.last == 3)
  }

  @Test func `a logarithmic grid has equal ratios and exact ends`() throws {
    let grid = try TimeGrid(.logarithmic, from: 0.01, to: 60, points: 200)
    #expect(grid.times.count == 200)
    #expect(grid.times[0] == 0.01 && grid.last == 60)
    let ratio = pow(6000, 1.0 / 199)
    for (left, right) in zip(grid.times, grid.times.dropFirst()) {
      #expect(abs(right / left / ratio - 1) < 1e-13)
    }
  }

  @Test func `the default reaches from about a thousandth of the horizon to it`() throws {
    let grid = try TimeGrid.standard(horizon: 14)
    #expect(grid.times.count == 200 && grid.last == 14)
    #expect(abs(grid.times[0] - 0.01) < 1e-12)
  }

  @Test func `grids that are none are refused`() {
    #expect(throws: ParameterError.self) { try TimeGrid(.logarithmic, from: 0, to: 1, points: 9) }
    #expect(throws: ParameterError.self) { try TimeGrid(.linear, from: 1, to: 1, points: 9) }
    #expect(throws: ParameterError.self) { try TimeGrid(.linear, from: -1, to: 1, points: 9) }
    #expect(throws: ParameterError.self) { try TimeGrid(.linear, from: 0, to: 1, points: 1) }
    #expect(throws: ParameterError.self) {
      try TimeGrid(.linear, from: 0, to: .infinity, points: 9)
    }
    #expect(throws: ParameterError.self) {
      try TimeGrid(.linear, from: 1, to: 1 + 4 * Double.ulpOfOne, points: 100)
    }
    #expect(throws: ParameterError.self) { try TimeGrid([]) }
    #expect(throws: ParameterError.self) { try TimeGrid([1, 1]) }
    #expect(throws: ParameterError.self) { try TimeGrid([0, .nan]) }
  }
}

@Suite struct RiskBandTests {
  @Test func `means and quantiles are those of the numbers`() throws {
    let band = try RiskBand([4, 1, 3, 2], probabilities: [0, 0.5, 1])
    #expect(band.mean == 2.5 && band.diverged == 0)
    #expect(band.quantiles == [1, 2.5, 4])
    // Variance 5/3 over four numbers.
    #expect(abs(try #require(band.standardError) - (5.0 / 12).squareRoot()) < 1e-15)
  }

  @Test func `diverged replicas stand above all others, and leave no mean`() throws {
    let band = try RiskBand([.nan, 1, 3, 2, .nan], probabilities: [0, 0.25, 0.5, 0.75, 1])
    #expect(band.diverged == 2 && band.mean == nil && band.standardError == nil)
    #expect(band.quantiles == [1, 2, 3, nil, nil])
    let none = try RiskBand([.nan], probabilities: [0.5])
    #expect(none.diverged == 1 && none.quantiles == [nil])
  }
}

@Suite struct RiskCourseTests {
  private func course(_ risks: [Double?], times: [Double]) -> RiskCourse {
    RiskCourse(
      .chain, 3, times, [0.25, 0.5],
      risks.map { risk in
        RiskBand(
          diverged: risk == nil ? 1 : 0, mean: risk, standardError: risk,
          quantiles: [risk.map { $0 / 2 }, risk])
      })
  }

  @Test func `an exponential fall is timed exactly between the times that were looked at`() {
    let times = (0...40).map { 0.7 * Double($0) }
    let falling = course(times.map { 3 * exp(-0.4 * $0) }, times: times)
    #expect(falling.middle == 1)
    for fraction in [0.01, 0.5, 0.99] {
      for place in 0...1 {
        let time = falling.timeOfFall(by: fraction, quantile: place) ?? .nan
        #expect(abs(time + log(1 - fraction) / 0.4) < 1e-12)
      }
    }
    #expect(falling.timeOfFall(by: 1 - 1e-9, quantile: 1) == nil)
  }

  @Test func `a fall that comes too late, after a divergence or to 0 is told apart`() {
    #expect(course([2, 1.9, 1.8], times: [0, 1, 2]).timeOfFall(by: 0.5, quantile: 1) == nil)
    #expect(course([2, nil, 0.5], times: [0, 1, 2]).timeOfFall(by: 0.5, quantile: 1) == nil)
    #expect(course([nil, nil], times: [0, 1]).timeOfFall(by: 0.5, quantile: 1) == nil)
    #expect(course([2, 0], times: [0, 1]).timeOfFall(by: 0.5, quantile: 1) == 0.5)
  }
}

@Suite struct TrajectoryTests {
  private func plan(_ yaml: String = "", _ words: [TrajectoryKey: String] = [:]) throws
    -> TrajectoryPlan
  {
    var options = try TrajectoryOptions(
      yaml: "dimension: 50\nlearning-rate: 0.1\nseed: 4\n" + yaml, name: "case.yaml")
    for (key, text) in words { options.set(key, text) }
    return try TrajectoryPlan(options)
  }

  @Test func `defaults: ten replicas, all written, or bands of a thousand and no path`() throws {
    let paths = try plan()
    #expect(paths.paths == 10 && paths.replicaCount(.chain) == 10)
    #expect(paths.columnNames == ["risk", "M_1_1"])
    let bands = try plan("", [.quantiles: "0.9,0.1"])
    #expect(bands.paths == 0 && bands.replicaCount(.chain) == 1000)
    #expect(bands.quantiles == [0.1, 0.9])
    let both = try plan("replicas: 30\nquantiles: [0.5]\npaths: 4\n")
    #expect(both.pathCount(.sde) == 4 && both.replicaCount(.sde) == 30)
    let few = try plan("replicas: 30\npaths: 4\n")
    #expect(few.replicaCount(.sde) == 4)
  }

  @Test func `the last time is the horizon unless one is given`() throws {
    #expect(try plan("times: [1, 2.5]\n").experiment.exitRule.horizon == 2.5)
    #expect(try plan("times: [1, 2.5]\nhorizon: 4\n").experiment.exitRule.horizon == 4)
    // d = 50 or whatever the plan says: the clock tells.
    let counted = try plan("batch-size: 4\ntimes: 'samples:0,4,9,400'\ndynamics: [chain]\n")
    let clock = counted.experiment.model.clock
    #expect(counted.grid.times == [0, 1, 2, 100].map { clock.time(ofStep: $0) })
    #expect(counted.experiment.exitRule.horizon == clock.time(ofStep: 100))
    let falling = try plan(
      "learning-rate-schedule: {power: 1, after: 30}\ntimes: 'samples:log:1:1000:30'\n"
        + "dynamics: [chain]\n")
    #expect(
      falling.grid.last == falling.experiment.model.clock.time(ofStep: 1000)
        && falling.grid.times.count < 30)
    let error = #expect(throws: ExperimentError.self) { try plan("times: [1, 5]\nhorizon: 4\n") }
    #expect(error?.description.contains("case.yaml, line 4, key 'times': found 5.0") == true)
  }

  @Test(arguments: [
    ("log:0:1:5", "--times: found"), ("log:1:2", "--times: found 'log:1:2'"),
    ("list:1:2:3", "--times"), ("2,1", "--times: found times out of order"),
    ("x", "--times: found 'x'"), ("samples:", "--times: found ''"),
    ("samples:1e300", "--times: found"), ("samples:-1,2", "--times: found -1.0"),
  ])
  func `broken times are refused by name`(text: String, says: String) {
    let error = #expect(throws: ExperimentError.self) { try plan("", [.times: text]) }
    #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
  }

  @Test func `broken columns, paths and quantiles are refused by name`() {
    for (key, text) in [
      (TrajectoryKey.columns, "risk,N"), (.columns, "M,M"), (.paths, "-1"), (.paths, "many"),
      (.paths, "0"), (.quantiles, "0.5,0.5"), (.quantiles, "1.5"), (.quantiles, "half"),
    ] {
      let error = #expect(throws: ExperimentError.self) { try plan("", [key: text]) }
      #expect(error?.description.hasPrefix("--\(key.rawValue): found") == true)
    }
  }

  @Test func `more than fits is refused before any work`() throws {
    let error = #expect(throws: ExperimentError.self) {
      try plan("replicas: 1000000\nquantiles: [0.5]\ntimes: log:0.1:1:500\n")
    }
    #expect(error?.description.contains("4.0 GB to keep, expected at most 2.0 GB") == true)
  }

  @Test func `a plan reads back from its own text, and compare sends it to trajectories`() throws {
    let first = try plan("replicas: 30\nquantiles: [0.5]\npaths: 4\ncolumns: [M, risk, Q, a]\n")
    let second = try TrajectoryPlan(TrajectoryOptions(yaml: first.yaml, name: "again.yaml"))
    #expect(first.yaml == second.yaml && first.grid == second.grid)
    #expect(first.columnNames == ["risk", "M_1_1", "Q_1_1", "a_1"])
    let error = #expect(throws: ExperimentError.self) {
      try ExperimentOptions(yaml: first.yaml, name: "again.yaml")
    }
    #expect(error?.description.contains("escapement trajectories") == true)
  }

  @Test func `trajectories in memory export what their directory does`() async throws {
    try await withTrajectories { _, trajectories, run in
      for format in [ExportFormat.csv, .json, .netcdf, .report] {
        let (mine, read) = (
          try trajectories.exported(to: format).files, try run.exported(to: format).files
        )
        #expect(mine.map(\.name) == read.map(\.name) && !mine.isEmpty)
        for (one, other) in zip(mine, read) {
          #expect(one.contents == other.contents, "\(one.name)")
        }
      }
    }
  }

  @Test func `files read back bit for bit, in text and in netCDF`() async throws {
    try await withTrajectories { directory, trajectories, run in
      #expect(run.paths.map(\.kind) == [.ode, .sde, .chain].sorted())
      for (paths, expected) in zip(run.paths, trajectories.runs) {
        for (index, row) in paths.rows.enumerated() {
          #expect(row == expected.values(path: index / 5, time: index % 5))
        }
      }
      for (bands, expected) in zip(run.bands, trajectories.runs) {
        #expect(bands.kind == expected.kind && bands.replicas == expected.replicas)
        #expect(bands.bands.map(\.mean) == expected.bands.map(\.mean))
        #expect(bands.bands.map(\.quantiles) == expected.bands.map(\.quantiles))
      }
      let place = directory.appendingPathComponent("trajectories.nc").path
      try run.dataSet.writeNetCDF(to: place)
      func values(_ name: String, _ count: Int) throws -> [Double] {
        try netCDFValues(place, [(name, count)])[0]
      }
      #expect(try values("time", 5) == trajectories.plan.grid.times)
      for (index, name) in trajectories.plan.columnNames.enumerated() {
        #expect(try values(name, 3 * 3 * 5) == run.paths.flatMap { $0.rows.map { $0[index] } })
      }
      let quantiles = try values("risk_quantile", 3 * 2 * 5)
      let expected = trajectories.runs.flatMap { run in
        (0..<2).flatMap { index in run.bands.map { $0.quantiles[index]! } }
      }
      #expect(quantiles == expected)
    }
  }

  @Test func `counts of bands that are none, or not the experiment's, are refused by name`()
    async throws
  {
    try await withTrajectories { directory, _, _ in
      let place = directory.appendingPathComponent(TrajectoryDirectory.bands)
      let sound = try String(contentsOf: place, encoding: .utf8).split(separator: "\n")
      for (column, index) in [("replicas", 2), ("diverged", 3)] {
        for odd in ["", "19.5", "-1", "21", "1e300"] {
          var lines = sound
          var fields = lines[3].split(separator: ",", omittingEmptySubsequences: false)
          fields[index] = Substring(odd)
          lines[3] = Substring(fields.joined(separator: ","))
          try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: place)
          let error = #expect(throws: DataFileError.self) {
            try TrajectoryRun(path: directory.path)
          }
          #expect(error?.description.contains("'\(odd)' under \(column), expected") == true)
        }
      }
    }
  }

  @Test func `the risk along time is the same from bands and from paths of all replicas`()
    async throws
  {
    try await withTrajectories { directory, trajectories, run in
      let courses = run.courses()
      for (course, expected) in zip(courses, trajectories.runs) {
        #expect(course.kind == expected.kind && course.replicas == 20)
        #expect(course.means == expected.bands.map(\.mean))
        #expect(course.quantiles == expected.bands.map(\.quantiles))
      }
      let all = try plan(
        "replicas: 20\ntimes: [0, 0.01, 0.5, 1, 3]\nthreads: 2\n", [.columns: "risk"])
      try RunDirectory(path: directory.path).write(try await Trajectories.run(all).files())
      try FileManager.default.removeItem(
        at: directory.appendingPathComponent(TrajectoryDirectory.bands))
      let fromPaths = try TrajectoryRun(path: directory.path).courses()
      #expect(fromPaths.count == 3)
      for (course, expected) in zip(fromPaths, courses) {
        #expect(course.means == expected.means && course.replicas == 20)
        #expect(course.probabilities == [0.05, 0.5, 0.95])
      }
    }
  }

  @Test func `figures show every path and every quantile`() async throws {
    try await withTrajectories { _, trajectories, run in
      let figures = run.figures().drawn
      #expect(
        figures.map(\.name) == ["risk-paths", "risk-quantiles", "risk-means", "overlap-paths"])
      let risks = figures[0].blocks
      #expect(risks.count == 3)
      for block in risks {
        // Three paths of five times with an empty line between, the time 0 off the axis or not.
        #expect(block.rows.count == 17)
        #expect(block.rows.count { $0.isEmpty } == 2)
      }
      #expect(figures[1].blocks.allSatisfy { $0.rows.allSatisfy { $0[2] <= $0[3] } })
    }
  }

  @Test
  func `the headline sets mean beside mean and median beside median, with the errors of both`()
    async throws
  {
    try await withTrajectories { _, _, run in
      func course(
        _ kind: DynamicsKind, mean: Double, error: Double?, median: Double
      ) -> RiskCourse {
        let times = run.plan.grid.times
        return RiskCourse(
          kind, error == nil ? 1 : 200, times, [0.5],
          times.map { _ in
            RiskBand(diverged: 0, mean: mean, standardError: error, quantiles: [median])
          })
      }
      func headline(_ chain: RiskCourse, _ ode: RiskCourse) throws -> [String: String] {
        try #require(TrajectoryReport(run: run, courses: [chain, ode]).verdicts.dropFirst().first)
      }
      // The median of the one beside the mean of the other would be far.
      let chain = course(.chain, mean: 0.275, error: 0.012, median: 0.102)
      let near = try headline(chain, course(.ode, mean: 0.363, error: 0.012, median: 0.109))
      #expect(near["kind"] == "equivalent")
      #expect(
        near["head"]
          == "The mean risk of the ODE is near the mean of the exact chain, its median near "
          + "the median.")
      let text = try #require(near["text"])
      #expect(
        text.contains("The mean is 0.363 ± 0.012 for the ODE, 0.275 ± 0.012 for the exact chain"))
      #expect(text.contains("The median is 0.109 for the ODE, 0.102 for the exact chain"))
      let far = try headline(chain, course(.ode, mean: 0.9, error: 0.01, median: 0.109))
      #expect(far["kind"] == "different" && far["head"]?.contains("far from the mean") == true)
      // The same means, and errors of either side that leave it open.
      for (first, second) in [(0.012, 0.1), (0.1, 0.012)] {
        let open = try headline(
          course(.chain, mean: 0.275, error: first, median: 0.102),
          course(.ode, mean: 0.363, error: second, median: 0.109))
        #expect(open["kind"] == "undetermined")
      }
      let path = try headline(chain, course(.ode, mean: 0.3, error: nil, median: 0.3))
      #expect(path["kind"] == "different")
      #expect(
        path["head"]
          == "The ODE's one path is near the mean risk of the exact chain, and far from its "
          + "median.")
    }
  }

  @Test func `tables that do not belong to the plan are refused with their line`() async throws {
    try await withTrajectories { directory, _, _ in
      let place = directory.appendingPathComponent("trajectories.csv")
      let text = try String(contentsOf: place, encoding: .utf8)
      for (old, new, says) in [
        ("\nchain,1,", "\nchain,7,", "line 7: another row"), (",risk,", ",rask,", "no column risk"),
        ("\nsde,2,", "\nsdo,2,", "another row"),
      ] {
        let range = try #require(text.range(of: old))
        try Data(text.replacingCharacters(in: range, with: new).utf8).write(to: place)
        let error = #expect(throws: DataFileError.self) {
          try TrajectoryRun(path: directory.path)
        }
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
      }
      try Data((text + "chain,0,0.0,1,1,1,1\n").utf8).write(to: place)
      #expect(throws: DataFileError.self) { try TrajectoryRun(path: directory.path) }
      let end = try #require(text.dropLast().lastIndex(of: "\n"))
      try Data(text[...end].utf8).write(to: place)
      #expect(throws: DataFileError.self) { try TrajectoryRun(path: directory.path) }
    }
  }

  /// Runs a small plan with paths and bands of three dynamics at five times, writes and reads it.
  private func withTrajectories(
    _ body: (URL, Trajectories, TrajectoryRun) async throws -> Void
  ) async throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("escapement-test-\(UUID().uuidString)", isDirectory: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let plan = try plan(
      "replicas: 20\nquantiles: [0.1, 0.9]\npaths: 3\ncolumns: [risk, M, Q, a]\n"
        + "times: [0, 0.01, 0.5, 1, 3]\nthreads: 2\n")
    let trajectories = try await Trajectories.run(plan)
    try RunDirectory(path: directory.path).write(try trajectories.files())
    try await body(directory, trajectories, try TrajectoryRun(path: directory.path))
  }
}
