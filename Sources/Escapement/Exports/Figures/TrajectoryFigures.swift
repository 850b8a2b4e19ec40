import Dynamics
import Foundation

extension TrajectoryRun {
  /// Makes the figures: paths of the risk, their quantiles, and overlaps, each against time.
  public func figures() -> Figures {
    let setting = TrajectorySetting(plan)
    let names = plan.columnNames
    var figures = Figures()
    if let risk = names.firstIndex(of: "risk"), !paths.isEmpty {
      figures.add { () throws(NothingToDraw) in
        try setting.figure(
          paths, name: "risk-paths", columns: [risk], quantity: "excess risk R",
          isLogarithmic: true,
          caption: "Excess risk against time, path by path")
      }
    }
    if !bands.isEmpty {
      figures.add { () throws(NothingToDraw) in try setting.bandFigure(bands) }
      figures.add { () throws(NothingToDraw) in try setting.meanFigure(bands) }
    }
    let overlaps = names.indices.filter { names[$0].hasPrefix("M_") }
    if !overlaps.isEmpty, !paths.isEmpty {
      figures.add { () throws(NothingToDraw) in
        try setting.figure(
          paths, name: "overlap-paths", columns: overlaps, quantity: "overlap |M|",
          isLogarithmic: false,
          caption: "Overlaps of students and teacher units in absolute value against time, path by "
            + "path")
      }
    }
    return figures
  }
}

/// What all figures of trajectories share.
private struct TrajectorySetting {
  let plan: TrajectoryPlan
  private var times: [Double] { plan.grid.times }
  private var hasLogarithmicTimes: Bool { plan.hasLogarithmicTimes }

  private var parameters: [String] {
    parameterLines(
      plan.experiment.parameters.map(\.words)
        + [replicaWords(plan.experiment.dynamics.map { ($0, plan.replicaCount($0)) })])
  }

  /// Paths beyond these would hide each other.
  private static let mostPaths = 40

  init(_ plan: TrajectoryPlan) { self.plan = plan }

  /// Draws what is random under what is not.
  private func order<Series>(_ series: [Series], _ kind: (Series) -> DynamicsKind) -> [Series] {
    FigureStyle.drawn.flatMap { next in series.filter { kind($0) == next } }
  }

  func figure(
    _ paths: [TrajectoryRun.Paths], name: String, columns: [Int], quantity: String,
    isLogarithmic: Bool, caption: String
  ) throws(NothingToDraw) -> Figure {
    var (blocks, lines, entries): ([FigureBlock], [String], [String]) = ([], [], [])
    for series in order(paths, \.kind) where !series.rows.isEmpty {
      let count = series.rows.count / times.count
      let shown = min(count, TrajectorySetting.mostPaths)
      var rows: [[Double]] = []
      for path in 0..<shown {
        for column in columns {
          // An empty line parts a curve from the next.
          if !rows.isEmpty { rows.append([]) }
          rows += zip(times, series.rows[(path * times.count)...]).map { time, row in
            [time, shownValue(abs(row[column]), isLogarithmic)]
          }
        }
      }
      let kind = series.kind
      let title = kind.title + (count == 1 ? "" : ", \(shown) paths")
      let isLine = kind.isDeterministic && count == 1
      lines.append(
        "data index \(blocks.count) using 1:2 with lines "
          + (isLine
            ? "linetype \(FigureStyle.lineType(kind)) linewidth 2.4 title \(gnuplotText(title))"
            : "\(FigureStyle.pathStyle(kind)) notitle"))
      if !isLine {
        entries.append(
          "NaN with lines linetype \(FigureStyle.lineType(kind)) \(FigureStyle.pathDash(kind)) "
            + "title \(gnuplotText(title))")
      }
      blocks.append(FigureBlock(heading: "\(title): time, \(quantity)", rows: rows))
    }
    try check(blocks, values: 1...1, name, isLogarithmic)
    let dashed = paths.map(\.kind).filter(\.isDeterministic).map(\.titleWithArticle)
      .joined(separator: ", ")
    return Figure(
      name: name,
      caption: caption + (dashed.isEmpty ? ". " : "; dashed, \(dashed). ") + setup(isLogarithmic),
      title: caption, parameters: parameters,
      blocks: blocks,
      commands: commands(lines + entries, quantity, isLogarithmic, blocks))
  }

