import Dynamics
import Foundation

extension SweepTables {
  /// Makes the figures: ratios of mean exit times to the closed forms against the width, and the map
  /// of verdicts.
  public func figures() -> [Figure] {
    marks.sorted { ($0.threshold, $0.criterion) < ($1.threshold, $1.criterion) }.flatMap { mark in
      let ratios =
        mark.criterion == ExitCriterion.risk.name
        ? ["annealed", "quenched"].compactMap { ratioFigure($0, mark) } : []
      return ratios + [verdictFigure(mark)].compactMap { $0 }
    }
  }

  /// More curves than these cannot be told apart.
  private static let mostCurves = 12

  /// Ratio to a closed form against the width, a curve for each value of the other keys.
  private func ratioFigure(_ formula: String, _ mark: PointResult.Mark) -> Figure? {
    let rows = exits.filter {
      $0.mark == mark && $0.number("ratio_to_\(formula)") != nil
        && Int($0["dimension"] ?? "") != nil
    }
    func value(_ row: [String: String], _ key: String) -> Double { row.number(key) ?? .nan }
    let kinds = [DynamicsKind.chain, .sgd, .sde, .ode]
    guard
      let kind = kinds.first(where: { kind in rows.contains { $0["dynamics"] == kind.rawValue } })
    else { return nil }
    let mine = rows.filter { $0["dynamics"] == kind.rawValue }
    guard Set(mine.map { value($0, "width") }).count > 1 else { return nil }
    let others = sweptKeys.filter { $0 != "width" }
    func curve(_ row: [String: String]) -> String {
      label(row, others) ?? "d = \(row["dimension"] ?? "")"
    }
    let curves = unique(mine.map(curve))
    guard curves.count <= SweepTables.mostCurves else { return nil }
    let widths = Set(mine.compactMap { Int($0["width"] ?? "") }).sorted()
    let margin = pow(Double(widths[widths.count - 1]) / Double(widths[0]), 0.04)
    var (blocks, plots): ([FigureBlock], [String]) = ([], [])
    for (index, name) in curves.enumerated() {
      let points = mine.filter { curve($0) == name }
        .map { row in
          let error = value(row, "ratio_to_\(formula)_standard_error")
          return [
            value(row, "width"), value(row, "ratio_to_\(formula)"),
            error.isFinite ? 1.96 * error : 0,
          ]
        }.sorted { $0[0] < $1[0] }
      let style = [1, 3, 4, 7, 5, 8][index % 6]
      plots.append(
        "data index \(index) using 1:2:3 with yerrorlines linetype \(style) "
          + (index < 6 ? "" : "dashtype 2 pointtype 6 ")
          + "pointsize 0.8 title \(gnuplotText(name)) noenhanced")
      blocks.append(
        FigureBlock(heading: "\(name): width, ratio, 95% half-width", rows: points))
    }
    return Figure(
      name: "ratio-to-\(formula)-T\(mark.threshold)",
      caption: "Mean exit time of the \(FigureStyle.title(kind)) over the \(formula) closed form, "
        + "against the width p, at \(mark.text). Bars are 95% intervals; at 1 the formula holds.",
      blocks: blocks,
      commands: """
        set logscale x
        set xtics (\(widths.map { "\($0)" }.joined(separator: ", ")))
        set xrange [\(Double(widths[0]) / margin):\(Double(widths[widths.count - 1]) * margin)]
        set offsets 0, 0, graph 0.05, graph 0.05
        set xlabel 'width p (students)'
        set ylabel 'mean exit time / \(formula) formula'
        plot \((["1 with lines linetype 6 title 'the formula'"] + plots).joined(separator: ", \\\n  "))
        """)
  }

  /// Verdicts on the ratio of means, a column for each point of the grid and a row for each pair.
  private func verdictFigure(_ mark: PointResult.Mark) -> Figure? {
    let rows = verdicts.filter { $0.mark == mark }
    guard !rows.isEmpty else { return nil }
    let (points, pairs) = (unique(rows.map { $0["point"] ?? "" }), unique(rows.map(\.sides)))
    let kinds = [("equivalent", "=", 4), ("different", "≠", 3), ("undetermined", "?", 7)]
    var (blocks, plots, marks): ([FigureBlock], [String], [String]) = ([], [], [])
    for (verdict, mark, style) in kinds {
      let cells = rows.filter { $0["verdict"] == verdict }.map { row in
        [
          Double(points.firstIndex(of: row["point"] ?? "") ?? 0),
          Double(pairs.firstIndex(of: row.sides) ?? 0),
        ]
      }
      plots.append(
        "data index \(blocks.count) using 1:2:(0.46):(0.44) with boxxyerror linetype \(style) "
          + "fillstyle solid 0.55 border title '\(mark)  \(verdict)'")
      marks.append(
        "data index \(blocks.count) using 1:2:('\(mark)') with labels textcolor rgb '#000000' notitle"
      )
      blocks.append(FigureBlock(heading: "\(verdict): point, pair", rows: cells))
    }
    let labels = points.enumerated().map { index, point in
      let row = rows.first { $0["point"] == point } ?? [:]
      return "\(gnuplotLabel(label(row))) \(index)"
    }
    let names = pairs.enumerated().map { "\(gnuplotLabel($1)) \($0)" }
    return Figure(
      name: mark.criterion == ExitCriterion.risk.name
        ? "verdicts-T\(mark.threshold)" : "verdicts-\(mark.criterion)-\(mark.threshold)",
      caption:
        "Verdicts on the ratio of mean exit times, \(mark.text), for each point of the sweep "
        + "and pair of dynamics: = equivalent within the margin, ≠ different by more than it, "
        + "? undetermined.",
      aspect: max(0.9, 1.9 - 0.1 * Double(pairs.count)),
      blocks: blocks,
      commands: """
        unset grid
        set xrange [-0.6:\(Double(points.count) - 0.4)]
        set yrange [-0.6:\(Double(pairs.count) - 0.4)]
        set xtics rotate by 40 right noenhanced (\(labels.joined(separator: ", ")))
        set ytics noenhanced (\(names.joined(separator: ", ")))
        set xlabel 'point of the sweep (values of the swept keys)' offset 0,0
        set ylabel 'pair: first / second'
        set key tmargin center horizontal
        plot \((plots + marks).joined(separator: ", \\\n  "))
        """)
  }
}
