import Foundation
import GSL

/// Compares two censored samples by their hazards.
public enum LogRank {
  /// Tests whether two censored samples come from one law, against proportional hazards.
  ///
  /// Z = Σ (O₁ − E₁)/√(Σ V) over the distinct times of exit, with E₁ = O N₁/N and
  /// V = E₁ (N − O)/N (N − N₁)/(N − 1); O exits among N replicas at risk. Z > 0 says that `first`
  /// exits earlier. The p-value is two-sided and normal: good to a few per cent of itself from
  /// some 20 exits on. Censoring may be at any time that does not depend on the exit.
  /// O(n log n). Throws `SampleError` when no exit is observed while both samples are at risk.
  /// Source: Mantel (1966).
  public static func twoSample(
    _ first: CensoredSample, _ second: CensoredSample
  ) throws(SampleError) -> TestResult {
    let (x, y) = (first.order, second.order)
    var (i, j) = (0, 0)
    var (difference, variance) = (0.0, 0.0)
    while i < x.count || j < y.count {
      let left = i < x.count ? first.times[x[i]] : .infinity
      let right = j < y.count ? second.times[y[j]] : .infinity
      let time = min(left, right)
      let (atRiskFirst, atRisk) = (Double(x.count - i), Double(x.count - i + y.count - j))
      var (exitsFirst, exits) = (0.0, 0.0)
      while i < x.count, first.times[x[i]] == time {
        if first.observed[x[i]] { (exitsFirst, exits) = (exitsFirst + 1, exits + 1) }
        i += 1
      }
      while j < y.count, second.times[y[j]] == time {
        if second.observed[y[j]] { exits += 1 }
        j += 1
      }
      guard exits > 0 else { continue }
      let share = atRiskFirst / atRisk
      difference += exitsFirst - exits * share
      if atRisk > 1 {
        variance += exits * share * (1 - share) * (atRisk - exits) / (atRisk - 1)
      }
    }
    try SampleError.require(
      variance > 0, "no exit is observed while both samples are at risk, expected at least one")
    let score = difference / variance.squareRoot()
    return TestResult(
      statistic: score, pValue: min(2 * NormalDistribution.survival(abs(score)), 1))
  }
}
