import Dynamics
import Foundation
import Statistics
import Testing

@testable import Escapement

@Suite struct FigureTests {
  private let setting: FigureSetting
  private let curves: [FigureSample]

  init() throws {
    let experiment = try experiment([.start: "overlaps:0.2"])
    setting = FigureSetting(
      experiment: experiment, rule: ExitSeries(dynamics: .chain, criterion: "risk", threshold: 0.5),
      law: nil)
    func times(_ scale: Double) -> [Double] { (1...400).map { scale * (1 + Double($0) / 200) } }
    curves = [
      FigureSample(kind: .chain, sample: try ExitSample(times(1))),
      FigureSample(kind: .ode, sample: try ExitSample([1.5])),
      // A quarter is censored at 3.
      FigureSample(
        kind: .sde,
        sample: try ExitSample(
          times: times(1.2).map { min($0, 3) }, isObserved: times(1.2).map { $0 < 3 })),
    ]
  }

  @Test func `densities integrate to the fraction that exited`() throws {
    let figure = try #require(try densityFigure(curves, setting))
    #expect(figure.name == "exit-times-T0.5")
    #expect(figure.blocks.count == 3)
    for (block, exited) in zip(figure.blocks, [1, Double(curves[2].sample.exited) / 400]) {
      var area = 0.0
      for (left, right) in zip(block.rows, block.rows.dropFirst()) {
        area += (right[0] - left[0]) * left[1]
      }
      #expect(abs(area - exited) < 1e-12)
    }
    // The ODE's line stands at its exit time.
    #expect(figure.blocks[2].rows.map { $0[0] } == [1.5, 1.5])
  }

  @Test func `survival curves fall from 1 and stay within their bands`() throws {
    let figure = try #require(try survivalFigure(curves, setting))
    #expect(figure.blocks.count == 3)
    for block in figure.blocks {
      #expect(block.rows[0] == [0, 1, 1, 1])
      for row in block.rows { #expect(row[2] <= row[1] && row[1] <= row[3]) }
      for (left, right) in zip(block.rows, block.rows.dropFirst()) {
        #expect(left[0] <= right[0] && left[1] >= right[1])
      }
    }
    #expect(figure.blocks[0].rows.last?[1] == 0)
    let left = try #require(figure.blocks[2].rows.last?[1])
    #expect(abs(left - Double(curves[2].sample.censored) / 400) < 1e-12)
  }

  @Test func `differences are those of the distribution functions, up to the first censoring`()
    throws
  {
    let figure = try #require(try differenceFigure(curves, setting))
    #expect(figure.blocks.count == 1)
    let reach = 2 * (log(80.0) / 800).squareRoot()
    for row in figure.blocks[0].rows {
      #expect(row[0] < 3)
      func share(_ scale: Double) -> Double {
        Double((1...400).count { scale * (1 + Double($0) / 200) <= row[0] }) / 400
      }
      #expect(row[1] == share(1.2) - share(1))
      #expect(abs(row[3] - row[2] - 2 * reach) < 1e-12)
      #expect(row[4] <= 0 && row[5] >= 0)
    }
  }

  @Test func `quantiles follow the scale between two laws`() throws {
    let figure = try #require(try quantileFigure(curves, setting))
    let rows = figure.blocks[0].rows
    // Those of the censored quarter are left out.
    #expect(rows.count > 70 && rows.count < 80)
    for row in rows { #expect(abs(row[1] / row[0] - 1.2) < 1e-12) }
  }

  @Test func `every figure of a run says under its title what it was made with`() throws {
    for make in [densityFigure, survivalFigure, differenceFigure, quantileFigure] {
      let figure = try #require(try make(curves, setting))
      #expect(figure.title.hasSuffix(", T = 0.5"), "\(figure.title)")
      let script = String(decoding: figure.script(["svg"]), as: UTF8.self)
      #expect(script.contains("heading = lines('\(figure.title)', "))
      #expect(script.contains("'d = 50, p = 1, k = 1, γ = 0.1, Δ = 0"))
      // Panels have one heading together.
      let shared = script.contains("title heading noenhanced font small\nunset title")
      #expect(script.contains("multiplot") == shared)
      #expect(GnuplotScript.foreignLine(script) == nil)
    }
  }

  @Test func `parameters name what is not usual, and nothing else`() throws {
    let basic = ["d = 50", "p = 1", "k = 1", "γ = 0.1", "Δ = 0"]
    #expect(try experiment([:]).parameters.map(\.words) == basic)
    #expect(
      try experiment([.batchSize: "16", .start: "overlaps:0.2"]).parameters.map(\.words)
        == basic + ["batch-size = 16", "start = overlaps = [0.2]"])
    // What computes and what watches is no parameter of the problem.
    #expect(
      try experiment([.seed: "7", .horizon: "3", .timeStep: "0.01"]).parameters.map(\.words)
        == basic)
    let long = try experiment([
      .width: "12", .secondLayer: (1...12).map { "1.\($0)" }.joined(separator: ","),
    ]).parameters
    #expect(long.count == 6 && long[5].words.hasSuffix(" …") && long[5].words.count < 60)
    #expect(parameterLines(["aaaa", "bbbb", "cc"], longest: 10) == ["aaaa, bbbb", "cc"])
    #expect(replicaWords([(.chain, 9), (.sde, 9)]) == "9 replicas each")
    #expect(replicaWords([(.ode, 1), (.chain, 9)]) == "replicas: 1 ODE + 9 exact chain")
  }

