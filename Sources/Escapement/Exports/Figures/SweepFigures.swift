import Dynamics
import Foundation

extension SweepTables {
  /// Makes the figures: ratios of mean exit times to the closed forms against one swept key, a curve for
  /// each combination of the others, and the map of verdicts.
  public func figures() -> Figures {
    var figures = Figures()
    let curves = SweepCurves(self)
    for mark in marks.sorted(by: { ($0.threshold, $0.criterion) < ($1.threshold, $1.criterion) }) {
      if mark.criterion == ExitCriterion.risk.name {
        for formula in ["annealed", "quenched"] {
          figures.add { () throws(NothingToDraw) in try ratioFigure(formula, mark, curves) }
        }
      }
      figures.add { () throws(NothingToDraw) in try verdictFigure(mark) }
    }
    return figures
  }

  /// More panels than these make a picture that no program draws.
  private static let mostPanels = 60

  /// Ratio to a closed form along the axis, a curve for each combination of the other keys.
  private func ratioFigure(
    _ formula: String, _ mark: WrittenMark, _ layout: SweepCurves
  ) throws(NothingToDraw) -> Figure? {
    let rows = exits.filter { $0.mark == mark && $0.number("ratio_to_\(formula)") != nil }
    guard
      let kind = DynamicsKind.references.first(where: { kind in
        rows.contains { $0.text("dynamics") == kind.rawValue }
      })
    else { return nil }
    let mine = rows.filter { $0.text("dynamics") == kind.rawValue }
    let name = "ratio-to-\(formula)-T\(mark.threshold)"
    guard Set(mine.map { $0["point"] }).count > 1 else {
      throw NothingToDraw(name: name, reason: "a ratio at one point alone")
    }
    let panels = layout.panels(mine)
    guard panels.count <= SweepTables.mostPanels else {
      throw NothingToDraw(
        name: name,
        reason: "\(panels.count) panels of curves, more than \(SweepTables.mostPanels)")
    }
    let places = Set(mine.map(layout.place)).sorted()
    var (blocks, plots): ([FigureBlock], [String]) = ([], [])
    for panel in panels {
      var lines = ["1 with lines linetype 6 title 'the formula'"]
      for (index, curve) in panel.curves.enumerated() {
        lines.append(
          "data index \(blocks.count) using 1:2:3 with yerrorlines \(SweepTables.style(index)) "
            + "title \(gnuplotText(curve.name)) noenhanced")
        let points = curve.rows.map { row in
          let error = row.number("ratio_to_\(formula)_standard_error") ?? 0
          return [layout.place(row), row.number("ratio_to_\(formula)") ?? .nan, 1.96 * error]
        }
        let place = [panel.title, curve.name].filter { !$0.isEmpty }.joined(separator: ", ")
        blocks.append(
          FigureBlock(heading: "\(place): \(layout.axis), ratio, 95% half-width", rows: points))
      }
      let title = panel.title.isEmpty ? "" : "set title \(gnuplotText(panel.title)) noenhanced\n"
      plots.append("\(title)plot \(lines.joined(separator: ", \\\n  "))")
    }
    let (columns, lines) = (panels.count == 1 ? 1 : 2, (panels.count + 1) / 2)
    return Figure(
      name: name,
      caption: "Mean exit time of the \(kind.title) over the \(formula) closed form, "
        + "against the \(layout.axisTitle), at \(mark.text)"
        + (layout.others.isEmpty
          ? "" : ", a curve for each combination of \(layout.others.joined(separator: ", "))")
        + ". Bars are 95% intervals; at 1 the formula holds.",
      aspect: panels.count == 1 ? 1.45 : 1.6 / Double(lines),
      blocks: blocks,
      commands: """
        \(axisCommands(places, layout, columns))
        set offsets 0, 0, graph 0.05, graph 0.05
        set xlabel \(gnuplotText(layout.axisTitle))
        set ylabel 'mean exit time / \(formula) formula'
        \(panels.count == 1 ? "" : "set multiplot layout \(lines),\(columns)\nset key font ',9'")
        \(plots.joined(separator: "\n"))
        \(panels.count == 1 ? "" : "unset multiplot")
        """)
  }

