import Foundation
import GSL

/// Says what an interval of a ratio of means proves about a margin declared beforehand.
///
/// With the margin δ the region of equivalence is [1 − δ, 1 + δ]: the first mean is within the
/// fraction δ of the second, which is the reference. It is not symmetric under exchange of the
/// two (that would be [1/(1 + δ), 1 + δ]); the difference is of order δ².
public enum Verdict: String, Sendable, Hashable, Codable {
  /// Says that the ratio lies inside the region: both one-sided tests reject (TOST).
  case equivalent
  /// Says that the ratio lies outside the region; of restricted means it speaks of times up to the
  /// restriction only.
  case different
  /// Says that the sample settles neither.
  case undetermined
}

/// Says why censored samples cannot prove that two means are alike, whatever their ratio.
public enum EquivalenceObstacle: String, Sendable, Hashable, Codable {
  /// Says that the exits of more than `MeanRatio.largestUnseenShare` of a side were not seen by the time that
  /// the means are restricted to: restricted means agree whatever comes later.
  case unseen
  /// Says that the log-rank test, which sees censoring, finds a difference.
  case logRank = "log-rank"
}

extension MeanRatio {
  /// Is the largest fraction of either side that may be unseen in a claim of equivalence: 5%.
  ///
  /// What a prolonged curve adds for so few is then a few per cent of the mean, and its error a fraction
  /// of that.
  public static let largestUnseenShare = 0.05

  /// Is the level at which the log-rank test of censored samples forbids a claim of equivalence: 5%.
  ///
  /// It is asked only when a replica is censored: means of whole samples may be alike within a margin
  /// though their laws differ.
  public static let logRankLevel = 0.05

  /// Tells what forbids a claim of equivalence, or nil when nothing does.
  public var equivalenceObstacle: EquivalenceObstacle? {
    if 1 - min(firstSeen, secondSeen) > Self.largestUnseenShare * (1 + 1e-12) { return .unseen }
    if let logRankPValue, logRankPValue <= Self.logRankLevel { return .logRank }
    return nil
  }

  /// Tells whether the restricted means lie within `margin` of each other and the prolonged ones do not:
  /// what decides was not seen. Throws `StatisticsError` unless `margin` is in (0, 1).
  public func hingesOnUnseen(margin: Double) throws -> Bool {
    try require(margin > 0 && margin < 1, "margin", margin, "a number between 0 and 1")
    guard let restricted, let completed else { return false }
    func isInside(_ value: Double) -> Bool { value > 1 - margin && value < 1 + margin }
    return isInside(restricted.estimate) && !isInside(completed.estimate)
  }

  /// Judges the ratio against `margin` in (0, 1) at the level `significance` in (0, 0.5).
  ///
  /// `equivalent` when the interval at level 1 − 2 `significance` lies inside
  /// (1 − `margin`, 1 + `margin`), that is, when two one-sided tests at `significance` reject;
  /// `different` when the interval at level 1 − `significance` lies wholly outside; else, and
  /// whenever there is no interval, `undetermined`. Either error has a probability of at most
  /// about `significance`.
  ///
  /// With censored replicas a claim of equivalence is one about the whole means: no more than
  /// `largestUnseenShare` of either side may be unseen, the log-rank test must not reject at
  /// `logRankLevel`, and the interval of the ratio of means whose curves are prolonged as an exponential
  /// (Brown, Hollander and Korwar, 1974) must lie inside as well. `different` is a claim about the means
  /// restricted to `horizon`.
  ///
  /// For this both intervals are stretched, on the scale of the logarithm, by 1 + 3/n with n the
  /// replicas of the smaller side: exit times have exponential tails, and with few of them the delta
  /// method's error is too small by about that much. Calibrated from n = 3 on for exponential and
  /// log|Gaussian| times, alone, independent and paired, and with up to 80% censored;
  /// `make calibration` checks it at length.
  ///
  /// The margin must be chosen before the sample is seen. Throws `StatisticsError` when a
  /// parameter is out of range. Source: Schuirmann (1987).
  public func verdict(margin: Double, significance: Double = 0.05) throws -> Verdict {
    try require(margin > 0 && margin < 1, "margin", margin, "a number between 0 and 1")
    try require(
      significance > 0 && significance < 0.5, "significance", significance,
      "a number between 0 and 0.5")
    func isInside(_ ratio: LogRatio?) throws -> Bool {
      let range = try Self.interval(
        ratio, stretch: smallSampleStretch, confidenceLevel: 1 - 2 * significance)
      return range.map { $0.lowerBound > 1 - margin && $0.upperBound < 1 + margin } ?? false
    }
    guard
      let outer = try interval(confidenceLevel: 1 - significance, stretch: smallSampleStretch)
    else { return .undetermined }
    if equivalenceObstacle == nil, try isInside(restricted),
      try !hasCensored || isInside(completed)
    {
      return .equivalent
    }
    if outer.upperBound < 1 - margin || outer.lowerBound > 1 + margin { return .different }
    return .undetermined
  }
}

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
