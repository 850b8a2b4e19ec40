import Foundation
import GSL

/// Judges a difference against a margin declared beforehand.
public enum Verdict: String, Codable, Sendable {
  /// The difference is smaller than the margin (two one-sided tests at 5%).
  case equivalent
  /// The difference is larger than the margin (its 95% interval lies outside).
  case different
  /// The data do not say.
  case undetermined
}

/// Estimates the ratio of two mean exit times, with an interval and a verdict.
///
/// The interval is that of the delta method on the log ratio, with Student's quantile:
/// log(x̄/ȳ) ± t √V. Paired by start, V is the variance of x_i/x̄ − y_i/ȳ over n, so that what the
/// starts share cancels; unpaired, it is the sum of the squared relative errors. Bias of the
/// estimate O(1/n); coverage approaches its level as O(1/n).
///
/// With margin δ the region of equivalence is [1/(1 + δ), 1 + δ], which is symmetric under exchange
/// of the two sides. `equivalent`: the 90% interval lies inside, which is the two one-sided tests
/// at 5% of Schuirmann (1987). `different`: the 95% interval lies wholly outside.
public struct MeanRatio: Sendable, Equatable {
  /// x̄/ȳ.
  public let estimate: Double
  /// The 95% interval; nil when a side has a single value and so no spread.
  public let interval: [Double]?
  /// The margin δ.
  public let margin: Double
  /// The judgement.
  public let verdict: Verdict

  /// Compares two samples of the same starts, value by value.
  ///
  /// Throws `SampleError` when the samples differ in length or are empty.
  public static func paired(_ first: [Double], _ second: [Double], margin: Double) throws
    -> MeanRatio
  {
    try SampleError.require(
      first.count == second.count && !first.isEmpty,
      "\(first.count) and \(second.count) values, expected pairs")
    let (x, y) = (try mean(of: first), try mean(of: second))
    let residuals = zip(first, second).map { $0 / x - $1 / y }
    let count = Double(residuals.count)
    let spread = count > 1 ? try variance(of: residuals) / count : nil
    return try MeanRatio(
      logRatio: log(x / y), variance: spread, degreesOfFreedom: count - 1, margin: margin)
  }

  /// Compares two independent samples, with Welch's degrees of freedom.
  public static func unpaired(_ first: [Double], _ second: [Double], margin: Double) throws
    -> MeanRatio
  {
    let (x, y) = (try mean(of: first), try mean(of: second))
    guard first.count > 1, second.count > 1 else {
      return try MeanRatio(
        logRatio: log(x / y), variance: nil, degreesOfFreedom: 0, margin: margin)
    }
    let left = try variance(of: first) / (Double(first.count) * x * x)
    let right = try variance(of: second) / (Double(second.count) * y * y)
    let sum = left + right
    let terms = left * left / Double(first.count - 1) + right * right / Double(second.count - 1)
    return try MeanRatio(
      logRatio: log(x / y), variance: sum, degreesOfFreedom: terms > 0 ? sum * sum / terms : 1,
      margin: margin)
  }

  /// Compares a sample with a known number, such as the ODE's exit time from a fixed start.
  public static func oneSample(_ sample: [Double], known: Double, margin: Double) throws
    -> MeanRatio
  {
    let x = try mean(of: sample)
    let count = Double(sample.count)
    let spread = sample.count > 1 ? try variance(of: sample) / (count * x * x) : nil
    return try MeanRatio(
      logRatio: log(x / known), variance: spread, degreesOfFreedom: count - 1, margin: margin)
  }

  private init(logRatio: Double, variance: Double?, degreesOfFreedom: Double, margin: Double)
    throws
  {
    estimate = exp(logRatio)
    self.margin = margin
    guard let variance, variance.isFinite, logRatio.isFinite, degreesOfFreedom > 0 else {
      interval = nil
      verdict = .undetermined
      return
    }
    let student = try StudentDistribution(degreesOfFreedom: degreesOfFreedom)
    let wide = student.quantile(0.975) * variance.squareRoot()
    let narrow = student.quantile(0.95) * variance.squareRoot()
    let bound = log(1 + margin)
    interval = [exp(logRatio - wide), exp(logRatio + wide)]
    if abs(logRatio) + narrow < bound {
      verdict = .equivalent
    } else if abs(logRatio) - wide > bound {
      verdict = .different
    } else {
      verdict = .undetermined
    }
  }
}
