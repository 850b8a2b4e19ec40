import Escapement
import Foundation
import Rainbow

/// Writes the risk at a few times for a person: a table a dynamics.
func trajectoryTable(_ trajectories: Escapement.Trajectories) -> String {
  let times = trajectories.plan.grid.times
  let last = times.count - 1
  let rows = min(8, times.count)
  // The last time, and others evenly before it.
  let chosen = (1...rows).map { last - (rows - $0) * max(1, times.count / rows) }.filter { $0 >= 0 }
  let probabilities = trajectories.plan.shownQuantiles
  var text = ""
  for run in trajectories.runs {
    text += "Excess risk, \(run.kind.title)".bold
    text += run.replicas == 1 ? ", one path\n" : ", \(run.replicas) replicas\n"
    let lines = chosen.map { index -> [String] in
      let band = run.bands[index]
      let mean = band.mean.map { NumberText.measured($0, band.standardError) } ?? "–"
      return [NumberText.short(times[index]), mean]
        + band.quantiles.map { NumberText.short($0) } + ["\(band.diverged)"]
    }
    text += textTable(
      ["τ", "mean"] + probabilities.map { "\(NumberText.short(100 * $0))%" } + ["diverged"], lines,
      rightAligned: Set(0...(probabilities.count + 2)))
    text += "\n"
  }
  return text
}