  /// Tells curves of one panel apart by colour, and the second half of them by dash and mark.
  private static func style(_ index: Int) -> String {
    "linetype \([1, 3, 4, 7, 5, 8][index % 6]) \(index < 6 ? "" : "dashtype 2 pointtype 6 ")"
      + "pointsize 0.8"
  }

  /// The axis of a swept key, with a tick at each value while these are few.
  private func axisCommands(_ places: [Double], _ layout: SweepCurves, _ columns: Int) -> String {
    let (least, largest) = (places[0], places[places.count - 1])
    var text: String
    if layout.isLogarithmic(places) {
      let margin = max(pow(largest / least, 0.04), 1.05)
      text = "set logscale x\nset xrange [\(least / margin):\(largest * margin)]"
    } else {
      let margin = largest > least ? 0.04 * (largest - least) : max(1, abs(largest))
      text = "set xrange [\(least - margin):\(largest + margin)]"
    }
    if places.count <= 12 / columns {
      let ticks = places.map { "'\(NumberText.given($0))' \($0)" }
      text += "\nset xtics (\(ticks.joined(separator: ", ")))"
    }
    return text
  }

  /// Verdicts on the ratio of means, a column for each point of the grid and a row for each pair.
  private func verdictFigure(_ mark: WrittenMark) throws(NothingToDraw) -> Figure? {
    let name = "verdicts-\(mark.suffix)"
    let rows = verdicts.filter { $0.mark == mark }
    guard !rows.isEmpty else { return nil }
    guard rows.contains(where: { !$0.mapVerdict.isEmpty }) else {
      throw NothingToDraw(name: name, reason: "no pair has a ratio of means at any point")
    }
    let (points, pairs) = (unique(rows.map { $0["point"] }), unique(rows.map(\.sides)))
    let kinds = [("equivalent", "=", 4), ("different", "≠", 3), ("undetermined", "?", 7)]
    var (blocks, plots, marks): ([FigureBlock], [String], [String]) = ([], [], [])
    for (verdict, sign, style) in kinds {
      let cells = rows.filter { $0.mapVerdict == verdict }.map { row in
        [
          Double(points.firstIndex(of: row["point"]) ?? 0),
          Double(pairs.firstIndex(of: row.sides) ?? 0),
        ]
      }
      plots.append(
        "data index \(blocks.count) using 1:2:(0.46):(0.44) with boxxyerror linetype \(style) "
          + "fillstyle solid 0.55 border title '\(sign)  \(verdict)'")
      marks.append(
        "data index \(blocks.count) using 1:2:('\(sign)') with labels textcolor rgb '#000000' notitle"
      )
      blocks.append(FigureBlock(heading: "\(verdict): point, pair", rows: cells))
    }
    let labels = points.enumerated().map { index, point in
      let row = rows.first { $0["point"] == point }
      return "\(gnuplotLabel(row.map(label) ?? "")) \(index)"
    }
    let sides = pairs.enumerated().map { "\(gnuplotLabel($1)) \($0)" }
    return Figure(
      name: name,
      caption:
        "Verdicts on the ratio of mean exit times, \(mark.text), for each point of the sweep "
        + "and pair of dynamics: = equivalent within the margin, ≠ different by more than it, "
        + "? undetermined; \(adjustment).",
      aspect: max(0.9, 1.9 - 0.1 * Double(pairs.count)),
      blocks: blocks,
      commands: """
        unset grid
        set xrange [-0.6:\(Double(points.count) - 0.4)]
        set yrange [-0.6:\(Double(pairs.count) - 0.4)]
        set xtics rotate by 40 right noenhanced (\(labels.joined(separator: ", ")))
        set ytics noenhanced (\(sides.joined(separator: ", ")))
        set xlabel 'point of the sweep (values of the swept keys)' offset 0,0
        set ylabel 'pair: first / second'
        set key tmargin center horizontal
        set rmargin 4
        plot \((plots + marks).joined(separator: ", \\\n  "))
        """)
  }
}
