import Foundation
import Testing

/// Exports runs whose data leave axes without a length or figures without a curve.
@Suite struct OddDataExportTests {
  private func make(_ words: String, _ run: URL) throws {
    let result = try runCommand("\(words) --output \(run.path)")
    try #require(result.status == 0, "\(result.stderr)")
  }

  /// Exports to figures and a page, and returns the names of what was drawn and what was said.
  private func drawn(_ run: URL) throws -> (names: Set<String>, words: String, page: String) {
    let figures = try runCommand(["export", run.path, "--to", "figures"])
    #expect(figures.status == 0, "\(figures.stderr)")
    let report = try runCommand(["export", run.path, "--to", "report"])
    #expect(report.status == 0, "\(report.stderr)")
    #expect(report.stderr == figures.stderr)
    for line in figures.errorLines {
      #expect(line.hasPrefix("escapement: warning: no figure "), "\(line)")
    }
    let folder = run.appendingPathComponent("figures")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".png") }.map { String($0.dropLast(4)) }
    let page = try String(contentsOf: run.appendingPathComponent("report.html"), encoding: .utf8)
    // What is missing is said once a figure, on the page as well.
    #expect(page.components(separatedBy: "<svg").count - 1 == names.count)
    #expect(page.components(separatedBy: "<li>No figure ").count - 1 == figures.errorLines.count)
    return (Set(names), figures.stderr, page)
  }

  private let kinds = ["exit-times", "survival", "distribution-difference", "quantiles"]

  @Test func `exits at time 0 leave out their own figures alone, with a word`() throws {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      try make(
        "compare --dimension 20 --width 4 --learning-rate 0.1 --subspace-thresholds 0.05 "
          + "--thresholds 0.5 --replicas 5 --horizon 3 --dynamics ode,chain,sgd", run)
      let (names, words, page) = try drawn(run)
      #expect(names == Set(kinds.map { "\($0)-T0.5" }))
      #expect(words.components(separatedBy: "all exits at time 0").count == 5)
      #expect(page.contains("none, all exits of a side are at time 0"))
      #expect(!page.contains("none, a side has no exit"))
      if Python.isThere { try expectNotebook(of: run, figures: 4) }
    }
  }

  @Test(arguments: [
    ("--thresholds 0.9 --horizon 0.1", 0, "no exit by the horizon"),
    ("--thresholds 0.5 --replicas 1 --start overlaps:0.3", 2, ""),
    ("--thresholds 0.5 --replicas 2 --start overlaps:0.3", 2, ""),
    ("--thresholds 0.5 --horizon 1.2 --replicas 40", 4, ""),
  ])
  func `few exits, one replica and early censoring give what can be drawn`(
    words: String, count: Int, says: String
  ) throws {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      try make(
        "compare --dimension 50 --learning-rate 0.1 --replicas 5 --dynamics ode,chain \(words)", run
      )
      let (names, said, _) = try drawn(run)
      #expect(names.count == count, "\(names) \(said)")
      #expect(says.isEmpty ? said.isEmpty : said.contains(says), "\(said)")
    }
  }

  @Test func `trajectories of nothing above 0, of one time and of one value export what they can`()
    throws
  {
    try withDirectory { directory in
      let words =
        "trajectories --dimension 50 --learning-rate 0.1 --dynamics ode,chain --replicas 3 "
      for (name, options, expected) in [
        // At the target the risk is 0 for ever, which a logarithmic axis does not show.
        (
          "target", "--start overlaps:1 --times linear:0:2:5 --quantiles 0.5 --paths 2",
          ["overlap-paths"]
        ),
        ("once", "--times 1 --quantiles 0.1,0.5,0.9 --paths 2", []),
        ("two", "--times 0,1 --quantiles 0.5 --paths 1", all),
        ("long", "--times log:0.01:1000:4 --horizon 1000 --quantiles 0,1 --paths 3", all),
      ] {
        let run = directory.appendingPathComponent(name)
        try make(words + options, run)
        let (names, said, _) = try drawn(run)
        #expect(names == Set(expected), "\(name): \(said)")
      }
    }
  }
  private let all = ["risk-paths", "risk-quantiles", "risk-means", "overlap-paths"]

  @Test func `sweeps without exits, with exits at 0 and of one point export what they can`() throws
  {
    try withDirectory { directory in
      for (name, options, expected) in [
        ("none", "--thresholds 0.9 --horizon 0.1 --dimension 40,50", [String]()),
        (
          "zero", "--width 4,5 --dimension 20 --subspace-thresholds 0.05 --thresholds 0.5",
          [
            "ratio-to-annealed-T0.5", "ratio-to-quenched-T0.5", "verdicts-T0.5",
            "exit-time-against-width-T0.5", "exit-time-against-width-subspace-0.05",
          ]
        ),
        ("one", "--dimension 40 --thresholds 0.5", ["verdicts-T0.5"]),
      ] {
        let run = directory.appendingPathComponent(name)
        try make(
          "sweep --learning-rate 0.1 --replicas 4 --dynamics ode,chain \(options)", run)
        let (names, said, _) = try drawn(run)
        #expect(
          names.isSubset(of: expected) && (name != "zero" || names.contains("verdicts-T0.5")),
          "\(name): \(names) \(said)")
        if name != "one" { #expect(said.contains("no figure verdicts-")) }
      }
    }
  }

  @Test(.enabled(if: Python.isThere, "nbclient and ipykernel are needed"))
  func `the notebook of a sweep over three keys shows every point, a curve for each setting`()
    throws
  {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      try make(
        "sweep --dimension 40,60,80 --label-noise 0,0.1 --learning-rate 0.05,0.1 --replicas 6 "
          + "--thresholds 0.5 --dynamics ode,chain", run)
      let result = try runCommand(["export", run.path, "--to", "notebook"])
      try #require(result.status == 0, "\(result.stderr)")
      let keys = ["dimension", "label-noise", "learning-rate"]
      let checked = try Python.run(script: "sweep_curves.py", [run.path] + keys)
      #expect(checked.status == 0, "\(checked.stderr.suffix(2000))")
      // Mean exit times of two dynamics and the two ratios of one: four curves of three points each.
      #expect(checked.stdout.contains("16 curves of 48 points"), "\(checked.stdout)")
      // A notebook that draws the first of its curves alone must fail.
      let place = run.appendingPathComponent("notebook.ipynb")
      let text = try String(contentsOf: place, encoding: .utf8)
      let broken = text.replacing("in enumerate(curves):", with: "in enumerate(curves[:1]):")
      #expect(broken != text)
      try Data(broken.utf8).write(to: place)
      #expect(try Python.run(script: "sweep_curves.py", [run.path] + keys).status != 0)
    }
  }
}
