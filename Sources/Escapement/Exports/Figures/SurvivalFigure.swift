import Dynamics
import Statistics

/// Shows the probability not to have exited, estimated with 95% bands.
func survivalFigure(_ curves: [FigureSample], _ setting: FigureSetting) throws -> Figure? {
  var (blocks, bands, lines): ([FigureBlock], [String], [String]) = ([], [], [])
  let name = "survival-\(setting.suffix)"
  let end = try axisEnd(curves, name)
  for curve in curves {
    if !curve.isNumber {
      bands += FigureStyle.band(blocks.count, curve.lineType)
    }
    lines.append(
      "data index \(blocks.count) using 1:2 with lines linetype \(curve.lineType) "
        + "title \(gnuplotText(curve.isNumber ? "\(curve.title), one path" : curve.title))")
    blocks.append(
      FigureBlock(
        heading: "\(curve.title): time, survival, lower and upper end of the 95% band",
        rows: try KaplanMeier(curve.sample).steps()))
  }
  if let law = setting.law {
    let stride = max(1, law.times.count / 400)
    let rows = Swift.stride(from: 0, to: law.times.count, by: stride).map {
      [law.times[$0], law.survival[$0]]
    }
    lines.append(
      "data index \(blocks.count) using 1:2 with lines linetype 5 linewidth 1.2 "
        + "title 'Fokker–Planck'")
    blocks.append(FigureBlock(heading: "Fokker–Planck: time, survival", rows: rows))
  }
  return Figure(
    name: name,
    caption: "Probability that by the time τ not yet \(setting.rule). Kaplan–Meier estimates, in "
      + "which censored replicas count until the horizon, with pointwise 95% bands.",
    title: setting.title("Probability not to have exited"), parameters: setting.parameters,
    blocks: blocks,
    commands: """
      \(setting.timeAxis(to: end))
      set ylabel 'probability not to have exited by τ'
      set yrange [0:1.02]
      plot \((bands + lines).joined(separator: ", \\\n  "))
      """)
}
