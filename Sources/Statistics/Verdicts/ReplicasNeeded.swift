import Foundation
import GSL

extension MeanRatio {
  /// Estimates how many replicas would settle an undetermined verdict.
  ///
  /// Returns the replicas of the larger side at which the verdict for `margin` and
  /// `significance` is `equivalent` (if the ratio lies inside the region) or `different` (if
  /// outside) with probability `power`, all sides growing in proportion. The true ratio is
  /// taken to be `assumedRatio`, or the estimate, and the standard error to fall as n^(−1/2);
  /// both are uncertain, and more so the nearer the ratio is to an end of the region. Nil when
  /// the ratio lies on an end, there is no standard error, or an ``EquivalenceObstacle`` forbids the
  /// verdict that the ratio points to.
  ///
  /// Normal quantiles are used, so that answers below about 20 are too small. Throws
  /// `StatisticsError` when a parameter is out of range.
  public func replicasNeeded(
    margin: Double, significance: Double = 0.05, power: Double = 0.8,
    assumedRatio: Double? = nil
  ) throws -> Int? {
    try require(margin > 0 && margin < 1, "margin", margin, "a number between 0 and 1")
    try require(
      significance > 0 && significance < 0.5, "significance", significance,
      "a number between 0 and 0.5")
    try require(power >= 0.5 && power < 1, "power", power, "a number in [0.5, 1)")
    if let assumedRatio {
      try require(
        assumedRatio > 0 && assumedRatio.isFinite, "assumedRatio", assumedRatio,
        "a positive number")
    }
    guard let restricted else { return nil }
    func isInside(_ value: Double) -> Bool { value > 1 - margin && value < 1 + margin }
    let isNear = isInside(assumedRatio ?? restricted.estimate)
    // No number of replicas tells what was not watched.
    if isNear, try equivalenceObstacle != nil || hingesOnUnseen(margin: margin) { return nil }
    // A claim of equivalence needs the prolonged means as well, which lie farther apart.
    let basis = isNear ? completed ?? restricted : restricted
    let (logStandardError, ratio) = (basis.standardError, assumedRatio ?? basis.estimate)
    let below = log(ratio / (1 - margin))
    let above = log((1 + margin) / ratio)
    guard below != 0, above != 0 else { return nil }
    let needed: Double
    if below > 0, above > 0 {
      // Both one-sided tests must reject: their joint power falls as the error s grows.
      let z = NormalDistribution.quantile(1 - significance)
      func surplus(_ s: Double) -> Double {
        NormalDistribution.cumulative(below / s - z)
          + NormalDistribution.cumulative(above / s - z) - 1 - power
      }
      let nearest = min(below, above)
      let largest = nearest / (z + NormalDistribution.quantile(power))
      // At half of this error either test has more than enough power for both.
      let smallest = nearest / (z + NormalDistribution.quantile((1 + power) / 2))
      needed =
        surplus(largest) >= 0
        ? largest : try findRoot(in: smallest...largest, absoluteTolerance: 0, of: surplus)
    } else {
      let z = NormalDistribution.quantile(1 - significance / 2)
      needed = max(-below, -above) / (z + NormalDistribution.quantile(power))
    }
    // The verdict stretches small samples by 1 + 3/n, which 6 replicas more make good.
    let extra = 2 * (smallSampleStretch - 1) * Double(replicas)
    let count = Double(replicas) * pow(logStandardError / needed, 2) + extra
    return count < 1e15 ? max(Int(count.rounded(.up)), 2) : nil
  }
}
