import Foundation

/// Is a line of a forest plot: the name of a pair, or a point with its ratio where it has one.
private struct ForestLine {
  let label: String
  var row: DataTable.Row?
  var ratio: Double? {
    row?.number("ratio").flatMap { (1e-100...1e100).contains($0) ? $0 : nil }
  }
  /// The 95% interval; the ratio itself where there is none.
  var interval: (low: Double, high: Double)? {
    guard let ratio else { return nil }
    return (row?.number("lower") ?? ratio, row?.number("upper") ?? ratio)
  }
  var margin: Double? { ratio == nil ? nil : row?.number("margin") }
}

extension SweepTables {
  /// Ratios of mean exit times with their intervals over the margin, a line a point, pair under pair.
  func forestFigure(
    _ mark: WrittenMark, _ parameters: [String]
  ) throws(NothingToDraw) -> Figure? {
    let name = "verdicts-\(mark.suffix)"
    let rows = verdicts.filter { $0.mark == mark }
    guard !rows.isEmpty else { return nil }
    let lines = Dictionary(grouping: rows, by: \.sides)
    let all = unique(rows.map(\.sides)).flatMap { pair in
      [ForestLine(label: pair)]
        + (lines[pair] ?? []).map { ForestLine(label: label($0), row: $0) }
    }
    guard all.contains(where: { $0.ratio != nil && !($0.row?.mapVerdict ?? "").isEmpty }) else {
      throw NothingToDraw(name: name, reason: "no pair has a ratio of means at any point")
    }
    let axis = ForestAxis(all)
    var (blocks, plots, signs): ([FigureBlock], [String], [String]) = ([], [], [])
    for (verdict, sign, style) in [
      ("equivalent", "=", "linetype 4 pointtype 7"), ("different", "≠", "linetype 3 pointtype 5"),
      ("undetermined", "?", "linetype 7 pointtype 9"),
    ] {
      let cells = all.enumerated().compactMap { index, line -> [Double]? in
        guard line.row?.mapVerdict == verdict, let ratio = line.ratio, let ends = line.interval
        else { return nil }
        return [axis.inside(ratio), -Double(index), axis.inside(ends.low), axis.inside(ends.high)]
      }
      if !cells.isEmpty {
        plots.append(
          "data index \(blocks.count) using 1:2:3:4 with xerrorbars \(style) dashtype 1 linewidth 1.6 "
            + "pointsize 0.7 title '\(sign)  \(verdict)'")
        signs.append(
          "data index \(blocks.count) using (\(axis.high)):2:('\(sign)') with labels left offset 0.8,0 notitle"
        )
      }
      blocks.append(
        FigureBlock(
          heading: "\(verdict): ratio, place from the top, lower and upper end of the 95% interval",
          rows: cells))
    }
    let strips = all.enumerated().compactMap { index, line in
      line.margin.map { [1, -Double(index), axis.inside(1 - $0), axis.inside(1 + $0)] }
    }
    plots.insert(
      "data index \(blocks.count) using 1:2:3:4:($2-0.5):($2+0.5) with boxxyerror "
        + "fillcolor rgb '#999999' fillstyle transparent solid 0.25 noborder title 'within the margin'",
      at: 0)
    blocks.append(
      FigureBlock(heading: "margin: 1, place from the top, lower and upper end", rows: strips))
    // Labels that would lie on each other are left out.
    let step = (all.count + 299) / 300
    let labels = all.enumerated().filter { $0.offset % step == 0 || $0.element.row == nil }
      .map { "\(gnuplotLabel($0.element.label)) \(-$0.offset)" }
    let height = 170 + (all.count > 300 ? 5000 : max(120, 17 * Double(all.count)))
    return Figure(
      name: name,
      caption:
        "Ratios of mean exit times with their 95% intervals, \(mark.text), first over second "
        + "of each pair, for each point of the sweep, over the margin: = equivalent within it, ≠ "
        + "different by more than it, ? undetermined; \(adjustment).",
      title: "Ratio of mean exit times over the margin, \(mark.text)", parameters: parameters,
      aspect: 680 / height,
      blocks: blocks,
      commands: """
        unset grid
        \(axis.commands)
        set yrange [\(0.5 - Double(all.count)):0.6]
        set ytics noenhanced scale 0 (\(labels.joined(separator: ", ")))
        set arrow from 1, graph 0 to 1, graph 1 nohead linetype 6 back
        set xlabel 'ratio of mean exit times, first / second'
        set rmargin 4
        plot \((plots + signs).joined(separator: ", \\\n  "))
        """)
  }
}

/// The axis of ratios: as wide as the ratios and the margin ask for, at which longer intervals are cut.
private struct ForestAxis {
  let low: Double
  let high: Double
  private var isLogarithmic: Bool { low > 0 && high / low > 8 }

  init(_ lines: [ForestLine]) {
    let core =
      lines.compactMap(\.ratio) + lines.compactMap(\.margin).flatMap { [1 - $0, 1 + $0] } + [1]
    let (least, largest) = (core.min() ?? 1, core.max() ?? 1)
    let width = max(largest - least, 0.01)
    let ends = lines.compactMap(\.interval)
    let first = max(ends.map(\.low).min() ?? least, least - width)
    let last = min(ends.map(\.high).max() ?? largest, largest + width)
    // A ratio is above 0.
    low = max(min(first, least) - 0.04 * width, least / 4)
    high = max(last, largest) + 0.04 * width
  }

  func inside(_ value: Double) -> Double { min(max(value, low), high) }

  var commands: String {
    (isLogarithmic ? "set logscale x\n" : "") + "set xrange [\(low):\(high)]"
  }
}
