import Dynamics
import Foundation
import GSL
import Statistics

/// Shows the quantiles of the exit times against those of the ground truth.
func quantileFigure(_ curves: [FigureSample], _ setting: FigureSetting) throws -> Figure? {
  let name = "quantiles-\(setting.suffix)"
  _ = try axisEnd(curves, name)
  guard let truth = groundTruth(curves) else { return nil }
  let others = curves.filter { $0.kind != truth.kind && !$0.isNumber }
  guard !others.isEmpty else { return nil }
  let reference = try knownQuantiles(truth.sample)
  var (blocks, plots): ([FigureBlock], [String]) = ([], [])
  var end = 0.0
  for other in others {
    let rows = zip(reference, try knownQuantiles(other.sample)).compactMap { x, y in
      if let x, let y { [x, y] } else { nil }
    }
    guard !rows.isEmpty else { continue }
    end = max(end, rows.flatMap { $0 }.max() ?? 0)
    plots.append(
      "data index \(blocks.count) using 1:2 with linespoints linetype \(other.lineType) "
        + "pointsize 0.45 title \(gnuplotText(other.title))")
    blocks.append(
      FigureBlock(
        heading: "quantiles of \(truth.title), of \(other.title), at 1%, 2%, …, 99%", rows: rows))
  }
  guard !blocks.isEmpty else {
    throw NothingToDraw(name: name, reason: "a replica is censored before the first exits")
  }
  guard end > 0 else {
    throw NothingToDraw(name: name, reason: "all quantiles that are known are at time 0")
  }
  end *= 1.04
  blocks.append(
    FigureBlock(
      heading: "margin: quantile, lower and upper end",
      rows: [0, end / (1 + setting.margin), end].map {
        // Cut at the frame, outside of which gnuplot's filling goes astray.
        [$0, $0 * (1 - setting.margin), min($0 * (1 + setting.margin), end)]
      }))
  let margin =
    "data index \(blocks.count - 1) using 1:2:3 with filledcurves fillcolor rgb '#E69F00' "
    + "fillstyle transparent solid 0.3 title 'margin 1 ± \(NumberText.given(setting.margin))'"
  return Figure(
    name: name,
    caption: "Quantiles of the exit time, the first τ at which \(setting.rule), at 1%, 2%, …, 99%, "
      + "against those of the \(truth.title). On the diagonal the laws agree; in the shaded wedge "
      + "they do within the margin.",
    title: setting.title("Quantiles of the exit time against those of the \(truth.title)"),
    parameters: setting.parameters,
    aspect: 1.05,
    blocks: blocks,
    commands: """
      set size square
      set xrange [0:\(end)]
      set yrange [0:\(end)]
      set xlabel \(gnuplotText("quantile of the exit time τ, \(truth.title)"))
      set ylabel 'quantile of the exit time τ, other dynamics'
      plot \(([margin, "x with lines linetype 6 title 'the same law'"] + plots).joined(separator: ", \\\n  "))
      """)
}

/// The 99 percentiles; nil for those that fall among the censored.
private func knownQuantiles(_ sample: ExitSample) throws -> [Double?] {
  let sorted = sample.times.sorted()
  let earliest = sample.earliestCensoring ?? .infinity
  return try (1...99).map { percent in
    let value = try quantile(ofSorted: sorted, probability: Double(percent) / 100)
    return value < earliest ? value : nil
  }
}