  @Test func `panels of differences share one scale, which holds every curve`() throws {
    let third = FigureSample(
      kind: .sgd, sample: try ExitSample((1...400).map { 2 * (1 + Double($0) / 200) }))
    let figure = try #require(try differenceFigure(curves + [third], setting))
    #expect(figure.blocks.count == 2 && figure.commands.contains("multiplot layout 2,1"))
    let scales = figure.commands.matches(of: /set yrange \[(.*):(.*)\]/)
    #expect(scales.count == 1)
    let limit = try #require(scales.first.flatMap { Double($0.2) })
    let largest = figure.blocks.flatMap(\.rows).flatMap { $0[1...5] }.map(abs).max() ?? 0
    #expect(abs(limit - 1.1 * largest) < 1e-12)
  }

  @Test func `bands that overlap have edges in the dashes of their curves`() throws {
    let figure = try #require(try survivalFigure(curves, setting))
    for (index, curve) in curves.enumerated() where !curve.isNumber {
      for column in [3, 4] {
        #expect(
          figure.commands.contains(
            "data index \(index) using 1:\(column) with lines linetype \(curve.lineType) "))
      }
    }
    #expect(!figure.commands.contains("data index 1 using 1:3"), "one path has no band")
  }

  @Test func `one figure is found by its name, and a wrong name is told the nearest`() throws {
    var figures = Figures()
    try figures.addThrowing { try survivalFigure(curves, setting) }
    try figures.addThrowing { try quantileFigure(curves, setting) }
    figures.add { () throws(NothingToDraw) in
      throw NothingToDraw(name: "exit-times-T0.5", reason: "no exit")
    }
    #expect(try figures.only("survival-T0.5").drawn.map(\.name) == ["survival-T0.5"])
    for (name, words) in [
      ("survivl-T0.5", "one of survival-T0.5, quantiles-T0.5, the nearest is survival-T0.5"),
      ("quant", "one of survival-T0.5, quantiles-T0.5, the nearest is quantiles-T0.5"),
      ("x", "one of survival-T0.5, quantiles-T0.5"),
      ("exit-times-T0.5", "another: no figure exit-times-T0.5: no exit"),
    ] {
      let error = #expect(throws: ParameterError.self) { try figures.only(name) }
      #expect(error?.key == "figure" && error?.expected == words, "\(error?.description ?? "")")
    }
    #expect(
      #expect(throws: ParameterError.self) { try Figures().only("x") }?.expected
        == "none: this has no figures")
  }

  @Test func `gnuplot reads no command in a text`() {
    #expect(gnuplotText("plain") == "'plain'")
    #expect(gnuplotText("it's") == "'it’s'")
    #expect(
      gnuplotText("a'; system('true') #\nset output") == "'a’; system(’true’) # set output'")
  }

  @Test(.enabled(if: Gnuplot.isInstalled)) func `no word of a figure is a command to gnuplot`()
    throws
  {
    try withDirectory { directory in
      let trace = directory.appendingPathComponent("trace")
      let touch = "system('touch \(trace.path)')"
      func figure(_ word: String, _ commands: String) -> Figure {
        Figure(
          name: word, caption: "One.\n\(word)",
          blocks: [FigureBlock(heading: word, rows: [[0, 1], [1, 2]])], commands: commands)
      }
      let words = [
        "x';\(touch);y='", "x\r\n\(touch)\r\n", "x\r\(touch)\r",
        "x\u{2028}\(touch)\u{85}\n\u{301}\(touch)", "''''\(touch)", "'\u{301};\(touch)",
        "`touch \(trace.path)`", "\\", "}}{#'\"%s", "<touch \(trace.path)",
      ]
      // One script with all of them, since each call of gnuplot takes its time.
      let titles = words.map { "1 with lines title \(gnuplotText($0)) noenhanced" }
      let labels = words.enumerated().map { "\(gnuplotLabel($1)) \($0)" }
      let all = figure(
        words.joined(separator: "\n"),
        "set xtics noenhanced (\(labels.joined(separator: ", ")))\nset xlabel \(gnuplotText(words[0]))\n"
          + "plot \(titles.joined(separator: ", \\\n  "))")
      func draw(_ figure: Figure) throws -> [(name: String, contents: Data)] {
        var figures = Figures()
        figures.add { () throws(NothingToDraw) in figure }
        return try Gnuplot.draw(figures, formats: ["svg"]).files
      }
      let files = try draw(all)
      #expect(!FileManager.default.fileExists(atPath: trace.path))
      let names = files.map(\.name)
      #expect(names.count == 5 && names.allSatisfy { $0.utf8.allSatisfy { $0 < 128 && $0 != 47 } })
      let script = try #require(files.first { $0.name == "\(all.name).gp" }).contents
      let ends = "\n\r\u{85}\u{2028}".unicodeScalars
      let lines = String(decoding: script, as: UTF8.self).unicodeScalars.split { ends.contains($0) }
      #expect(lines.filter { String($0).hasPrefix("system") }.isEmpty)
      // A command as such is not run.
      let open = figure("open", "\(touch)\nplot data using 1:2")
      #expect(throws: GnuplotError.self) { try draw(open) }
      #expect(!FileManager.default.fileExists(atPath: trace.path))
      // By gnuplot alone the trace would be there: a command does leave it.
      for (name, contents) in [
        ("open.gp", open.script(["svg"])), ("open.dat", open.data),
        ("style.gp", FigureStyle.script),
      ] { try contents.write(to: directory.appendingPathComponent(name)) }
      _ = try ChildProgram.run(["gnuplot", "open.gp"], in: directory.path, errors: true)
      #expect(FileManager.default.fileExists(atPath: trace.path))
    }
  }

  @Test func `a page escapes a quote that has an accent on it`() throws {
    let page = try rendered(
      Array("<meta content=\"{{a}}\">{{#b}}{{c}}{{/b}}".utf8),
      ["a": "x\"\u{301} onload=\"\u{301}", "b": [["c": "<\u{301}i>'\u{200D}"]]], with: [:])
    let scalars = Array(page.unicodeScalars)
    #expect(scalars.count { $0 == "\"" } == 2)
    #expect(scalars.count { $0 == "<" } == 1)
    #expect(scalars.count { $0 == "'" } == 0)
    #expect(page.contains("onload=&quot;"))
  }

  @Test func `every line end of a text ends a comment's line`() {
    let text = "a\r\nb\rc\u{2028}d\u{85}e\n\u{301}f\u{B}g\u{0}h"
    #expect(plainLines(text) == ["a", "b", "c", "d", "e", "\u{301}f", "g h"])
    #expect(singleLine(text) == "a b c d e \u{301}f g h")
    #expect(fileWord("../a b;'|é\r\n") == "..-a-b------")
  }

  /// Shapes of data that leave axes without a length, curves without a point or numbers without a size,
  /// with the figures that can be drawn of them.
  static let oddSamples: [(name: String, chain: [Double], sde: [Double?], drawn: [String])] = [
    ("all at time 0", [0, 0, 0], [0, 0, 0], []),
    ("one of two at time 0", [0, 0, 0], [1, 2, 3], all),
    ("most at time 0", Array(repeating: 0, count: 999) + [2], [1, 2, 3], all),
    ("no spread", [2, 2, 2], [2, 2, 2], Array(all.dropFirst())),
    ("a spread of rounding", [2, 2.nextUp, 2], [2, 2, 2], Array(all.dropFirst())),
    ("a single exit", [1, 2, 3], [1, nil, nil], all),
    ("all censored", [1, 2, 3], [nil, nil, nil], Array(all.prefix(2))),
    ("none exits", [], [nil, nil, nil], []),
    ("one replica each", [1], [2], ["survival"]),
    ("one replica against many", [1], [1, 2, 3], Array(all.prefix(2))),
    ("large", [1e140, 2e140, 3e140], [2e140, 3e140, 5e140], all),
    ("too large for an axis", [1e160, 2e160], [2e160, 3e160], []),
    ("small", [1e-140, 2e-140, 3e-140], [2e-140, 3e-140, 5e-140], all),
    ("far apart", [1e-9, 1, 1e9], [1e-9, 2, 1e9], all),
    ("censored at once", [1, 2, 3], [1, 2, nil, 0.0.nextUp], all),
  ]
  private static let all = ["exit-times", "survival", "distribution-difference", "quantiles"]

  @Test(arguments: oddSamples)
  func `odd data give figures that gnuplot draws, or a word on each that is missing`(
    name: String, chain: [Double], sde: [Double?], drawn: [String]
  ) throws {
    // What is censored is so at 4.
    let samples = try [
      chain.isEmpty ? nil : FigureSample(kind: .chain, sample: ExitSample(chain)),
      FigureSample(
        kind: .sde,
        sample: ExitSample(times: sde.map { $0 ?? 4 }, isObserved: sde.map { $0 != nil })),
    ].compactMap { $0 }.filter { $0.sample.exited > 0 }
    var figures = Figures()
    for make in [densityFigure, survivalFigure, differenceFigure, quantileFigure] {
      try figures.addThrowing { try make(samples, setting) }
    }
    #expect(figures.drawn.map(\.name) == drawn.map { "\($0)-T0.5" }, "\(figures.omissions)")
    let (files, omissions) = try Gnuplot.draw(figures, formats: ["svg"])
    #expect(omissions == figures.omissions)
    for figure in figures.drawn {
      #expect(files.contains { $0.name == "\(figure.name).svg" && $0.contents.count > 1000 })
    }
    if drawn.isEmpty { #expect(!omissions.isEmpty) }
    let readme = try #require(files.first { $0.name == "README.md" })
    for omission in omissions {
      #expect(omission.hasPrefix("no figure ") && omission.contains(": "))
      #expect(String(decoding: readme.contents, as: UTF8.self).contains(omission))
    }
  }

  @Test func `a figure that gnuplot fails on takes no other with it`() throws {
    var figures = Figures()
    let block = FigureBlock(heading: "x, y", rows: [[1, 1], [2, 2]])
    for (name, commands) in [
      ("first", "plot data with lines"), ("broken", "set xrange [0:0]\nset xtics 0\nplot data"),
      ("last", "plot data with points"),
    ] {
      figures.add { () throws(NothingToDraw) in
        Figure(name: name, caption: "A line.", blocks: [block], commands: commands)
      }
    }
    let (files, omissions) = try Gnuplot.draw(figures, formats: ["svg"])
    #expect(files.map(\.name).filter { $0.hasSuffix(".svg") } == ["first.svg", "last.svg"])
    #expect(omissions.count == 1)
    #expect(omissions.first?.contains("gnuplot failed on broken.gp") == true)
    let (pictures, missing) = try ReportPage.draw(figures) { _ in }
    #expect(pictures.map(\.figure.name) == ["first", "last"] && missing.count == 1)
  }

  @Test(arguments: [
    "system('touch x')", "x = system('touch x')", "!touch x", "plot '< touch x'",
    "set output '| touch x'",
    "load 'other.gp'", "set xlabel `touch x`", "set xlabel 'a' ; system('touch x')", "@x",
    "call 'x'",
    "  '< touch x' with lines", "set xlabel 'it's'; shell", "print x", "eval x", "unknown 3",
    "plot x, system('touch x')",
  ])
  func `a script that does more than draw is told before it is run`(line: String) {
    let sound =
      "# A comment with `anything` in it\nset xrange [0:1]\nplot data using 1:2 with lines, \\\n"
    #expect(GnuplotScript.foreignLine(sound + "  data index 1 title 'a; b < c'\n}\n") == nil)
    #expect(GnuplotScript.foreignLine("set xrange [0:1]\n\(line)\n") != nil, "\(line)")
    let continued = line.hasPrefix("  ")
    if continued { #expect(GnuplotScript.foreignLine(sound + line + "\n") != nil, "\(line)") }
  }
}
