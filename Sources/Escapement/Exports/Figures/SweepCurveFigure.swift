import Foundation

/// Draws a number of every point against the axis of a layout: a curve for each combination of the other keys,
/// panels where these are many, one scale for all of them.
struct SweepCurveFigure {
  /// A curve without points, such as a fit.
  struct Line {
    let title: String
    let rows: [[Double]]
  }

  let name: String
  let title: String
  let caption: String
  let parameters: [String]
  let layout: SweepCurves
  /// What stands beside the axis of values.
  let valueTitle: String
  /// What is at the place of a row; nil for the layout's own axis.
  var axis: (title: String, place: (Double) -> Double)?
  /// A level that all values are compared with, and what it is.
  var reference: (level: Double, title: String)?
  /// The value of a row and the half-width of its 95% interval; nil without one.
  let value: (DataTable.Row) -> (value: Double, reach: Double)?
  /// What is drawn through the points of a curve, in their place.
  var line: (SweepCurves.Curve) -> Line? = { _ in nil }

  /// More panels than these make a picture that no program draws.
  static let mostPanels = 60

  /// Draws `rows`, one a point, or the curves that are given; throws `NothingToDraw` for a single point.
  func figure(
    _ rows: [DataTable.Row], curves: [SweepCurves.Curve]? = nil
  ) throws(NothingToDraw) -> Figure {
    let known = rows.filter { value($0) != nil }
    guard Set(known.map { $0["point"] }).count > 1 else {
      throw NothingToDraw(name: name, reason: "a value at one point alone")
    }
    let panels = curves.map { [SweepCurves.Panel(title: "", curves: $0)] } ?? layout.panels(known)
    guard panels.count <= SweepCurveFigure.mostPanels else {
      throw NothingToDraw(
        name: name,
        reason: "\(panels.count) panels of curves, more than \(SweepCurveFigure.mostPanels)")
    }
    var (blocks, plots): ([FigureBlock], [String]) = ([], [])
    for panel in panels {
      var lines = reference.map { ["\($0.level) with lines linetype 6 title '\($0.title)'"] } ?? []
      for (index, curve) in panel.curves.enumerated() {
        lines += plot(curve, index, in: panel, &blocks)
      }
      let title = panel.title.isEmpty ? "" : "set title \(gnuplotText(panel.title)) noenhanced\n"
      plots.append("\(title)plot \(lines.joined(separator: ", \\\n  "))")
    }
    let isOne = panels.count == 1
    let scale = valueCommands(blocks)
    let (columns, lines) = (isOne ? 1 : 2, (panels.count + 1) / 2)
    let multiplot =
      "set multiplot layout \(lines),\(columns) title heading noenhanced font small\nunset title\n"
      + "set key font ',9'"
    return Figure(
      name: name, caption: caption, title: title, parameters: parameters,
      aspect: isOne ? 1.35 : 1.6 / (Double(lines) + 0.15),
      blocks: blocks,
      commands: """
        \(axisCommands(Set(known.map(layout.place)).sorted(), columns, scale.hasPrefix("set log")))
        \(scale)
        set ylabel \(gnuplotText(valueTitle))
        \(isOne ? "" : multiplot)
        \(plots.joined(separator: "\n"))
        \(isOne ? "" : "unset multiplot")
        """)
  }

  /// The commands of one curve, whose data join `blocks`: curves of one panel are told apart by colour, and the second
  /// half of them by dash and mark.
  private func plot(
    _ curve: SweepCurves.Curve, _ index: Int, in panel: SweepCurves.Panel,
    _ blocks: inout [FigureBlock]
  ) -> [String] {
    let points = curve.rows.compactMap { row in value(row).map { [place(row), $0.value, $0.reach] }
    }
    let heading = [panel.title, curve.name].filter { !$0.isEmpty }.joined(separator: ", ")
    let line = line(curve)
    let isSecondHalf = curve.lineType == nil && index >= 6
    let style =
      "linetype \(curve.lineType ?? [1, 3, 4, 7, 5, 8][index % 6])"
      + (isSecondHalf ? " dashtype 2" : "")
    let mark = (isSecondHalf ? "pointtype 6 " : "") + "pointsize 0.8"
    var plots = [
      "data index \(blocks.count) using 1:2:3 with \(line == nil ? "yerrorlines" : "yerrorbars") "
        + "\(style) \(mark) title \(gnuplotText(curve.name)) noenhanced"
    ]
    blocks.append(
      FigureBlock(heading: "\(heading): place, value, 95% half-width", rows: points))
    if let line {
      plots.append(
        "data index \(blocks.count) using 1:2 with lines \(style) title \(gnuplotText(line.title)) "
          + "noenhanced")
      blocks.append(FigureBlock(heading: "\(heading): \(line.title)", rows: line.rows))
    }
    return plots
  }

  private func place(_ row: DataTable.Row) -> Double {
    let place = layout.place(row)
    return axis?.place(place) ?? place
  }

  /// The axis of a swept key, with a tick at each value while these are few.
  private func axisCommands(
    _ values: [Double], _ columns: Int, _ isLogarithmicInValues: Bool
  ) -> String {
    let places = values.map { axis?.place($0) ?? $0 }
    let (least, largest) = (places[0], places[places.count - 1])
    var text = "set xlabel \(gnuplotText(axis?.title ?? layout.axisTitle))\n"
    // Against d log d itself a fit is a line, unless the values have another scale.
    let isLogarithmic =
      axis == nil ? layout.isLogarithmic(values) && least > 0 : isLogarithmicInValues
    let ends: String
    if isLogarithmic {
      let margin = max(pow(largest / least, 0.04), 1.05)
      ends = "[\(least / margin):\(largest * margin)]"
    } else {
      let margin = largest > least ? 0.04 * (largest - least) : max(1, abs(largest))
      ends = "[\(least - margin):\(largest + margin)]"
    }
    text += "\(isLogarithmic ? "set logscale x\n" : "")set xrange \(ends)"
    guard values.count <= 12 / columns else { return text }
    func ticks(_ word: (Int) -> String) -> String {
      places.indices.map { "\(gnuplotLabel(word($0))) \(places[$0])" }.joined(separator: ", ")
    }
    guard axis != nil else {
      return text + "\nset xtics noenhanced (\(ticks { layout.tick(values[$0]) }))"
    }
    // What the axis is made of stands on top.
    return text + """

      set xtics (\(ticks { NumberText.short(places[$0]) }))
      \(isLogarithmic ? "set logscale x2" : "")
      set x2range \(ends)
      set border 7
      set x2tics nomirror out scale 0.6 (\(ticks { layout.tick(values[$0]) }))
      set x2label \(gnuplotText(layout.axisTitle))
      """
  }

  /// One scale for all panels, with room at both ends.
  private func valueCommands(_ blocks: [FigureBlock]) -> String {
    let ends =
      blocks.flatMap(\.rows).flatMap { row in
        row.count > 2 ? [row[1] - row[2], row[1] + row[2]] : [row[1]]
      }.filter(\.isFinite) + (reference.map { [$0.level] } ?? [])
    guard let least = ends.min(), let largest = ends.max() else { return "" }
    if least > 0, largest / least > 8 {
      let margin = pow(largest / least, 0.05)
      return "set logscale y\nset yrange [\(least / margin):\(largest * margin)]"
    }
    let margin = largest > least ? 0.05 * (largest - least) : max(abs(largest), 1) / 10
    return "set yrange [\(least - margin):\(largest + margin)]"
  }
}
