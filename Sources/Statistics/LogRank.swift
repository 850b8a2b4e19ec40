import GSL

/// Tests for a difference of two laws by the exits observed and expected over time.
public enum LogRank {
  /// Tests whether `first` and `second` have one exit rate; uses all censored times.
  ///
  /// Statistic: Z = (O − E)/√V; over the distinct exit times, with d exits among r at risk of
  /// which r₁ are of `first`, O counts the exits of `first`, E = Σ d r₁/r and
  /// V = Σ d r₁r₂(r − d)/(r²(r − 1)). Negative when `first` exits later. The p-value is
  /// two-sided and asymptotic; censoring must not depend on the exit times. If no exit is
  /// seen while both samples are at risk, nothing is known: Z is 0 and the p-value 1.
  ///
  /// Cost: O(n log n). Source: Mantel (1966). Agrees with SciPy's `logrank`.
  public static func test(_ first: ExitSample, _ second: ExitSample) -> TestResult {
    let (x, y) = (RiskTable(first), RiskTable(second))
    var (i, j) = (0, 0)
    var (excess, variance) = (0.0, 0.0)
    while i < x.times.count || j < y.times.count {
      let time = min(
        i < x.times.count ? x.times[i] : .infinity, j < y.times.count ? y.times[j] : .infinity)
      let firstAtRisk = i < x.times.count ? x.atRisk[i] : 0
      let secondAtRisk = j < y.times.count ? y.atRisk[j] : 0
      var (firstExits, secondExits) = (0, 0)
      if i < x.times.count, x.times[i] == time {
        firstExits = x.exits[i]
        i += 1
      }
      if j < y.times.count, y.times[j] == time {
        secondExits = y.exits[j]
        j += 1
      }
      let exits = Double(firstExits + secondExits)
      if exits == 0 { continue }
      let (one, two) = (Double(firstAtRisk), Double(secondAtRisk))
      let atRisk = one + two
      excess += Double(firstExits) - one * exits / atRisk
      if atRisk > 1 {
        variance += one / atRisk * (two / atRisk) * exits * (atRisk - exits) / (atRisk - 1)
      }
    }
    guard variance > 0 else { return TestResult(statistic: 0, pValue: 1) }
    let score = excess / variance.squareRoot()
    return TestResult(
      statistic: score, pValue: min(2 * NormalDistribution.survival(abs(score)), 1))
  }
}
