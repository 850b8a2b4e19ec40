import Foundation
import Testing

@testable import Dynamics
@testable import Escapement

/// Walks over every criterion: each is parsed, titled, watched, saved and exported, so that none is forgotten.
@Suite struct CriterionSeamTests {
  private typealias Family = ExitCriterion.Family
  private let criteria = Family.allCases.flatMap { $0.criteria(teacherUnits: 2) }

  @Test func `every word is read as what it is written for, and no other`() {
    #expect(Set(criteria.map(\.name)).count == criteria.count)
    for criterion in criteria {
      #expect(ExitCriterion(name: criterion.name) == criterion)
      #expect(criterion.family.criterion(unit: 1).family == criterion.family)
    }
    #expect(ExitCriterion(name: "overlap-12") == .overlap(11))
    for word in [
      "", "overlap", "overlap-", "overlap-0", "overlap-01", "overlap--1", "overlap-+1", "risk-1",
      "Risk", "subspace ", "overlap-99999999999999999999",
    ] {
      #expect(ExitCriterion(name: word) == nil, "\(word)")
    }
    #expect(ExitCriterion.listedNames.prefix(4) == ["risk", "overlap-1", "overlap-2", "…"])
    #expect(Set(criteria.map(\.name)).isSubset(of: ExitCriterion.listedNames))
  }

  @Test func `every criterion has a title, a sentence and a label of its own`() {
    for words in [
      criteria.map { $0.title("0.25") }, criteria.map { $0.sentence("0.25") },
      criteria.map { $0.label("0.25") },
    ] {
      #expect(Set(words).count == criteria.count)
      #expect(words.allSatisfy { $0.contains("0.25") })
    }
    #expect(Set(Family.allCases.map(\.symbol)).count == Family.allCases.count)
  }

  @Test func `every criterion has a key, which resolves, reads numbers and is not varied`() throws {
    #expect(ExperimentKey.thresholdKeys.count == Family.allCases.count)
    for family in Family.allCases {
      let key = ExperimentKey(family)
      #expect(key.valueName == "numbers" && !SweepKey.experiment(key).mayVary)
      let one = try experiment([ExperimentKey.thresholds: "none"].merging([key: "0.3,0.1"]) { $1 })
      #expect(one.exitRule.thresholds(of: family) == [0.1, 0.3])
      #expect(one.yaml.contains("\n\(family.key): [0.1, 0.3]\n"))
      #expect(try experiment(yaml: one.yaml).exitRule == one.exitRule)
      let error = #expect(throws: ExperimentError.self) { try experiment([key: "0.3,2"]) }
      #expect(error?.key == family.key)
    }
  }

  @Test(arguments: DynamicsKind.allCases)
  func `every criterion is watched, saved, read back and exported`(kind: DynamicsKind) async throws
  {
    var words: [ExperimentKey: String] = [
      .dynamics: "chain,\(kind.rawValue)", .width: "2", .teacherUnits: "2", .replicas: "6",
      .timeStep: "0.02", .horizon: "5",
    ]
    if kind == .chain { words[.dynamics] = "chain,ode" }
    for family in Family.allCases { words[ExperimentKey(family)] = "0.05,0.35" }
    let comparison = try await Comparison.run(experiment(words))
    let marks = criteria.flatMap { criterion in [0.05, 0.35].map { ExitMark(criterion, $0) } }
    #expect(comparison.experiment.exitRule.marks == marks)
    for run in comparison.runs {
      for (index, mark) in run.marks.enumerated() where mark.threshold == 0.35 {
        // A level that nobody evaluates would be crossed at once or never.
        let exits = run.records(at: index).filter { $0.outcome == .exited && $0.time > 0 }
        #expect(!exits.isEmpty, "\(run.kind), \(mark.criterion.name)")
      }
    }
    try withDirectory { directory in
      try RunDirectory(path: directory.path).write([
        ("experiment.yaml", Data(comparison.experiment.yaml.utf8)),
        ("exit_times.csv", exitTimesCSV(comparison.runs)),
        ("summary.json", try jsonData(comparison.summary)),
      ])
      let run = try Run(path: directory.path)
      #expect(run.rules.map(\.mark) == marks.map(WrittenMark.init))
      let tables = RunReport(run: run).tables.compactMap { $0["rule"] as? String }
      #expect(tables == marks.map { "Exit when \($0.criterion.sentence("\($0.threshold)"))" })
      let table = String(decoding: run.summaryTable.csv, as: UTF8.self)
      let json = String(decoding: try run.json(), as: UTF8.self)
      let figures = try run.figures().drawn.map(\.name)
      #expect(Set(figures).count == figures.count)
      for mark in marks {
        let name = mark.criterion.name
        #expect(table.contains(",\(name),\(mark.threshold),"), "\(name)")
        #expect(json.contains("\"criterion\": \"\(name)\", \"threshold\": \(mark.threshold)"))
      }
    }
  }

  @Test(arguments: DynamicsKind.allCases)
  func `the subspace of one student and one unit is the square of the overlap`(
    kind: DynamicsKind
  ) throws {
    func records(_ words: [ExperimentKey: String]) throws -> [ExitRecord] {
      let shared: [ExperimentKey: String] = [
        .dimension: "200", .horizon: "40", .thresholds: "none", .timeStep: "0.015625",
        .seed: "5", .dynamics: kind.rawValue,
      ]
      let one = try experiment(shared.merging(words) { $1 })
      return try one.engine(kind).run(0..<3, start: one.start, streams: one.streams)
    }
    let expected = try records([.overlapThresholds: "0.25,0.5"])
    #expect(expected.count { $0.outcome == .exited } == 6)
    #expect(try records([.subspaceThresholds: "0.0625,0.25"]) == expected)
    // Beyond what the risk tells, levels are watched themselves.
    guard kind.hasSteps else { return }
    let cubic: [ExperimentKey: String] = [
      .learningRate: "0.05", .activation: "hermite:0,1,0.2", .constraint: "free",
    ]
    let watched = try records(cubic.merging([.overlapThresholds: "0.25,0.5"]) { $1 })
    #expect(watched.count { $0.outcome == .exited } == 6)
    let squares = try records(cubic.merging([.subspaceThresholds: "0.0625,0.25"]) { $1 })
    #expect(squares.map(\.step) == watched.map(\.step))
  }

  // Rows of files that watch the risk alone have no word.
  @Test func `what names no criterion watches the risk`() {
    let mark = WrittenMark(criterion: nil, threshold: 0.5)
    #expect(mark == WrittenMark(ExitMark(.risk, 0.5)))
    #expect(mark.text == "T = 0.5" && mark.suffix == "T0.5")
    let overlap = WrittenMark(ExitMark(.overlap(0), 0.5))
    #expect(overlap.text == "overlap-1, η = 0.5" && overlap.suffix == "overlap-1-0.5")
    let subspace = WrittenMark(ExitMark(.subspace, 0.5))
    #expect(subspace.text == "subspace, S = 0.5")
  }

  @Test func `the notebook of a sweep labels every criterion as the program does`() {
    #expect(criterionSymbols.hasPrefix(#"{"risk": "T", "subspace": "subspace, S""#))
    for criterion in criteria {
      let label = criterion.label("")
      let entry = "\"\(criterion.name)\": \"\(label.dropLast(" = ".count))\""
      #expect(
        criterionSymbols.contains(entry) || label == "\(criterion.name), η = ", "\(criterion.name)")
    }
  }
}
