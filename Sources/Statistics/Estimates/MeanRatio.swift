import Foundation
import GSL

/// Estimates the ratio of two mean exit times with a confidence interval.
///
/// The interval is exp(log r ± t s), where r is the ratio of sample means, s the standard error
/// of log r by the delta method, and t a quantile of Student's law. If replicas were censored,
/// both means are restricted to a common `horizon`, by Kaplan–Meier, and the ratio speaks of times up to
/// there only: it then tends to 1 as more replicas are censored, and is no ground to call the laws
/// alike (``EquivalenceObstacle``). By default the horizon is the time up to which both laws are known,
/// `ExitSample.knownUntil`.
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
  /// Is the fraction of the first sample whose exit was seen by `horizon`.
  public let firstSeen: Double
  /// Is the fraction of the second sample whose exit was seen by `horizon`.
  public let secondSeen: Double
  /// Is the p-value of the log-rank test, by pairs where the samples are; nil when no replica is
  /// censored, and against a number.
  public let logRankPValue: Double?
  /// Is the ratio of the whole means, the curves prolonged; nil when no replica is censored.
  let completed: LogRatio?
  /// Tells whether a replica of either side is censored.
  let hasCensored: Bool
  /// Is the factor by which a verdict widens the intervals of a small sample.
  let smallSampleStretch: Double

  /// Holds a ratio with the error of its logarithm.
  struct LogRatio: Sendable, Hashable {
    let estimate: Double
    let standardError: Double
    let degreesOfFreedom: Double
  }

  /// Estimates mean(`first`) / mean(`second`) of samples paired by their start.
  ///
  /// Replica i of both samples has the same start. With x and y the times and bars their means,
  /// s² = Var(x/x̄ − y/ȳ)/n = (Var x/x̄² + Var y/ȳ² − 2 Cov(x, y)/(x̄ȳ))/n, with n − 1 degrees
  /// of freedom. With replicas censored before `horizon` x and y are those of
  /// `ExitSample.pseudoTimes(to:)`.
  ///
  /// Cost: O(n), with censoring O(n log n). Throws `StatisticsError` when the counts differ,
  /// `confidenceLevel` is not in (0, 1), or a law is not known up to `horizon`.
  public static func paired(
    _ first: ExitSample, _ second: ExitSample, horizon: Double? = nil,
    confidenceLevel: Double = 0.95
  ) throws -> MeanRatio {
    guard first.count == second.count else {
      throw StatisticsError.lengthsDiffer(first.count, second.count)
    }
    func moments(_ x: [Double], _ y: [Double]) throws -> Moments {
      let (xMean, yMean) = (try mean(of: x), try mean(of: y))
      var error: Double?
      if x.count > 1, xMean > 0, yMean > 0 {
        // The spread of the differences keeps its digits when pairs are nearly equal.
        let influence = zip(x, y).map { $0 / xMean - $1 / yMean }
        error = (try variance(of: influence) / Double(x.count)).squareRoot()
      }
      return Moments(
        first: xMean, second: yMean, error: error, degreesOfFreedom: Double(x.count - 1))
    }
    return try MeanRatio(
      first, second, horizon: horizon, confidenceLevel: confidenceLevel,
      logRank: LogRank.pairedPValue, moments)
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
    func moments(_ x: [Double], _ y: [Double]) throws -> Moments {
      var moments = Moments(
        first: try mean(of: x), second: try mean(of: y), error: nil, degreesOfFreedom: 0)
      guard let xError = try relativeError(x), let yError = try relativeError(y) else {
        return moments
      }
      let (xSquare, ySquare) = (xError * xError, yError * yError)
      let square = xSquare + ySquare
      moments.error = square.squareRoot()
      // As fractions, the squares of tiny errors do not underflow.
      let (xShare, yShare) = (xSquare / square, ySquare / square)
      moments.degreesOfFreedom =
        1 / (xShare * xShare / Double(x.count - 1) + yShare * yShare / Double(y.count - 1))
      return moments
    }
    return try MeanRatio(
      first, second, horizon: horizon, confidenceLevel: confidenceLevel,
      logRank: { LogRank.test($0, $1).pValue }, moments)
  }

  /// Estimates mean(`sample`) / `reference`, where `reference` is a known time.
  ///
  /// s² = Var x/(n x̄²) with n − 1 degrees of freedom. A censored sample has its mean restricted
  /// to `horizon`, and `reference` is cut there too: min(`reference`, `horizon`), which is right
  /// for a time without spread. There is no log-rank test against a number.
  ///
  /// `horizon`, cost and errors are those of `paired`; throws also when `reference` is not
  /// finite.
  public static func oneSample(
    _ sample: ExitSample, against reference: Double, horizon: Double? = nil,
    confidenceLevel: Double = 0.95
  ) throws -> MeanRatio {
    try require(reference.isFinite, "reference", reference, "a finite time")
    let end = horizon ?? sample.knownUntil
    func moments(_ times: [Double], _ reference: Double) throws -> Moments {
      Moments(
        first: try mean(of: times), second: reference, error: try relativeError(times),
        degreesOfFreedom: Double(times.count - 1))
    }
    return try MeanRatio(
      moments(sample.pseudoTimes(to: end), min(reference, end ?? .infinity)),
      completed: sample.censored > 0 ? moments(sample.completedTimes(), reference) : nil,
      horizon: end, seen: (sample.seen(by: end), reference <= end ?? .infinity ? 1 : 0),
      logRankPValue: nil, replicas: sample.count, fewest: sample.count,
      confidenceLevel: confidenceLevel)
  }

  /// Returns the confidence interval of the ratio at `confidenceLevel`, or nil when the
  /// standard error is not known; throws `StatisticsError` unless the level is in (0, 1).
  public func interval(confidenceLevel: Double) throws -> ClosedRange<Double>? {
    try interval(confidenceLevel: confidenceLevel, stretch: 1)
  }

  func interval(confidenceLevel: Double, stretch: Double) throws -> ClosedRange<Double>? {
    try Self.interval(
      restricted, stretch: stretch, confidenceLevel: confidenceLevel)
  }

  /// The ratio of the restricted means with its error; nil when that is not known.
  var restricted: LogRatio? {
    guard let estimate, let logStandardError, let degreesOfFreedom else { return nil }
    return LogRatio(
      estimate: estimate, standardError: logStandardError, degreesOfFreedom: degreesOfFreedom)
  }

  /// Holds two means with the error of the logarithm of their ratio.
  private struct Moments {
    let first: Double
    let second: Double
    var error: Double?
    var degreesOfFreedom: Double

    var ratio: Double? {
      let ratio = first / second
      return first > 0 && second > 0 && ratio > 0 && ratio.isFinite ? ratio : nil
    }

    var logRatio: LogRatio? {
      // A spread at rounding level says that the values are equal, not that their law has none.
      guard let ratio, let error, error > 4 * Double.ulpOfOne else { return nil }
      return LogRatio(estimate: ratio, standardError: error, degreesOfFreedom: degreesOfFreedom)
    }
  }

  private init(
    _ first: ExitSample, _ second: ExitSample, horizon: Double?, confidenceLevel: Double,
    logRank: (ExitSample, ExitSample) -> Double,
    _ moments: ([Double], [Double]) throws -> Moments
  ) throws {
    let end = horizon ?? ExitSample.commonEnd(first, second)
    let isCensored = first.censored + second.censored > 0
    try self.init(
      moments(first.pseudoTimes(to: end), second.pseudoTimes(to: end)),
      completed: isCensored ? moments(first.completedTimes(), second.completedTimes()) : nil,
      horizon: end, seen: (first.seen(by: end), second.seen(by: end)),
      logRankPValue: isCensored ? logRank(first, second) : nil,
      replicas: max(first.count, second.count), fewest: min(first.count, second.count),
      confidenceLevel: confidenceLevel)
  }

  private init(
    _ moments: Moments, completed: Moments?, horizon: Double?,
    seen: (first: Double, second: Double), logRankPValue: Double?, replicas: Int, fewest: Int,
    confidenceLevel: Double
  ) throws {
    estimate = moments.ratio
    let known = moments.logRatio
    logStandardError = known?.standardError
    degreesOfFreedom = known?.degreesOfFreedom
    self.completed = completed?.logRatio
    hasCensored = completed != nil
    self.confidenceLevel = confidenceLevel
    self.horizon = horizon
    (firstSeen, secondSeen) = seen
    self.logRankPValue = logRankPValue
    self.replicas = replicas
    smallSampleStretch = 1 + 3 / Double(fewest)
    interval = try Self.interval(known, stretch: 1, confidenceLevel: confidenceLevel)
  }

  static func interval(
    _ ratio: LogRatio?, stretch: Double, confidenceLevel: Double
  ) throws -> ClosedRange<Double>? {
    try require(
      confidenceLevel > 0 && confidenceLevel < 1, "confidenceLevel", confidenceLevel,
      "a number between 0 and 1")
    guard let ratio else { return nil }
    let law = try StudentDistribution(degreesOfFreedom: ratio.degreesOfFreedom)
    let halfWidth = stretch * ratio.standardError * law.quantile(0.5 + confidenceLevel / 2)
    let lower = ratio.estimate * exp(-halfWidth)
    let upper = ratio.estimate * exp(halfWidth)
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
