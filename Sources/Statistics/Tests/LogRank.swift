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
    guard variance > 0 else { return TestResult(statistic: 0, pValue: 1, kind: .asymptotic) }
    let score = excess / variance.squareRoot()
    return TestResult(
      statistic: score, pValue: min(2 * NormalDistribution.survival(abs(score)), 1),
      kind: .asymptotic)
  }

  /// Tests as `test`, but by relabelling replicas with their censoring: valid however few exit, if what
  /// censors is the same on both sides.
  ///
  /// Exact when few ways differ, else over `permutations` drawn from `stream`; with `pairing` by start
  /// the members of a pair are exchanged. Cost: O(n log n + `permutations` n).
  public static func test(
    _ first: ExitSample, _ second: ExitSample, pairing: Pairing, permutations: Int,
    stream: RandomStream
  ) throws -> TestResult {
    let curves = CensoredOrder(first, second, end: nil)
    let statistic = curves.order.labels.withUnsafeBufferPointer(curves.logRank)
    return try Permutation.pValue(
      curves.order, pairing: pairing, count: permutations, stream: stream
    ) { abs(curves.logRank($0)) }.result(statistic)
  }

  /// Returns the two-sided p-value of the log-rank test for pairs by start, which rise and fall together.
  ///
  /// O − E is a sum of scores [exit] − Λ(t) over the first sample, Λ = Σ d/r over both; Z is the sum of
  /// the differences of the scores of each pair over the root of that of their squares. Without a
  /// difference 1. Source: O'Brien and Fleming (1987).
  static func pairedPValue(_ first: ExitSample, _ second: ExitSample) -> Double {
    guard
      let both = try? ExitSample(
        times: first.times + second.times, isObserved: first.isObserved + second.isObserved)
    else { return 1 }
    let curve = KaplanMeier(both)
    var (sum, hazards) = (0.0, [Double]())
    for (exits, atRisk) in zip(curve.exits, curve.atRisk) {
      sum += Double(exits) / Double(atRisk)
      hazards.append(sum)
    }
    func scores(_ sample: ExitSample) -> [Double] {
      zip(sample.times, sample.isObserved).map { time, isObserved in
        (isObserved ? 1 : 0) - hazards[curve.index(of: time)]
      }
    }
    var (total, square) = (0.0, 0.0)
    for (one, two) in zip(scores(first), scores(second)) {
      total += one - two
      square += (one - two) * (one - two)
    }
    guard square > 0 else { return 1 }
    return min(2 * NormalDistribution.survival(abs(total) / square.squareRoot()), 1)
  }
}
