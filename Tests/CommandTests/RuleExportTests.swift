import Foundation
import Testing

/// What is exported of several passes over a set of samples, and of rates that change.
@Suite struct RuleExportTests {
  static let rules = [
    "--samples 240 --epochs 5 --order shuffled --dynamics sgd",
    "--learning-rate-schedule power:0.5,300 --horizon 6 --dynamics ode,sde,chain,sgd",
    "--activation erf --second-layer-learning-rate 0.002 "
      + "--second-layer-learning-rate-schedule steps:0=0.002,300=0.0005 --horizon 3 --dynamics ode,chain,sgd",
  ]

  private func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

  /// Exports a run to every format; figures and what they need only where gnuplot is there.
  private func exportAll(_ run: URL) throws -> String {
    var names: [String] = []
    for format in ["csv", "json", "netcdf", "report", "notebook", "figures"] {
      let place = run.deletingLastPathComponent().appendingPathComponent("\(format)-of-run")
      let result = try runCommand(["export", run.path, "--to", format, "--output", place.path])
      if format == "figures", result.status == 69 { continue }
      try #require(result.status == 0, "\(format): \(result.stderr)")
      let files = try FileManager.default.subpathsOfDirectory(atPath: place.path)
      #expect(!files.isEmpty, "\(format)")
      names += files
    }
    return names.joined(separator: " ")
  }

  @Test(arguments: rules) func `exit times are exported whole`(rule: String) throws {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      let made = try runCommand(
        words(
          "compare --dimension 40 --learning-rate 0.1 --replicas 12 --thresholds 0.3 --seed 3 "
            + "--label-noise 0.1 \(rule) --output \(run.path)"))
      try #require(made.status == 0, "\(made.stderr)")
      let files = try exportAll(run)
      for name in ["exit_times.csv", ".nc", "report.html", "notebook.ipynb"] {
        #expect(files.contains(name), "\(name) in \(files)")
      }
      guard Python.isThere else { return }
      for format in ["csv", "netcdf", "json"] {
        try #require(try runCommand(["export", run.path, "--to", format]).status == 0)
      }
      let checked = try Python.run(script: "round_trip.py", [run.path])
      #expect(checked.status == 0, "\(checked.stderr)")
    }
  }

  @Test(arguments: rules) func `paths are exported whole, in times and in samples`(
    rule: String
  ) throws {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      let risks = rule.contains("--samples") ? "risk,training-risk" : "risk"
      let made = try runCommand(
        words(
          "trajectories --dimension 40 --learning-rate 0.1 --replicas 6 --seed 3 --label-noise 0.1 "
            + "--columns \(risks) --paths 3 --quantiles 0.1,0.5,0.9 --times samples:log:10:1100:12 "
            + "\(rule) --output \(run.path)"))
      try #require(made.status == 0, "\(made.stderr)")
      let files = try exportAll(run)
      for name in ["trajectories.csv", "bands.csv", ".nc", "report.html", "notebook.ipynb"] {
        #expect(files.contains(name), "\(name) in \(files)")
      }
      guard Python.isThere else { return }
      for format in ["netcdf", "json"] {
        try #require(try runCommand(["export", run.path, "--to", format]).status == 0)
      }
      let checked = try Python.run(script: "trajectory_round_trip.py", [run.path])
      #expect(checked.status == 0, "\(checked.stderr)")
    }
  }

  /// The most memory that the command held, in bytes.
  private func peakMemory(_ arguments: [String]) throws -> Double {
    let script = """
      import resource, subprocess, sys
      subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
      peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
      print(peak * (1 if sys.platform == "darwin" else 1024))
      """
    let result = try Python.run(["-c", script, commandURL.path] + arguments)
    try #require(result.status == 0, "\(result.stderr)")
    return try #require(Double(result.stdout.filter { $0 != "\n" }))
  }

  @Test(arguments: ["same", "shuffled"])
  func `memory does not grow with the set of samples`(order: String) throws {
    func peak(_ samples: Int, dimension: Int = 400, horizon: Int = 20_000) throws -> Double {
      try peakMemory(
        words(
          "compare --dimension \(dimension) --learning-rate 0.01 --samples \(samples) --epochs 20 "
            + "--order \(order) --horizon samples:\(horizon) --dynamics sgd --replicas 1 --threads 1"
        ))
    }
    let (small, large) = (try peak(1000), try peak(1_000_000))
    // Samples that were kept would take 64 MB more, places of a shuffled set 8 MB.
    #expect(abs(large - small) < 6e6, "\(small), \(large)")
    // What the check can see: the weights and inputs of a dimension that holds 24 MB more.
    #expect(try peak(1000, dimension: 1_000_000, horizon: 3) - small > 16e6)
  }
}
