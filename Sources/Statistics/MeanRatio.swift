import Foundation
import GSL

/// Estimates the ratio of two mean exit times with a confidence interval.
///
/// The interval is exp(log r ± t s), where r is the ratio of sample means, s the standard error
/// of log r by the delta method, and t a quantile of Student's law. If a replica was censored,
/// both means are restricted to a common `horizon` and the ratio speaks of times up to there
/// only: it then tends to 1 as more replicas are censored.
public struct MeanRatio: Sendable, Hashable, Encodable {
  /// Is the ratio of the means, first over second; nil unless both are positive.
  public let estimate: Double?
  /// Is the standard error of the logarithm of `estimate`; nil when it is not known: a sample
  /// has one replica or no spread.
  public let logStandardError: Double?
  /// Is the number of degrees of freedom of Student's law; nil when `logStandardError` is.
  public let degreesOfFreedom: Double?
  /// Is the level of `interval`.
  public let confidenceLevel: Double
  /// Is the confidence interval of the ratio, or nil when `logStandardError` is.
  public let interval: ClosedRange<Double>?
  /// Is the time that both means are restricted to, or nil when they are whole.
  public let horizon: Double?
  /// Counts the replicas of the larger sample.
  public let replicas: Int
  /// Is the factor by which a verdict widens the intervals of a small sample.
  let smallSampleStretch: Double

  /// Estimates mean(`first`) / mean(`second`) of samples paired by their start.
  ///
  /// Replica i of both samples has the same start. With x and y the times and bars their means,
  /// s² = Var(x/x̄ − y/ȳ)/n = (Var x/x̄² + Var y/ȳ² − 2 Cov(x, y)/(x̄ȳ))/n, with n − 1 degrees
  /// of freedom.
  ///
  /// `horizon`, at most the earliest censored time, defaults to it. Cost: O(n). Throws
  /// `StatisticsError` when the counts differ, `confidenceLevel` is not in (0, 1), or
  /// `horizon` lies beyond a censored time.
  public static func paired(
    _ first: ExitSample, _ second: ExitSample, horizon: Double? = nil,
    confidenceLevel: Double = 0.95
  ) throws -> MeanRatio {
    guard first.count == second.count else {
      throw StatisticsError.lengthsDiffer(first.count, second.count)
    }
    let horizon = horizon ?? ExitSample.commonHorizon(first, second)
    let (x, y) = try ExitSample.restricted(first, second, to: horizon)
    let (xMean, yMean) = (try mean(of: x), try mean(of: y))
    var error: Double?
    if x.count > 1, xMean > 0, yMean > 0 {
      // The spread of the differences keeps its digits when pairs are nearly equal.
      let influence = zip(x, y).map { $0 / xMean - $1 / yMean }
      error = (try variance(of: influence) / Double(x.count)).squareRoot()
    }
    return try MeanRatio(
      xMean, yMean, error: error, degreesOfFreedom: Double(x.count - 1), horizon: horizon,
      replicas: x.count, confidenceLevel: confidenceLevel)
  }

  /// Estimates mean(`first`) / mean(`second`) of independent samples.
  ///
  /// s² = Var x/(n₁x̄²) + Var y/(n₂ȳ²), with the degrees of freedom of Welch (1947) and
  /// Satterthwaite (1946). A sample without spread leaves the interval nil.
  ///
  /// `horizon`, cost and errors are those of `paired`, save that the counts may differ.
  public static func unpaired(
    _ first: ExitSample, _ second: ExitSample, horizon: Double? = nil,
    confidenceLevel: Double = 0.95
  ) throws -> MeanRatio {
    let horizon = horizon ?? ExitSample.commonHorizon(first, second)
    let (x, y) = try ExitSample.restricted(first, second, to: horizon)
    let (xMean, yMean) = (try mean(of: x), try mean(of: y))
    var error: Double?
    var degrees = 0.0
    if let xError = try relativeError(x), let yError = try relativeError(y) {
      let (xSquare, ySquare) = (xError * xError, yError * yError)
      let square = xSquare + ySquare
      error = square.squareRoot()
      // As fractions, the squares of tiny errors do not underflow.
      let (xShare, yShare) = (xSquare / square, ySquare / square)
      degrees = 1 / (xShare * xShare / Double(x.count - 1) + yShare * yShare / Double(y.count - 1))
    }
    return try MeanRatio(
      xMean, yMean, error: error, degreesOfFreedom: degrees, horizon: horizon,
      replicas: max(x.count, y.count), fewest: min(x.count, y.count),
      confidenceLevel: confidenceLevel)
  }

