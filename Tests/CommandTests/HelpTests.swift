import Escapement
import Foundation
import Testing

/// What a newcomer meets first: help, wrong names, examples, notes before a run.
@Suite struct HelpTests {
  private func error(_ words: String, in directory: URL? = nil) throws -> String {
    let result = try runCommand(words, in: directory)
    #expect([64, 65].contains(result.status) && result.errorLines.count == 1, "\(result.stderr)")
    return result.stderr
  }

  @Test func `help has options in groups`() throws {
    let help = try runCommand("compare --help").stdout
    let titles = [
      "NETWORK AND TARGET", "LEARNING", "START AND EXIT", "DYNAMICS AND REPLICAS", "SDE AND ODE",
    ]
    let places = titles.compactMap { help.range(of: "\n\($0):\n")?.lowerBound }
    #expect(places.count == titles.count && places == places.sorted())
    let learning = help.components(separatedBy: "\nLEARNING:\n")[1].components(separatedBy: "\n\n")[
      0]
    #expect(learning.contains("--learning-rate ") && learning.contains("--batch-size "))
    #expect(!learning.contains("--width "))
  }

  @Test func `closed forms list no option of a simulation, but read an experiment's all the same`()
    throws
  {
    for subcommand in ["theory", "law"] {
      let help = try runCommand("\(subcommand) --help").stdout
      for key in ["replicas", "dynamics", "seed", "threads", "time-step", "monitoring"] {
        #expect(!help.contains("--\(key)"), "\(subcommand) --\(key)")
      }
      #expect(help.contains("--label-noise") && help.contains("--thresholds"))
    }
    let words = "theory --dimension 300 --learning-rate 0.1"
    #expect(
      try runCommand("\(words) --replicas 7 --seed 3").stdout == runCommand(words).stdout)
  }

  @Test(arguments: ExperimentKey.allCases)
  func `the example of an option is a value that it takes`(_ key: ExperimentKey) throws {
    #expect(key.help.hasSuffix("; e.g. \(key.example))."))
    var options = ExperimentOptions()
    let needs: [ExperimentKey: String] = [
      .dimension: "300", .learningRate: "0.1", .width: "2", .teacherUnits: "2",
      .secondLayer: "1,1", .horizon: "5", .dynamics: "sgd",
    ]
    for (other, value) in needs { options.set(other, value) }
    // What some keys need beside them, and what does not go with others.
    let besides: [ExperimentKey: [ExperimentKey: String]] = [
      .start: [.width: "1", .teacherUnits: "1", .secondLayer: "1"],
      .target: [.width: "1", .teacherUnits: "1", .secondLayer: "1"],
      .precision: [.teacherUnits: "1"],
      .secondLayerNormalised: [.secondLayerRate: "0.001"],
      .secondLayerRateSchedule: [.secondLayerRate: "0.001"],
      .samples: [.epochs: "5"], .epochs: [.samples: "200"],
      .order: [.samples: "200", .epochs: "5"],
      .startNorm: [.constraint: "free"],
      .width: [.secondLayer: "1,1,1,1,1,1,1,1"],
    ]
    for (other, value) in besides[key] ?? [:] { options.set(other, value) }
    options.set(key, key.example)
    _ = try Experiment(options)
  }

  @Test(arguments: [
    ("compare --lr 0.1", "'--lr', expected '--learning-rate'"),
    ("compare --learning_rate 0.1", "'--learning_rate', expected '--learning-rate'"),
    ("sweep --widht 1,2", "'--widht', expected '--width'"),
    ("compare --treshold 0.5", "expected '--thresholds'"),
    ("test --event-colum x a b", "expected '--event-column'"),
    ("exports run", "found the subcommand 'exports', expected 'export'"),
    ("comapre --dimension 3", "expected 'compare'"),
    ("example phase", "expected one of"),
    ("example phase_retrieval", "expected 'phase-retrieval'"),
    (
      "compare --dimension 1000,3000 --learning-rate 0.1",
      "--dimension: found '1000,3000', expected a whole number; several are for 'escapement sweep'"
    ),
    (
      "trajectories --dimension 100 --learning-rate 0.1,0.2",
      "expected a finite number; several are for 'escapement sweep'"
    ),
    ("compare --dimension 100 --learning-rate 0.1 --margin 110%", "--margin: found 1.1, expected"),
    (
      "compare --dimension 1000 --width 4",
      "learning-rate: missing, expected in the experiment file or as --learning-rate; for this network "
        + "the critical one is 2.667, and the best 1.333"
    ),
    ("compare --dimension 1000 --activation erf", "as --learning-rate\n"),
  ])
  func `a wrong name gets the nearest right one`(words: String, says: String) throws {
    let error = try error(words)
    #expect(error.contains(says), "\(error)")
  }

  @Test func `a wrong key of a file gets the nearest right one, with its line`() throws {
    try withDirectory { directory in
      for (key, says) in [
        ("learning_rate", "expected 'learning-rate'"), ("lr", "expected 'learning-rate'"),
        ("swep", "expected 'sweep'"), ("dim", "expected 'dimension'"),
        ("qwertz", "expected one of dimension, width"),
      ] {
        let text = "replicas: 3\n\(key): 1\n"
        try Data(text.utf8).write(to: directory.appendingPathComponent("a.yaml"))
        for subcommand in ["compare", "sweep", "trajectories"] {
          let error = try error("\(subcommand) a.yaml", in: directory)
          #expect(error.contains("a.yaml, line 2: unknown key '\(key)', \(says)"), "\(error)")
        }
      }
      try Data("sweep:\n  widht: [1, 2]\n".utf8).write(
        to: directory.appendingPathComponent("a.yaml"))
      #expect(
        try error("sweep a.yaml", in: directory).contains("'widht' to sweep, expected 'width'"))
    }
  }

  @Test func `per cent is a part of one, to its last digit`() throws {
    func resolved(_ key: ExperimentKey, _ text: String) throws -> String {
      var options = ExperimentOptions()
      for (key, text) in [(ExperimentKey.dimension, "100"), (.learningRate, "0.1")] {
        options.set(key, text)
      }
      options.set(key, text)
      return try Experiment(options).yaml
    }
    for (percent, share) in [("10%", "0.1"), ("0.7%", "0.007"), ("29%", "0.29")] {
      #expect(try resolved(.margin, percent) == resolved(.margin, share))
    }
    #expect(try resolved(.thresholds, "1%,50%") == resolved(.thresholds, "0.01,0.5"))
    #expect(throws: ExperimentError.self) { try resolved(.labelNoise, "10%") }
    let grid = "sweep --dimension 60 --learning-rate 0.1 --dynamics ode,chain --dry-run --margin"
    #expect(try runCommand("\(grid) 5%,10%").stdout == runCommand("\(grid) 0.05,0.1").stdout)
  }

  @Test func `every experiment of the repository is shipped as it is`() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../data/experiments")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".yaml") }.sorted()
    #expect(ShippedExperiment.all.map { "\($0.name).yaml" }.sorted() == files)
    for example in ShippedExperiment.all {
      let file = folder.appendingPathComponent("\(example.name).yaml")
      #expect(try String(contentsOf: file, encoding: .utf8) == example.text)
      let isGrid = example.text.contains("\nsweep:") || example.text.contains("\ncases:")
      let isPath = example.text.contains("\ntimes:")
      let jobs = isGrid ? ["sweep", "plateau"] : isPath ? ["trajectories"] : ["compare"]
      #expect(jobs.contains(example.subcommand), "\(example.name): \(example.subcommand)")
      #expect(example.title.count > 20)
    }
  }

  @Test func `an example is written once, and runs`() throws {
    try withDirectory { directory in
      let list = try runCommand("example", in: directory)
      #expect(
        ShippedExperiment.all.allSatisfy {
          list.stdout.contains("\n\($0.name) ") || list.stdout.hasPrefix($0.name)
        })
      let written = try runCommand("example phase-retrieval", in: directory)
      #expect(
        written.status == 0
          && written.stderr.contains("next: escapement compare phase-retrieval.yaml"))
      let run = try runCommand(
        "compare phase-retrieval.yaml --dimension 100 --start random --replicas 5", in: directory)
      #expect(run.status == 0, "\(run.stderr)")
      let file = directory.appendingPathComponent("phase-retrieval.yaml")
      try Data("mine".utf8).write(to: file)
      let again = try runCommand("example phase-retrieval", in: directory)
      #expect(again.status == 73 && again.stderr.contains("is there already"), "\(again.stderr)")
      #expect(try String(contentsOf: file, encoding: .utf8) == "mine")
      let nowhere = try runCommand("example staircase --output none/a.yaml", in: directory)
      #expect(nowhere.status == 73 && nowhere.stderr.contains("cannot be created"))
      let printed = try runCommand("example staircase --output -", in: directory)
      #expect(printed.stdout == ShippedExperiment.all.first { $0.name == "staircase" }?.text)
    }
  }

  @Test(arguments: [
    (
      "--dimension 60 --learning-rate 0.1 --label-noise 5 --thresholds 0.3,0.5 --dynamics ode --replicas 2",
      "note: T = 0.5 is out of reach: the ODE comes to rest at 6"
    ),
    (
      "--dimension 60 --learning-rate 0.1 --activation erf --thresholds 0.1 --dynamics chain --replicas 2",
      "note: no growth rate is known of this network: the horizon is τ = 20 by default"
    ),
    ("--dimension 60 --learning-rate 0.1 --dynamics ode --replicas 2", ""),
    (
      "--dimension 60 --learning-rate 0.1 --activation erf --thresholds 0.1 --dynamics chain --replicas 2 "
        + "--horizon 1", ""
    ),
  ])
  func `what a run cannot reach is said before it starts`(words: String, says: String) throws {
    let result = try runCommand("compare \(words)")
    #expect(result.status == 0, "\(result.stderr)")
    #expect(
      says.isEmpty ? !result.stderr.contains("note:") : result.stderr.contains(says),
      "\(result.stderr)")
  }
}
