import Foundation

/// Bounds the largest distance between two distribution functions.
public enum LargestDistance {
  /// Estimates sup_t |F₁(t) − F₂(t)| of the laws behind two samples.
  ///
  /// The interval is D ± (ε₁ + ε₂), cut to [0, 1], where D is the distance of the empirical
  /// functions and ε_i = √(log(4/α)/(2n_i)) with α = 1 − `confidenceLevel`: each empirical
  /// function is that near to its own with probability 1 − α/2. It holds for any laws, any
  /// sizes and any pairing, and is wide: the upper end is what an equivalence claim may use. With
  /// censored samples it speaks of times up to which both laws are known (`ExitSample.knownUntil`). Where
  /// replicas are censored before, D is that of the Kaplan–Meier curves, and the interval holds whenever
  /// those exited: its ends take the empirical functions with which they are farthest apart and nearest
  /// (Manski, 1989).
  ///
  /// Cost: O(n log n). Throws `StatisticsError` unless `confidenceLevel` is in (0, 1).
  /// Source: Dvoretzky, Kiefer and Wolfowitz (1956); Massart (1990).
  public static func estimate(
    _ first: ExitSample, _ second: ExitSample, confidenceLevel: Double = 0.95
  ) throws -> IntervalEstimate {
    try require(
      confidenceLevel > 0 && confidenceLevel < 1, "confidenceLevel", confidenceLevel,
      "a number between 0 and 1")
    let reach = [first.count, second.count].reduce(0.0) { sum, count in
      sum + (log(4 / (1 - confidenceLevel)) / (2 * Double(count))).squareRoot()
    }
    let end = ExitSample.commonEnd(first, second)
    guard !first.isCensored(before: end), !second.isCensored(before: end) else {
      let curves = CensoredOrder(first, second, end: end)
      let bounds = curves.gapBounds
      return IntervalEstimate(
        estimate: curves.gaps.reduce(0) { max($0, abs($1)) },
        interval: max(bounds.lowerBound - reach, 0)...min(bounds.upperBound + reach, 1),
        confidenceLevel: confidenceLevel)
    }
    let (x, y, _) = try ExitSample.comparableTimes(first, second)
    let gap = KolmogorovSmirnov.largestGap(x.sorted(), y.sorted())
    let distance = Double(gap) / (Double(x.count) * Double(y.count))
    return IntervalEstimate(
      estimate: distance, interval: max(distance - reach, 0)...min(distance + reach, 1),
      confidenceLevel: confidenceLevel)
  }
}
