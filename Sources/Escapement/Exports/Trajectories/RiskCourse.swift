import Dynamics
import Foundation

/// Holds the excess risk of one dynamics along time, summed up over replicas.
struct RiskCourse: Sendable {
  let kind: DynamicsKind
  let replicas: Int
  /// The times τ, ascending.
  let times: [Double]
  /// Probabilities of the quantiles, ascending.
  let probabilities: [Double]
  /// One a time; nil when a replica has diverged.
  let means: [Double?]
  let standardErrors: [Double?]
  let diverged: [Int]
  /// One list a time, one number a probability; nil where it leans on a diverged replica.
  let quantiles: [[Double?]]

  init(
    _ kind: DynamicsKind, _ replicas: Int, _ times: [Double], _ probabilities: [Double],
    _ bands: [RiskBand]
  ) {
    (self.kind, self.replicas) = (kind, replicas)
    (self.times, self.probabilities) = (times, probabilities)
    means = bands.map(\.mean)
    standardErrors = bands.map(\.standardError)
    diverged = bands.map(\.diverged)
    quantiles = bands.map(\.quantiles)
  }

  /// The place of the probability nearest to one half.
  var middle: Int {
    probabilities.indices.min { abs(probabilities[$0] - 0.5) < abs(probabilities[$1] - 0.5) } ?? 0
  }

  /// The first time at which a quantile has lost a fraction of what it was at the first time.
  ///
  /// Between two times the logarithm of the risk is taken as linear. Nil when the last time comes first, or
  /// replicas that have diverged reach the quantile.
  func timeOfFall(by fraction: Double, quantile place: Int) -> Double? {
    guard let start = quantiles.first?[place], start > 0 else { return nil }
    let level = (1 - fraction) * start
    var before = start
    for (index, time) in times.enumerated().dropFirst() {
      guard let risk = quantiles[index][place] else { return nil }
      if risk <= level {
        // A risk of 0 has no logarithm.
        let share =
          risk > 0 ? log(before / level) / log(before / risk) : (before - level) / (before - risk)
        return times[index - 1] + share * (time - times[index - 1])
      }
      before = risk
    }
    return nil
  }
}

extension TrajectoryRun {
  /// The risk along time of each dynamics, from the bands or else from the paths; empty when neither has it.
  func courses() -> [RiskCourse] {
    guard !plan.quantiles.isEmpty || plan.columnNames.contains("risk") else { return [] }
    return trajectories.runs.map {
      RiskCourse($0.kind, $0.replicas, plan.grid.times, plan.shownQuantiles, $0.bands)
    }
  }
}
