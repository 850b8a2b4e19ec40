import Foundation
import GSL

extension MeanRatio {
  /// Returns the p-value of two one-sided tests against `margin`: `verdict` is `equivalent` at
  /// every significance above it.
  ///
  /// The larger of P(t > (log r − log(1 − δ))/s) and P(t > (log(1 + δ) − log r)/s) under Student's
  /// law; with censored replicas the largest of these for the restricted and the prolonged means, and
  /// 1 where an ``EquivalenceObstacle`` forbids the claim. Nil without a standard error. Throws
  /// `StatisticsError` unless `margin` is in (0, 1). Source: Schuirmann (1987).
  public func equivalencePValue(margin: Double) throws -> Double? {
    guard let (below, above, law) = try distances(restricted, margin) else { return nil }
    guard equivalenceObstacle == nil else { return 1 }
    let value = max(law.survival(below), law.survival(above))
    guard hasCensored else { return value }
    guard let (below, above, law) = try distances(completed, margin) else { return 1 }
    return max(value, law.survival(below), law.survival(above))
  }

  /// Returns the p-value of a ratio outside the region of `margin`: `verdict` is `different` at
  /// every significance above it.
  ///
  /// Twice the smaller of P(t > (log(1 − δ) − log r)/s) and P(t > (log r − log(1 + δ))/s), at
  /// most 1. Nil and throws as ``equivalencePValue(margin:)``.
  public func differencePValue(margin: Double) throws -> Double? {
    guard let (below, above, law) = try distances(restricted, margin) else { return nil }
    return min(1, 2 * min(law.survival(-below), law.survival(-above)))
  }

  /// The distances of a ratio from both ends of the region, inwards, in standard errors as a verdict
  /// stretches them for small samples.
  private func distances(
    _ ratio: LogRatio?, _ margin: Double
  ) throws -> (below: Double, above: Double, law: StudentDistribution)? {
    try require(margin > 0 && margin < 1, "margin", margin, "a number between 0 and 1")
    guard let ratio else { return nil }
    let error = smallSampleStretch * ratio.standardError
    return (
      log(ratio.estimate / (1 - margin)) / error, log((1 + margin) / ratio.estimate) / error,
      try StudentDistribution(degreesOfFreedom: ratio.degreesOfFreedom)
    )
  }
}