  /// Throws `NothingToDraw` for one time alone, and where no value has a place on the axis.
  private func check(
    _ blocks: [FigureBlock], values: ClosedRange<Int>, _ name: String, _ isLogarithmic: Bool
  ) throws(NothingToDraw) {
    guard times.count > 1 else {
      throw NothingToDraw(name: name, reason: "one time alone makes no curve")
    }
    // Along a logarithmic axis of times, time 0 has no place.
    let shown = blocks.flatMap(\.rows).filter { row in
      !row.isEmpty && (!hasLogarithmicTimes || row[0] > 0)
        && row[values].contains(where: \.isFinite)
    }
    guard !shown.isEmpty else {
      let rest = isLogarithmic ? " above 0, which a logarithmic axis needs" : ""
      throw NothingToDraw(name: name, reason: "no value\(rest)")
    }
  }

  func bandFigure(_ bands: [TrajectoryRun.Bands]) throws(NothingToDraw) -> Figure {
    var (blocks, fills, lines): ([FigureBlock], [String], [String]) = ([], [], [])
    let (low, high) = (0, plan.quantiles.count - 1)
    // The quantile nearest to the middle.
    let middle =
      plan.quantiles.indices.min {
        abs(plan.quantiles[$0] - 0.5) < abs(plan.quantiles[$1] - 0.5)
      } ?? 0
    func percent(_ index: Int) -> String {
      let share = plan.quantiles[index]
      return share == 0.5 ? "median" : NumberText.short(100 * share) + "%"
    }
    for series in order(bands, \.kind) {
      let (kind, line) = (series.kind, FigureStyle.lineType(series.kind))
      let replicas = series.replicas
      if replicas > 1, low < high {
        fills += FigureStyle.band(blocks.count, line)
      }
      let range = low < high ? " (\(percent(low)) to \(percent(high)))" : ""
      let title =
        kind.title + (replicas == 1 ? "" : ", \(percent(middle))\(range)")
      lines.append(
        "data index \(blocks.count) using 1:2 with lines linetype \(line) "
          + "title \(gnuplotText(title))")
      blocks.append(
        FigureBlock(
          heading: "\(title): time, quantiles at "
            + [middle, low, high].map(percent).joined(separator: ", "),
          rows: zip(times, series.bands).map { time, band in
            [time] + [middle, low, high].map { shownValue(band.quantiles[$0] ?? .nan, true) }
          }))
    }
    try check(blocks, values: 1...3, "risk-quantiles", true)
    return Figure(
      name: "risk-quantiles",
      caption: "Quantiles of the excess risk over replicas against time. \(setup(true))",
      title: "Quantiles of the excess risk over replicas", parameters: parameters,
      blocks: blocks, commands: commands(fills + lines, "excess risk R", true, blocks))
  }

  /// Means with their 95% intervals, where these lie above 0.
  func meanFigure(_ bands: [TrajectoryRun.Bands]) throws(NothingToDraw) -> Figure {
    var (blocks, fills, lines): ([FigureBlock], [String], [String]) = ([], [], [])
    for series in order(bands, \.kind) {
      let line = FigureStyle.lineType(series.kind)
      let isPath = series.replicas == 1
      let title = series.kind.title + (isPath ? "" : ", mean")
      if !isPath {
        fills += FigureStyle.band(blocks.count, line)
      }
      lines.append(
        "data index \(blocks.count) using 1:2 with lines linetype \(line) "
          + "title \(gnuplotText(title))")
      blocks.append(
        FigureBlock(
          heading: "\(title): time, mean, lower and upper end of its 95% interval",
          rows: zip(times, series.bands).map { time, band in
            let mean = band.mean ?? .nan
            let reach = isPath ? 0 : 1.96 * (band.standardError ?? .nan)
            return [time] + [mean, mean - reach, mean + reach].map { shownValue($0, true) }
          }))
    }
    try check(blocks, values: 1...3, "risk-means", true)
    return Figure(
      name: "risk-means",
      caption: "Mean of the excess risk over replicas against time, with 95% intervals where these "
        + "lie above 0. \(setup(true))",
      title: "Mean excess risk over replicas", parameters: parameters,
      blocks: blocks, commands: commands(fills + lines, "excess risk R", true, blocks))
  }