  /// Estimates mean(`sample`) / `reference`, where `reference` is a known time.
  ///
  /// s² = Var x/(n x̄²) with n − 1 degrees of freedom. A censored sample has its mean restricted
  /// to `horizon`, and `reference` is cut there too: min(`reference`, `horizon`), which is right
  /// for a time without spread.
  ///
  /// `horizon`, cost and errors are those of `paired`; throws also when `reference` is not
  /// finite.
  public static func oneSample(
    _ sample: ExitSample, against reference: Double, horizon: Double? = nil,
    confidenceLevel: Double = 0.95
  ) throws -> MeanRatio {
    try require(reference.isFinite, "reference", reference, "a finite time")
    let horizon = horizon ?? sample.earliestCensoring
    let times = try horizon.map { try sample.restrictedTimes(to: $0) } ?? sample.times
    return try MeanRatio(
      try mean(of: times), horizon.map { min(reference, $0) } ?? reference,
      error: try relativeError(times), degreesOfFreedom: Double(times.count - 1),
      horizon: horizon, replicas: times.count, confidenceLevel: confidenceLevel)
  }

  /// Returns the confidence interval of the ratio at `confidenceLevel`, or nil when the
  /// standard error is not known; throws `StatisticsError` unless the level is in (0, 1).
  public func interval(confidenceLevel: Double) throws -> ClosedRange<Double>? {
    try interval(confidenceLevel: confidenceLevel, stretch: 1)
  }

  func interval(confidenceLevel: Double, stretch: Double) throws -> ClosedRange<Double>? {
    try Self.interval(
      estimate, error: logStandardError.map { stretch * $0 }, degreesOfFreedom: degreesOfFreedom,
      confidenceLevel: confidenceLevel)
  }

  private init(
    _ first: Double, _ second: Double, error: Double?, degreesOfFreedom: Double,
    horizon: Double?, replicas: Int, fewest: Int? = nil, confidenceLevel: Double
  ) throws {
    let ratio = first / second
    estimate = first > 0 && second > 0 && ratio > 0 && ratio.isFinite ? ratio : nil
    // A spread at rounding level says that the values are equal, not that their law has none.
    let isKnown = estimate != nil && (error ?? 0) > 4 * Double.ulpOfOne
    logStandardError = isKnown ? error : nil
    self.degreesOfFreedom = isKnown ? degreesOfFreedom : nil
    self.confidenceLevel = confidenceLevel
    self.horizon = horizon
    self.replicas = replicas
    smallSampleStretch = 1 + 3 / Double(fewest ?? replicas)
    interval = try Self.interval(
      estimate, error: logStandardError, degreesOfFreedom: self.degreesOfFreedom,
      confidenceLevel: confidenceLevel)
  }

  private static func interval(
    _ estimate: Double?, error: Double?, degreesOfFreedom: Double?, confidenceLevel: Double
  ) throws -> ClosedRange<Double>? {
    try require(
      confidenceLevel > 0 && confidenceLevel < 1, "confidenceLevel", confidenceLevel,
      "a number between 0 and 1")
    guard let estimate, let error, let degreesOfFreedom else { return nil }
    let law = try StudentDistribution(degreesOfFreedom: degreesOfFreedom)
    let halfWidth = error * law.quantile(0.5 + confidenceLevel / 2)
    let lower = estimate * exp(-halfWidth)
    let upper = estimate * exp(halfWidth)
    guard lower <= upper, upper.isFinite else { return nil }
    return lower...upper
  }

  /// Returns the standard error of the mean over the mean, or nil without a spread.
  private static func relativeError(_ times: [Double]) throws -> Double? {
    guard times.count > 1 else { return nil }
    let centre = try mean(of: times)
    let error = (try variance(of: times) / Double(times.count)).squareRoot() / centre
    return centre > 0 && error > 4 * Double.ulpOfOne ? error : nil
  }

  enum CodingKeys: String, CodingKey {
    case estimate, interval, horizon
  }

  /// Encodes the estimate and the interval as [lower, upper]; either is null when it is nil.
  /// A horizon is added when there is one.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(estimate, forKey: .estimate)
    try container.encode(
      interval.map { [$0.lowerBound, $0.upperBound] }, forKey: .interval)
    try container.encodeIfPresent(horizon, forKey: .horizon)
  }
}
