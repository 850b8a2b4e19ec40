import Dynamics
import Foundation
import Statistics

/// Shows the distribution functions less that of the ground truth, with a simultaneous band, and the
/// difference that the margin allows.
func differenceFigure(_ curves: [FigureSample], _ setting: FigureSetting) throws -> Figure? {
  let name = "distribution-difference-\(setting.suffix)"
  let end = try axisEnd(curves, name)
  guard let truth = groundTruth(curves) else { return nil }
  let others = curves.filter { $0.kind != truth.kind && !$0.isNumber }
  guard !others.isEmpty else { return nil }
  // Censored replicas hide what comes after the first of them.
  let samples = [truth] + others
  let seen = samples.compactMap(\.sample.earliestCensoring).min() ?? .infinity
  let times = (0...400).map { end * Double($0) / 400 }.filter { $0 < seen }
  guard times.count > 1 else {
    throw NothingToDraw(name: name, reason: "a replica is censored before the first exits")
  }
  let reference = DistributionFunction(truth.sample)
  var (blocks, panels): ([FigureBlock], [String]) = ([], [])
  var limit = 0.0
  for other in others {
    let function = DistributionFunction(other.sample)
    let reach = [truth, other].reduce(0.0) {
      $0 + (log(4 / 0.05) / (2 * Double($1.sample.count))).squareRoot()
    }
    let rows = times.map { time in
      let base = reference(time)
      let difference = function(time) - base
      let (early, late) = (
        reference(time / (1 - setting.margin)), reference(time / (1 + setting.margin))
      )
      return [
        time, difference, difference - reach, difference + reach, late - base, early - base,
      ]
    }
    limit = max(limit, 1.1 * (rows.flatMap { $0[1...5] }.map(abs).max() ?? 1))
    let index = blocks.count
    let label = "\(other.title) − \(truth.title)"
    panels.append(
      """
      plot data index \(index) using 1:5:6 with filledcurves fillcolor rgb '#E69F00' fillstyle transparent solid 0.25 title 'margin 1 ± \(NumberText.given(setting.margin))', \\
        \(FigureStyle.band(index, other.lineType).joined(separator: ", \\\n  ")), \\
        NaN with filledcurves linetype \(other.lineType) fillstyle transparent solid 0.13 title '95% band', \\
        0 with lines linetype 6 notitle, \\
        data index \(index) using 1:2 with lines linetype \(other.lineType) title \(gnuplotText(label))
      """)
    blocks.append(
      FigureBlock(
        heading: "\(label): time, difference, lower and upper end of the band, of the margin",
        rows: rows))
  }
  return Figure(
    name: name,
    caption: "Difference of the distribution functions of the exit time, the first τ at which "
      + "\(setting.rule): each dynamics less the \(truth.title). The band holds the true difference "
      + "at all τ with 95% confidence (Dvoretzky, Kiefer and Wolfowitz); the margin's region is what "
      + "scaling all exit times of the \(truth.title) by up to 1 ± \(NumberText.given(setting.margin)) would make.",
    title: setting.title("Distribution functions less that of the \(truth.title)"),
    parameters: setting.parameters,
    aspect: 1.35 / (0.5 + 0.5 * Double(others.count)),
    blocks: blocks,
    commands: """
      set multiplot layout \(others.count),1 title heading noenhanced font small
      unset title
      set border 3
      # One scale for all panels.
      set yrange [\(-limit):\(limit)]
      set ylabel 'difference of probability'
      set xrange [0:\(end)]
      set xlabel 'exit time τ = ν γ / (p d)'
      \(panels.joined(separator: "\n"))
      unset multiplot
      """)
}

/// The dynamics that others are measured against: of the two that follow SGD's law, the chain has the
/// more replicas; else the SDE.
func groundTruth(_ curves: [FigureSample]) -> FigureSample? {
  DynamicsKind.references.lazy.filter { !$0.isDeterministic }
    .compactMap { kind in curves.first { $0.kind == kind && !$0.isNumber } }.first
}

/// The share of replicas that have exited by a time.
private struct DistributionFunction {
  private let sorted: [Double]
  private let count: Double

  init(_ sample: ExitSample) {
    sorted = zip(sample.times, sample.isObserved).filter(\.1).map(\.0).sorted()
    count = Double(sample.count)
  }

  func callAsFunction(_ time: Double) -> Double {
    var (lower, upper) = (0, sorted.count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if sorted[middle] <= time { lower = middle + 1 } else { upper = middle }
    }
    return Double(lower) / count
  }
}
