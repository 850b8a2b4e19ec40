import Foundation
import Testing

@testable import Escapement

/// Runs a small sweep whose tables have every kind of column.
@Suite struct SweepTableTests {
  private func sweep(_ swept: String, horizon: Int = 2) async throws -> Sweep {
    let grid = try SweepGrid(
      yaml: "dimension: 50\nlearning-rate: 0.1\nthresholds: [0.5]\ndynamics: [ode, chain]\n"
        + "horizon: \(horizon)\n\(swept)", name: "test")
    return try await Sweep.run(grid, points: grid.points())
  }

  @Test func `columns are those that the page of data files describes, in its order`() async throws
  {
    let summary = try await sweep("replicas: 5\nsweep: {label-noise: [0, 0.1]}\n").summary
    func described(_ file: String) -> [String] {
      DescribedFiles.fields(of: file).map { $0.name == "KEY" ? "label-noise" : $0.name }
    }
    #expect(summary.exitTable.columns.map(\.name) == described("sweep.csv"))
    let place = described("sweep.csv").prefix { $0 != "dynamics" }
    #expect(summary.verdictTable.columns.map(\.name) == place + described("verdicts.csv"))
  }

  @Test func `a swept key that another column is named like has a name of its own`() async throws {
    let summary = try await sweep("sweep: {replicas: [4, 6], margin: [0.1, 0.2]}\n").summary
    for table in [summary.exitTable, summary.verdictTable] {
      #expect(Set(table.columns.map(\.name)).count == table.columns.count)
    }
    let exits = summary.exitTable
    let names = exits.columns.map(\.name)
    #expect(names.starts(with: ["point", "swept-replicas", "margin", "dimension"]))
    for row in exits.rows where row["dynamics"] == .word("chain") {
      #expect(row["swept-replicas"] == row["replicas"])
    }
    let verdicts = summary.verdictTable.columns.map(\.name)
    #expect(verdicts.starts(with: ["point", "replicas", "swept-margin"]))
  }

  @Test func `tables that are none are refused with file and column`() async throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("escapement-test-\(UUID().uuidString)", isDirectory: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let files = try await sweep("replicas: 5\nsweep: {label-noise: [0, 0.1]}\n").files
    for (name, contents, says) in [
      ("sweep.csv", "point,dynamics,threshold,width\n1,ode,0.5,1\n", "no column dimension"),
      ("sweep.csv", "point,dynamics,threshold,width,dimension,width\n1,ode,0.5,1,9,1\n", "twice"),
      ("verdicts.csv", "point,first,second,threshold\n1,ode,chain,0.5\n", "no column verdict"),
      ("fits.json", "{\"noise_shift\": [", "expected JSON"),
      ("fits.json", "{\"noise_shift\": [1]}", "expected the fits of a sweep"),
    ] {
      try RunDirectory(path: directory.path).write(files)
      _ = try reportHTML(SweepTables(path: directory.path), pictures: [])
      try RunDirectory(path: directory.path).write([(name, Data(contents.utf8))])
      let error = #expect(throws: DataFileError.self) {
        try reportHTML(SweepTables(path: directory.path), pictures: [])
      }
      #expect(error?.description.contains(name) == true, "\(error?.description ?? "")")
      #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }
  }

  private func tables(_ sweep: Sweep, _ body: (SweepTables) throws -> Void) throws {
    try withDirectory { directory in
      try RunDirectory(path: directory.path).write(sweep.files)
      try body(SweepTables(path: directory.path))
    }
  }

  /// Points of all curves, each once, and every curve one-valued along the axis.
  private func expectEveryPoint(_ sweep: SweepTables, _ curves: SweepCurves, names: [String]) {
    let rows = sweep.exits.filter { $0["dynamics"] == .word("chain") }
    let panels = curves.panels(rows)
    let drawn = panels.flatMap(\.curves)
    #expect(drawn.map(\.name) == names)
    #expect(
      drawn.flatMap { $0.rows.compactMap { Int($0.text("point")) } }.sorted()
        == Array(1...rows.count))
    for curve in drawn {
      let places = curve.rows.map(curves.place)
      #expect(zip(places, places.dropFirst()).allSatisfy { $0 < $1 }, "\(curve.name): \(places)")
    }
    for panel in panels { #expect(panel.curves.count <= SweepCurves.mostCurves) }
  }

