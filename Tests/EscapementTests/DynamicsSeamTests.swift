import Foundation
import Testing

@testable import Dynamics
@testable import Ensemble
@testable import Escapement

/// Walks over every dynamics: each is ranked, saved, compared, described and drawn, so that none is forgotten.
@Suite struct DynamicsSeamTests {
  private static let kinds = DynamicsKind.allCases
  private let all = kinds.map(\.rawValue).joined(separator: ",")

  @Test func `no two dynamics share a title, a place, a number in files or a look`() {
    func areDistinct(_ values: [some Hashable]) -> Bool {
      Set(values).count == DynamicsSeamTests.kinds.count
    }
    let kinds = DynamicsSeamTests.kinds
    #expect(areDistinct(kinds.map(\.title)))
    #expect(areDistinct(kinds.map(\.places.fromSGD)))
    #expect(areDistinct(kinds.map(\.places.asReference)))
    #expect(areDistinct(kinds.map(\.recordCode)))
    let looks = kinds.map(FigureStyle.look)
    #expect(areDistinct(looks.map(\.lineType)))
    #expect(areDistinct(looks.map(\.color)))
    #expect(areDistinct(looks.map(\.layer)))
    for kind in kinds { #expect(DynamicsKind(recordCode: kind.recordCode) == kind) }
    #expect(DynamicsKind(recordCode: 255) == nil)
  }

  // Record files of earlier versions hold these.
  @Test func `numbers in record files stay what they were`() {
    #expect([DynamicsKind.ode, .sde, .chain, .sgd].map(\.recordCode) == [0, 1, 2, 3])
  }

  @Test func `a dynamics without noise is the last of a pair and of the references`() {
    for order in [DynamicsKind.fromSGD, DynamicsKind.references] {
      let last = order.drop { !$0.isDeterministic }
      #expect(last.allSatisfy { $0.isDeterministic })
    }
    #expect(DynamicsKind.fromSGD[0] == .sgd)
    let withLaw = DynamicsKind.references.prefix { $0.hasLawOfSGD }
    #expect(withLaw.count == DynamicsSeamTests.kinds.count { $0.hasLawOfSGD })
  }

  @Test func `every dynamics is known to plans, defaults and descriptions`() throws {
    let one = try experiment([.dynamics: all])
    for kind in DynamicsSeamTests.kinds {
      #expect(one.estimatedSeconds(kind) > 0, "\(kind)")
      #expect(one.monitoring(of: kind) == (kind.hasSteps ? .discrete : .continuous), "\(kind)")
      #expect(try one.engine(kind).kind == kind)
      for file in [
        "exit_times.csv", "exit_time_summary.csv", "exit_times.nc", "trajectories.csv",
        "bands.csv", "trajectories.nc",
      ] {
        let field = try #require(DescribedFiles.fields(of: file).first { $0.name == "dynamics" })
        #expect(field.meaning.contains(kind.rawValue), "\(kind)")
      }
      #expect(ExperimentKey.dynamics.help.contains(kind.rawValue), "\(kind)")
    }
  }

  @Test(arguments: ["random", "overlaps:0.1,0.1"])
  func `every dynamics is compared, read back, reported and drawn`(start: String) async throws {
    let kinds = DynamicsSeamTests.kinds
    let comparison = try await Comparison.run(
      experiment([
        .dynamics: all, .replicas: "12", .start: start, .width: "2", .timeStep: "0.02",
      ]))
    let pairs = comparison.summary.comparisons
    let marks = comparison.experiment.exitRule.marks.count
    #expect(pairs.count == kinds.count * (kinds.count - 1) / 2 * marks)
    for first in kinds {
      for second in kinds where first < second {
        let names = Set([first.rawValue, second.rawValue])
        #expect(pairs.count { Set([$0.first, $0.second]) == names } == marks, "\(names)")
      }
    }
    let references = kinds.count { $0.isDeterministic }
    #expect(pairs.noisePairs.count == references * marks)
    #expect(pairs.noisePairs.allSatisfy { $0.first == DynamicsKind.references[0].rawValue })

    try withDirectory { directory in
      try RunDirectory(path: directory.path).write([
        ("experiment.yaml", Data(comparison.experiment.yaml.utf8)),
        ("exit_times.csv", exitTimesCSV(comparison.runs)),
        ("summary.json", try jsonData(comparison.summary)),
      ])
      let run = try Run(path: directory.path)
      #expect(Set(run.dynamics) == Set(kinds))
      let figures = try run.figures().drawn
      let survival = try #require(figures.first { $0.name.hasPrefix("survival") })
      let difference = try #require(figures.first { $0.name.hasPrefix("distribution-difference") })
      let report = RunReport(run: run)
      let notebook = String(decoding: try runNotebook(run), as: UTF8.self)
      let table = String(decoding: run.summaryTable.csv, as: UTF8.self)
      for kind in kinds {
        #expect(survival.commands.contains("linetype \(FigureStyle.lineType(kind)) "), "\(kind)")
        #expect(survival.commands.contains(kind.title), "\(kind)")
        // One path is no law to subtract.
        if kind != DynamicsKind.references[0] && !comparison.experiment.isOnePath(kind) {
          #expect(difference.commands.contains("\(kind.title) − "), "\(kind)")
        }
        #expect(report.cost.contains { $0["name"] == kind.title }, "\(kind)")
        let rows = report.tables.compactMap { $0["rows"] as? [[String: String]] }
        #expect(rows.allSatisfy { $0.contains { $0["name"] == kind.title } }, "\(kind)")
        #expect(notebook.contains("\\\"\(kind.rawValue)\\\": (\\\"\(kind.title)\\\""), "\(kind)")
        #expect(table.contains("\n\(kind.rawValue),"), "\(kind)")
      }
    }
  }

  @Test func `every dynamics is followed, reported and drawn along time`() async throws {
    var options = try TrajectoryOptions(
      yaml: """
        dimension: 50
        learning-rate: 0.1
        dynamics: [\(all)]
        replicas: 4
        quantiles: [0.25, 0.5, 0.75]
        paths: 4

        """, name: "case.yaml")
    options.set(.times, "0.1,1,2")
    let trajectories = try await Trajectories.run(TrajectoryPlan(options))
    try withDirectory { directory in
      try RunDirectory(path: directory.path).write(trajectories.files())
      let run = try TrajectoryRun(path: directory.path)
      let courses = run.courses()
      let report = TrajectoryReport(run: run, courses: courses)
      let notebook = String(decoding: try trajectoryNotebook(run), as: UTF8.self)
      let drawn = FigureStyle.drawn.map { "\\\"\($0.rawValue)\\\"" }.joined(separator: ", ")
      #expect(notebook.contains("for kind in [\(drawn)] if kind in"))
      let figures = run.figures().drawn
      #expect(figures.count >= 2)
      let words = report.verdicts.compactMap { $0["head"] }.joined()
      for kind in DynamicsSeamTests.kinds {
        for figure in figures {
          #expect(figure.commands.contains("title '\(kind.title)"), "\(kind), \(figure.name)")
        }
        #expect(report.tables.contains { ($0["name"] as? String)?.hasPrefix(kind.title) == true })
        #expect(words.contains(kind.titleWithArticle), "\(kind)")
      }
    }
  }

  @Test func `the style of figures sets the line type of every dynamics`() {
    let script = String(decoding: FigureStyle.script, as: UTF8.self)
    for kind in DynamicsSeamTests.kinds {
      let look = FigureStyle.look(kind)
      let line = "set linetype \(look.lineType) linecolor rgb '#\(look.color)' "
      #expect(script.components(separatedBy: "set linetype \(look.lineType) ").count == 2)
      #expect(script.contains(line), "\(kind)")
    }
  }
}