  /// The level that label noise leaves, where there is one on a logarithmic axis.
  private func plateau(_ isLogarithmic: Bool) -> Double? {
    let plateau = EscapeTheory(model: plan.experiment.model).plateau ?? 0
    return isLogarithmic && plateau > 0 ? plateau : nil
  }

  private func setup(_ isLogarithmic: Bool) -> String {
    let model = plan.experiment.model
    let known = plateau(isLogarithmic).map { _ in " Dotted, the plateau γΔ/(1 − 6γ)." } ?? ""
    return "\(model.title), d = \(model.dimension), p = \(model.width), "
      + "γ = \(NumberText.given(model.learningRate)), Δ = \(NumberText.given(model.labelNoise)).\(known)"
  }

  /// A logarithmic axis has no place for what is not above 0.
  private func shownValue(_ value: Double, _ isLogarithmic: Bool) -> Double {
    isLogarithmic && value <= 0 ? .nan : value
  }

  private func commands(
    _ plots: [String], _ quantity: String, _ isLogarithmic: Bool, _ blocks: [FigureBlock]
  ) -> String {
    var plots = plots
    if let plateau = plateau(isLogarithmic) {
      plots.append("\(plateau) with lines linetype 6 title 'plateau γΔ/(1 − 6γ)'")
    }
    let first = times.first { $0 > 0 } ?? 1
    // One time above 0 alone has no logarithmic axis.
    let begin = hasLogarithmicTimes ? (first < plan.grid.last ? first : first / 2) : times[0]
    let end = plan.grid.last
    // An axis needs a length where all values are equal.
    let values = blocks.flatMap(\.rows).flatMap { $0.dropFirst() }.filter(\.isFinite)
    let (least, largest) = (values.min() ?? 0, values.max() ?? 1)
    var text = """
      set xrange [\(begin):\(end)]
      set xlabel 'time τ = ν γ / (p d)'
      set ylabel '\(quantity)'

      """
    if hasLogarithmicTimes { text += "set logscale x\nset format x '10^{%L}'\n" }
    text +=
      isLogarithmic
      ? "set logscale y\nset format y '10^{%L}'\n"
        + (least < largest ? "" : "set yrange [\(least / 10):\(largest * 10)]\n")
      : largest > 0
        ? "set yrange [0:*]\nset autoscale yfixmax\nset offsets 0, 0, graph 0.03, 0\n"
        : "set yrange [0:1]\n"
    let scale = plan.experiment.model.scaledSamples
    if scale.isFinite {
      text += """
        set x2range [\(begin * scale):\(end * scale)]
        set border 7
        set x2tics nomirror out scale 0.6
        set x2label 'samples ν / (d log d)'

        """
      if hasLogarithmicTimes { text += "set logscale x2\nset format x2 '10^{%L}'\n" }
    }
    return text + "plot \(plots.joined(separator: ", \\\n  "))"
  }
}

extension TrajectoryPlan {
  /// Whether figures have a logarithmic axis of times.
  var hasLogarithmicTimes: Bool {
    let positive = grid.times.first { $0 > 0 } ?? 1
    return grid.spacing == .logarithmic || grid.spacing == .list && grid.last / positive > 100
  }
}
