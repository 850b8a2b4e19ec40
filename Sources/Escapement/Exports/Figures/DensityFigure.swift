import Dynamics
import GSL
import Statistics

/// Shows the densities of the exit times of all dynamics as histograms, those that exit at one time, as
/// the ODE from a fixed start, as lines and the density of the law that `compare` tests them against where
/// there is one.
func densityFigure(_ curves: [FigureSample], _ setting: FigureSetting) throws -> Figure? {
  var (blocks, plots): ([FigureBlock], [String]) = ([], [])
  var highest = 0.0
  let name = "exit-times-\(setting.suffix)"
  let end = try axisEnd(curves, name)
  for curve in curves where curve.onlyTime == nil {
    guard let bins = try Histogram(exitsOf: curve.sample) else { continue }
    let edges = bins.edges
    var rows = [[edges[0], 0]]
    for (index, count) in bins.counts.enumerated() {
      let width = edges[index + 1] - edges[index]
      let density = count / (Double(curve.sample.count) * width)
      highest = max(highest, density)
      rows.append([edges[index], density])
      rows.append([edges[index + 1], density])
    }
    rows.append([edges[edges.count - 1], 0])
    let heading = "\(curve.title): exit time, density of all replicas"
    if curve.kind == groundTruth(curves)?.kind {
      plots.append(
        "data index \(blocks.count) using 1:2 with filledcurves y=0 linetype \(curve.lineType) "
          + "fillstyle transparent solid 0.15 notitle")
    }
    plots.append(
      "data index \(blocks.count) using 1:2 with lines linetype \(curve.lineType) "
        + "title \(gnuplotText(curve.title))")
    blocks.append(FigureBlock(heading: heading, rows: rows))
  }
  if let law = setting.law {
    let stride = max(1, law.times.count / 400)
    let points = Swift.stride(from: 0, to: law.times.count, by: stride).map { $0 }
    let rows = points.map { [law.times[$0], law.density[$0]] }
    highest = max(highest, rows.map { $0[1] }.filter(\.isFinite).max() ?? 0)
    plots.append(
      "data index \(blocks.count) using 1:2 with lines linetype 5 "
        + "title 'Fokker–Planck'")
    blocks.append(FigureBlock(heading: "Fokker–Planck: exit time, density", rows: rows))
  }
  guard highest > 0, highest.isFinite else {
    throw NothingToDraw(name: name, reason: "no dynamics has exits at different times")
  }
  for curve in curves {
    guard let time = curve.onlyTime else { continue }
    let title = curve.isNumber ? "\(curve.title), one path" : "\(curve.title), all exits at once"
    plots.append(
      "data index \(blocks.count) using 1:2 with lines linetype \(curve.lineType) "
        + "title \(gnuplotText(title))")
    blocks.append(
      FigureBlock(
        heading: "\(curve.title): its exit time", rows: [[time, 0], [time, 1.08 * highest]]))
  }
  let solved =
    setting.law == nil
    ? ""
    : "; the density of the Fokker–Planck equation, from the same starts and watched as SGD is, is "
      + "solved for without simulation"
  return Figure(
    name: name,
    caption: "Densities of the exit time, the first τ at which \(setting.rule). Histograms with "
      + "bins by the rule of Freedman and Diaconis, normalised to the fraction of replicas that "
      + "exited\(solved). The axis ends at the latest 99.5% quantile.",
    title: setting.title("Density of the exit time"), parameters: setting.parameters,
    blocks: blocks,
    commands: """
      \(setting.timeAxis(to: end))
      set ylabel 'probability density per unit of τ'
      set yrange [0:\(1.08 * highest)]
      plot \(plots.joined(separator: ", \\\n  "))
      """)
}