  @Test func `a sweep in memory exports what its directory does`() async throws {
    let sweep = try await sweep("replicas: 5\nsweep: {label-noise: [0, 0.1], width: [1, 2]}\n")
    try withDirectory { directory in
      try RunDirectory(path: directory.path).write(
        sweep.files + [("sweep.yaml", Data(sweep.grid.yaml.utf8))])
      let read = try SweepTables(path: directory.path)
      for format in [ExportFormat.csv, .json, .netcdf, .notebook] {
        let (mine, other) = (
          try sweep.exported(to: format).files, try read.exported(to: format).files
        )
        #expect(mine.map(\.name) == other.map(\.name) && !mine.isEmpty)
        for (one, other) in zip(mine, other) {
          #expect(one.contents == other.contents, "\(one.name)")
        }
      }
    }
  }

  @Test func `three swept keys make a curve for each combination of two, and no zig-zag`()
    async throws
  {
    let sweep = try await sweep(
      "replicas: 4\nsweep: {dimension: [40, 50], learning-rate: [0.05, 0.1, 0.12], "
        + "label-noise: [0, 0.1]}\n", horizon: 40)
    try tables(sweep) { tables in
      let curves = SweepCurves(tables)
      #expect(curves.axis == "dimension" && curves.others == ["label-noise", "learning-rate"])
      expectEveryPoint(
        tables, curves,
        names: ["0", "0.1"].flatMap { noise in
          ["0.05", "0.1", "0.12"].map { "Δ = \(noise), γ = \($0)" }
        })
      let figure = try #require(
        tables.figures().drawn.first { $0.name == "ratio-to-annealed-T0.5" })
      #expect(figure.blocks.count == 6 && figure.blocks.allSatisfy { $0.rows.count == 2 })
    }
  }

  @Test func `a forest plot has the ratio, interval and margin of every verdict`() async throws {
    let sweep = try await sweep(
      "replicas: 40\nmargin: 0.1\nsweep: {dimension: [40, 60], label-noise: [0, 0.1]}\n",
      horizon: 40)
    try tables(sweep) { tables in
      let figure = try #require(tables.figures().drawn.first { $0.name == "verdicts-T0.5" })
      let drawn = figure.blocks.prefix(3).flatMap(\.rows).sorted { $0[1] > $1[1] }
      let rows = tables.verdicts
      #expect(rows.count == 4 && drawn.count == 4)
      let axis = try #require(figure.commands.firstMatch(of: /set xrange \[(.*):(.*)\]/))
      let (low, high) = (try #require(Double(axis.1)), try #require(Double(axis.2)))
      for (index, (line, row)) in zip(drawn, rows).enumerated() {
        // The pair's name stands above its points.
        #expect(line[0] == row.number("ratio") && line[1] == -Double(index + 1))
        #expect(line[2] == max(low, try #require(row.number("lower"))))
        #expect(line[3] == min(high, try #require(row.number("upper"))))
        #expect(figure.commands.contains("'\(tables.label(row))' \(-(index + 1))"))
      }
      #expect(figure.blocks[3].rows.allSatisfy { $0[2] == max(low, 0.9) && $0[3] == 1.1 })
      #expect(figure.blocks[3].rows.count == 4)
      #expect(figure.parameters.joined(separator: ", ").contains("p = 1, γ = 0.1"))
      #expect(!figure.parameters.joined().contains("Δ"), "swept, and so no parameter of all")
      #expect(figure.title.contains("T = 0.5"))
    }
    let memory = try SweepTables(sweep)
    for figure in memory.figures().drawn {
      #expect(figure.parameters == ["p = 1, k = 1, γ = 0.1, 40 replicas each"], "\(figure.name)")
    }
  }

  @Test func `exit times stand against each swept key, samples against d log d with their fit`()
    async throws
  {
    let sweep = try await sweep(
      "replicas: 20\nsweep: {dimension: [40, 60, 90], constraint: [spherical, free]}\n",
      horizon: 40)
    try tables(sweep) { tables in
      let figures = tables.figures()
      func figure(_ name: String) throws -> Figure {
        try #require(figures.drawn.first { $0.name == name }, "\(figures.omissions)")
      }
      let chain = tables.exits.filter { $0["dynamics"] == .word("chain") }
      let along = try figure("exit-time-against-dimension-T0.5")
      #expect(along.blocks.map { $0.rows.map { $0[0] } } == [[40, 60, 90], [40, 60, 90]])
      #expect(
        Set(along.blocks.flatMap(\.rows).map { $0[1] })
          == Set(chain.compactMap { $0.number("mean") }))
      #expect(along.title.contains("exact chain") && along.title.contains("T = 0.5"))
      // Words have places of their own, with their ticks.
      let words = try figure("exit-time-against-constraint-T0.5")
      #expect(
        words.blocks.count == 3 && words.blocks.allSatisfy { $0.rows.map { $0[0] } == [1, 2] })
      #expect(words.commands.contains("set xtics noenhanced ('spherical' 1.0, 'free' 2.0)"))
      let samples = try figure("samples-against-d-log-d-T0.5")
      let fits = try #require(try tables.fits()).samples.filter { $0.dynamics == "chain" }
      #expect(fits.count == 2 && samples.blocks.count == 4)
      for fit in fits {
        let terms = fit.fit.terms.map(\.estimate)
        let end = terms[0] * 90 * log(90) + terms[1] * 90
        let ends = samples.blocks.filter { $0.rows.count == 61 }.map { $0.rows[60] }
        let last = ends.first { abs($0[1] - end) < 1e-9 * end }
        #expect(last.map { abs($0[0] - 90 * log(90)) < 1e-9 } == true, "\(fit.place)")
      }
      for figure in figures.drawn {
        #expect(figure.commands.matches(of: /set yrange/).count == 1, "\(figure.name)")
      }
      let (_, omissions) = try Gnuplot.draw(figures, formats: ["svg"])
      #expect(omissions.isEmpty)
    }
    // A single key has a curve for each dynamics.
    try tables(await self.sweep("replicas: 9\nsweep: {label-noise: [0, 0.1]}\n", horizon: 40)) {
      let figure = try #require(
        $0.figures().drawn.first { $0.name == "exit-time-against-label-noise-T0.5" })
      #expect(figure.blocks.count == 2 && figure.commands.contains("title 'ODE'"))
      // One dimension has no fit.
      #expect(!$0.figures().drawn.contains { $0.name.hasPrefix("samples") })
    }
  }

  @Test func `a page lists its parts, and the replicas that would settle what is open`()
    async throws
  {
    let sweep = try await sweep("replicas: 5\nsweep: {label-noise: [0, 0.1]}\n", horizon: 40)
    let tables = try SweepTables(sweep)
    let page = String(decoding: try reportHTML(tables, pictures: []), as: UTF8.self)
    let titles = page.matches(of: /<h2 id="(part-[0-9]+)">([^<]*)<\/h2>/)
    let links = page.matches(of: /<li><a href="#(part-[0-9]+)">([^<]*)<\/a>/)
    #expect(titles.map { "\($0.1) \($0.2)" } == links.map { "\($0.1) \($0.2)" })
    #expect(titles.count == page.components(separatedBy: "<h2").count - 1 && titles.count > 4)
    let open = tables.verdicts.filter { $0.mapVerdict == "undetermined" }
    let counts = open.compactMap { $0.number("replicas_needed") }
    #expect(!counts.isEmpty, "a sample of five settles little")
    #expect(page.contains("What would settle the open verdicts?"))
    for count in counts { #expect(page.contains("<td>\(NumberText.rounded(count))</td>")) }
    #expect(page.contains("What is open would take about "))
    for rule in ["prefers-color-scheme: dark", "@media print", "overflow-x: auto"] {
      #expect(page.contains(rule))
    }
  }

  @Test func `more curves than one panel holds go to panels, and none is left out`() async throws {
    let sweep = try await sweep(
      "replicas: 2\nsweep: {width: [1, 2], learning-rate: [0.01, 0.02, 0.03, 0.04, 0.05], "
        + "label-noise: [0, 0.1, 0.2, 0.3]}\n")
    try tables(sweep) { tables in
      let curves = SweepCurves(tables)
      let panels = curves.panels(tables.exits.filter { $0["dynamics"] == .word("chain") })
      #expect(panels.map(\.title) == ["Δ = 0", "Δ = 0.1", "Δ = 0.2", "Δ = 0.3"])
      expectEveryPoint(
        tables, curves,
        names: (0..<4).flatMap { _ in (1...5).map { "γ = 0.0\($0)" } })
      let figure = try #require(
        tables.figures().drawn.first { $0.name == "ratio-to-annealed-T0.5" })
      #expect(figure.blocks.count == 20 && figure.commands.contains("multiplot layout 2,2"))
      let (_, omissions) = try Gnuplot.draw(tables.figures(), formats: ["svg"])
      #expect(omissions.isEmpty)
    }
    // A single key with more values than colours: even parts of it.
    let rates = (1...15).map { "\(Double($0) / 100)" }.joined(separator: ", ")
    let long = try await self.sweep(
      "replicas: 2\nsweep: {width: [1, 2], learning-rate: [\(rates)]}\n")
    try tables(long) { tables in
      let curves = SweepCurves(tables)
      #expect(
        curves.panels(tables.exits.filter { $0["dynamics"] == .word("chain") }).map(\.curves.count)
          == [7, 8])
      let (_, omissions) = try Gnuplot.draw(tables.figures(), formats: ["svg"])
      #expect(omissions.isEmpty)
    }
  }

  @Test func `seeds that are swept, words and a rate by the width have their places`() async throws
  {
    let seeds = try await sweep("replicas: 3\nsweep: {dimension: [40, 50], seed: [1, 2, 3]}\n")
    try tables(seeds) { tables in
      let curves = SweepCurves(tables)
      #expect(curves.axis == "dimension" && curves.others == ["seed"])
      expectEveryPoint(tables, curves, names: ["seed = 1", "seed = 2", "seed = 3"])
    }
    let words = try await sweep("replicas: 3\nsweep: {constraint: [spherical, free]}\n")
    try tables(words) { tables in
      let curves = SweepCurves(tables)
      #expect(curves.axis == "point" && curves.others.isEmpty)
      expectEveryPoint(tables, curves, names: ["measured"])
      let (_, omissions) = try Gnuplot.draw(tables.figures(), formats: ["svg"])
      // By this horizon not all exit on the free space: one value has a mean.
      #expect(
        omissions == [
          "no figure exit-time-against-constraint-T0.5: a mean at one value of constraint alone"
        ])
    }
    let grid = try SweepGrid(
      yaml: "dimension: 50\nthresholds: [0.5]\ndynamics: [ode, chain]\nhorizon: 2\nreplicas: 3\n"
        + "sweep: {width: [1, 2], learning-rate-over-width: [0.1, 0.2]}\n", name: "test")
    let rates = try await Sweep.run(grid, points: grid.points())
    try tables(rates) { tables in
      let curves = SweepCurves(tables)
      #expect(curves.axis == "width" && curves.others == ["learning-rate-over-width"])
      expectEveryPoint(tables, curves, names: ["γ/p = 0.1", "γ/p = 0.2"])
    }
  }

  @Test func `one verdict stands in table, figure, page, notebook and JSON, its adjustment named`()
    async throws
  {
    let sweep = try await sweep("replicas: 5\nsweep: {label-noise: [0, 0.1]}\n", horizon: 40)
    try withDirectory { directory in
      try RunDirectory(path: directory.path).write(sweep.files)
      // The verdict of the pair by itself is another than that of the map.
      let place = directory.appendingPathComponent("verdicts.csv")
      var lines = try String(contentsOf: place, encoding: .utf8).split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
      let columns = try ["verdict", "ratio", "lower", "upper"].map { name in
        try #require(lines[0].firstIndex(of: name))
      }
      for index in 1..<lines.count {
        for (column, word) in zip(columns, ["different", "0.9", "0.89", "0.91"]) {
          lines[index][column] = word
        }
      }
      try Data(lines.map { $0.joined(separator: ",") + "\n" }.joined().utf8).write(to: place)
      let tables = try SweepTables(path: directory.path)
      let figure = try #require(tables.figures().drawn.first { $0.name == "verdicts-T0.5" })
      #expect(figure.blocks.prefix(3).map { $0.rows.count } == [0, 0, 2])
      let page = String(decoding: try reportHTML(tables, pictures: []), as: UTF8.self)
      #expect(page.contains("class=\"verdict undetermined\""))
      #expect(page.contains(" ?</td>") && !page.contains(" ≠</td>"))
      let adjustment = "adjusted by Benjamini and Hochberg over 2 pairs of the whole sweep"
      for text in [
        page, figure.caption, String(decoding: try sweepNotebook(tables), as: UTF8.self),
      ] {
        #expect(text.contains(adjustment))
      }
      let notebook = String(decoding: try sweepNotebook(tables), as: UTF8.self)
      #expect(notebook.contains("map_verdict") && !notebook.contains("aggfunc"))
    }
  }
}
