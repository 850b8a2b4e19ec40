import Foundation
import GSL

/// Estimates how much exit times spread: the statement to set beside a mean when the other
/// side, the ODE from one start, has no spread at all.
public enum Spread {
  /// Estimates the standard deviation of `sample` over `reference`, with a confidence interval.
  ///
  /// The interval is s exp(± t e)/`reference`, where e² = (m₄/m₂² − (n − 3)/(n − 1))/(4n) is
  /// the variance of log s from the second and fourth central moments, and t the quantile of
  /// Student's law with n − 1 degrees of freedom. It holds for large samples of any law with
  /// four moments and is too narrow for small ones of heavy tails. `reference` = 1 gives the
  /// standard deviation itself; the mean gives the relative spread, whose interval leaves out
  /// the error of the mean. The interval is nil when there is no spread, or fewer than four
  /// replicas.
  ///
  /// Times are restricted to the earliest censored time if there is one. Cost: O(n). Throws
  /// `StatisticsError` for fewer than two replicas, a `reference` that is not positive and
  /// finite, or a `confidenceLevel` not in (0, 1). Source: Bonett (2006).
  public static func estimate(
    _ sample: ExitSample, relativeTo reference: Double = 1, confidenceLevel: Double = 0.95
  ) throws -> IntervalEstimate {
    try require(
      reference > 0 && reference.isFinite, "reference", reference, "a positive number")
    try require(
      confidenceLevel > 0 && confidenceLevel < 1, "confidenceLevel", confidenceLevel,
      "a number between 0 and 1")
    guard sample.count > 1 else {
      throw StatisticsError.tooFewValues(count: sample.count, needed: 2)
    }
    let times =
      try sample.earliestCensoring.map { try sample.restrictedTimes(to: $0) }
      ?? sample.times
    let n = Double(times.count)
    let centre = try mean(of: times)
    let square = try variance(of: times)
    let estimate = square.squareRoot() / reference
    var interval: ClosedRange<Double>?
    if times.count >= 4, square.squareRoot() > 4 * Double.ulpOfOne * abs(centre) {
      let scaled = times.map { pow(($0 - centre) / square.squareRoot(), 2) }
      let second = scaled.reduce(0, +) / n
      let fourth = scaled.reduce(0) { $0 + $1 * $1 } / n
      let excess = fourth / (second * second) - (n - 3) / (n - 1)
      let error = (excess / (4 * n)).squareRoot()
      let law = try StudentDistribution(degreesOfFreedom: n - 1)
      let factor = exp(law.quantile(0.5 + confidenceLevel / 2) * error)
      if factor.isFinite { interval = (estimate / factor)...(estimate * factor) }
    }
    return IntervalEstimate(
      estimate: estimate, interval: interval, confidenceLevel: confidenceLevel)
  }
}
