import Foundation
import Testing

@Suite struct TrajectoriesTests {
  private typealias Object = [String: Any]

  private let small =
    "trajectories --dimension 60 --learning-rate 0.1 --seed 9 --dynamics ode,sde,chain,sgd "

  @Test func `CSV on stdout has a row a path and time, whatever the threads`() throws {
    let words = small + "--replicas 5 --times log:0.01:4:20 --columns risk,M,Q,a"
    let result = try runCommand(words + " --threads 1")
    #expect(result.status == 0)
    #expect(result.stderr.isEmpty)
    let lines = result.stdout.split(separator: "\n")
    #expect(lines[0] == "dynamics,replica,time,risk,M_1_1,Q_1_1,a_1")
    #expect(lines.count == 1 + 4 * 5 * 20)
    #expect(lines[1].hasPrefix("chain,0,0.01,") && lines[400].hasPrefix("sgd,4,4.0,"))
    #expect(try runCommand(words + " --threads 3").stdout == result.stdout)
    // Another seed, other numbers.
    #expect(try runCommand(words + " --seed 10").stdout != result.stdout)
  }

  @Test func `JSON has the schema, bands and paths, whatever the threads`() throws {
    let words =
      small + "--replicas 40,sgd:7 --times 0,1,2 --paths 2 --quantiles 0.5,0.9 --format json"
    let result = try runCommand(words + " --threads 2")
    #expect(result.status == 0)
    #expect(try runCommand(words + " --threads 1").stdout == result.stdout)
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(result.stdout.utf8)) as? Object)
    #expect(object["schema"] as? String == "escapement/trajectories/1")
    #expect(object["times"] as? [Double] == [0, 1, 2])
    let bands = try #require(object["bands"] as? [Object])
    #expect(bands.map { $0["dynamics"] as? String } == ["chain", "ode", "sde", "sgd"])
    #expect(bands.map { $0["replicas"] as? Int } == [40, 40, 40, 7])
    #expect((bands[0]["quantiles"] as? [String: [Double]])?["0.9"]?.count == 3)
    let paths = try #require(object["paths"] as? [Object])
    #expect(paths.count == 8)
    #expect(paths[0]["diverged_at"] is NSNull)
    let columns = try #require(paths[0]["columns"] as? [String: [Double]])
    #expect(columns.keys.sorted() == ["M_1_1", "risk"])
    let experiment = try #require(object["experiment"] as? Object)
    #expect(experiment["paths"] as? Int == 2 && experiment["horizon"] as? Double == 2)
  }

  @Test func `exits read off the paths of chain and SGD are those that compare records`() throws {
    try withDirectory { directory in
      // d = 60, γ = 0.1: a step is 1/600.
      let model = "--dimension 60 --learning-rate 0.1 --seed 9 --dynamics chain,sgd --replicas 8"
      let run = try runCommand(
        "compare \(model) --thresholds 0.1 --horizon 5 --output run", in: directory)
      try #require(run.status == 0)
      let exits = try String(
        contentsOf: directory.appendingPathComponent("run/exit_times.csv"), encoding: .utf8
      ).split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
      let paths = try runCommand(
        "trajectories \(model) --times linear:0:5:3001 --columns risk", in: directory)
      var risks: [String: [Double]] = [:]
      for line in paths.stdout.split(separator: "\n").dropFirst() {
        let fields = line.split(separator: ",")
        risks["\(fields[0]) \(fields[1])", default: []].append(try #require(Double(fields[3])))
      }
      #expect(exits.count == 16)
      for exit in exits {
        let path = try #require(risks["\(exit[0]) \(exit[2])"])
        #expect(path.count == 3001)
        let step = path.firstIndex { $0 <= 0.9 * path[0] }
        #expect(step == (exit[3] == "exited" ? Int(exit[5]) : nil))
      }
      #expect(exits.contains { $0[3] == "exited" })
    }
  }

  @Test func `a replica that diverges is marked, in rows, bands and a warning`() throws {
    let words =
      "trajectories --dimension 20 --learning-rate 0.6 --label-noise 0.5 --constraint free "
      + "--dynamics chain --replicas 30 --times linear:0:4:9 "
    let result = try runCommand(words)
    #expect(result.status == 0)
    #expect(result.errorLines.count == 1 && result.stderr.contains("left the finite numbers"))
    #expect(result.stdout.contains(",4.0,,\n"))
    let bands = try runCommand(words + "--quantiles 0,1")
    let last = try #require(bands.stdout.split(separator: "\n").last)
    let fields = last.split(separator: ",", omittingEmptySubsequences: false)
    #expect(try #require(Int(fields[3])) > 0)
    #expect(fields[4].isEmpty && fields[7].isEmpty)
  }

  @Test func `every model runs, with the second layer and the overlaps that it has`() throws {
    for words in [
      "--width 2 --activation erf --second-layer-learning-rate 0.002 --learning-rate 0.2",
      "--width 2 --activation relu --target tanh --constraint lagrange --learning-rate 0.1 "
        + "--dynamics chain,sgd",
      "--teacher-units 2 --width 2 --learning-rate 0.2 --dynamics ode,sde,chain,sgd",
    ] {
      let result = try runCommand(
        "trajectories --dimension 40 \(words) --times linear:0:1:3 --replicas 2 --columns risk,M,a")
      #expect(result.status == 0, "\(result.stderr)")
      let lines = result.stdout.split(separator: "\n")
      #expect(lines.count > 1)
      for line in lines { #expect(!line.contains(",,") && !line.hasSuffix(",")) }
    }
  }

  @Test func `wrong calls end with their status and one line, and make nothing`() throws {
    try withDirectory { directory in
      let model = "trajectories --dimension 60 --learning-rate 0.1 --output out"
      try Data("dimension: 60\nlearning-rate: 0.1\ntimes: log:1:0:5\n".utf8)
        .write(to: directory.appendingPathComponent("times.yaml"))
      for (words, status, says) in [
        ("\(model) --times log:1", 64, "--times: found 'log:1'"),
        ("\(model) --columns risk,x", 64, "--columns: found 'x'"),
        ("\(model) --quantiles 2", 64, "--quantiles: found '2'"),
        ("\(model) --paths no", 64, "--paths: found 'no'"),
        ("\(model) --horizon 2 --times 1,3", 64, "--times: found 3.0"),
        ("\(model) --paths 2 --quantiles 0.5 --format csv", 64, "two tables"),
        (
          "\(model) --replicas 1000000 --quantiles 0.5 --times log:0.1:1:500", 64,
          "--quantiles: 4.0 GB to keep, expected at most 2.0 GB"
        ),
        ("trajectories times.yaml", 65, "times.yaml, line 3, key 'times'"),
        ("compare times.yaml", 65, "belongs to trajectories"),
        (
          "trajectories --dimension 60 --learning-rate 0.1 --output times.yaml/x", 73,
          "cannot create"
        ),
      ] {
        let result = try runCommand(words, in: directory)
        #expect(result.status == Int32(status), "\(words): \(result.stderr)")
        #expect(result.errorLines.count == 1 && result.stdout.isEmpty)
        #expect(result.stderr.contains(says), "\(words): \(result.stderr)")
      }
      let out = directory.appendingPathComponent("out").path
      #expect(!FileManager.default.fileExists(atPath: out))
    }
  }

  @Test func `a directory holds one run, which export draws and converts`() throws {
    try withDirectory { directory in
      let words =
        small
        + "--start overlaps:0.1 --replicas 6 --times log:0.01:4:12 --paths 3 "
        + "--quantiles 0.1,0.5,0.9"
      func run(_ more: String) throws -> CommandResult {
        try runCommand("\(words) \(more)", in: directory)
      }
      func files(_ name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
          atPath: directory.appendingPathComponent(name).path
        ).sorted()
      }
      let result = try run("--output out --details")
      #expect(result.status == 0, "\(result.stderr)")
      #expect(result.stdout.contains("Excess risk, full SGD, 6 replicas"))
      #expect(result.stdout.contains("Excess risk, ODE, one path"))
      #expect(
        try files("out")
          == [
            "bands.csv", "experiment.yaml", "manifest.sha256", "summary.json", "trajectories.csv",
          ])
      // The same again gives the same bytes; another plan, or another kind of run, is refused.
      #expect(try run("--output again --threads 1").status == 0)
      #expect(try run("--output out").status == 0)
      for name in try files("out") {
        let data = try ["out", "again"].map {
          try Data(contentsOf: directory.appendingPathComponent("\($0)/\(name)"))
        }
        #expect(data[0] == data[1], "\(name)")
      }
      let other = try run("--output out --label-noise 1")
      #expect(other.status == 73 && other.stderr.contains("other trajectories"))
      let compare = "compare --dimension 60 --learning-rate 0.1 --replicas 3 --dynamics chain"
      let refused = try runCommand("\(compare) --output out", in: directory)
      #expect(refused.status == 73 && refused.stderr.contains("holds trajectories"))
      #expect(try runCommand("\(compare) --output run", in: directory).status == 0)
      let taken = try run("--output run")
      #expect(taken.status == 73 && taken.stderr.contains("exit_times.csv"))

      // From its own experiment.yaml the same run.
      let yaml = try runCommand("trajectories out/experiment.yaml --output third", in: directory)
      #expect(yaml.status == 0, "\(yaml.stderr)")
      #expect(
        try Data(contentsOf: directory.appendingPathComponent("third/trajectories.csv"))
          == Data(contentsOf: directory.appendingPathComponent("out/trajectories.csv")))

      let figures = try runCommand("export out --to figures", in: directory)
      #expect(figures.status == 0, "\(figures.stderr)")
      let drawn = try files("out/figures")
      for name in ["risk-paths", "risk-quantiles", "overlap-paths"] {
        for end in ["dat", "gp", "pdf", "png", "svg"] { #expect(drawn.contains("\(name).\(end)")) }
      }
    }
  }
}
