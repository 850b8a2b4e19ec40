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
///
/// Samples without spread give an interval of zero width, which is right for the deterministic
/// dynamics alone. A single value gives no interval and the verdict `undetermined`.
/// Every comparison is O(n), and throws `SampleError` when a value or `margin` is not finite,
/// `margin` is negative, or a mean is not positive.
public struct MeanRatio: Sendable, Equatable {
  /// x̄/ȳ.
  public let estimate: Double
  /// The 95% interval; nil when a side has a single value and so no spread.
  public let interval: [Double]?
  /// Standard error of the log ratio, √V; nil where there is no interval.
  public let logStandardError: Double?
  /// Degrees of freedom of Student's quantile; 0 where there is no interval.
  public let degreesOfFreedom: Double
  /// Number of values of the first side.
  public let firstCount: Int
  /// Number of values of the second side; 0 for a known number.
  public let secondCount: Int
  /// The margin δ.
  public let margin: Double
  /// The judgement.
  public let verdict: Verdict

  /// Compares two samples of the same starts, value by value.
  ///
  /// Throws `SampleError` also when the samples differ in length.
  public static func paired(_ first: [Double], _ second: [Double], margin: Double) throws
    -> MeanRatio
  {
    try SampleError.require(
      first.count == second.count && !first.isEmpty,
      "\(first.count) and \(second.count) values, expected pairs")
    let (x, y) = (try positiveMean(first), try positiveMean(second))
    let residuals = zip(first, second).map { $0 / x - $1 / y }
    let count = Double(residuals.count)
    let spread = count > 1 ? try variance(of: residuals) / count : nil
    return try MeanRatio(
      logRatio: log(x / y), variance: spread, degreesOfFreedom: count - 1, margin: margin,
      counts: (first.count, second.count))
  }

  /// Compares two independent samples, with Welch's degrees of freedom.
  public static func unpaired(_ first: [Double], _ second: [Double], margin: Double) throws
    -> MeanRatio
  {
    let (x, y) = (try positiveMean(first), try positiveMean(second))
    let counts = (first.count, second.count)
    guard first.count > 1, second.count > 1 else {
      return try MeanRatio(
        logRatio: log(x / y), variance: nil, degreesOfFreedom: 0, margin: margin,
        counts: counts)
    }
    let left = try variance(of: first) / (Double(first.count) * x * x)
    let right = try variance(of: second) / (Double(second.count) * y * y)
    let sum = left + right
    let terms = left * left / Double(first.count - 1) + right * right / Double(second.count - 1)
    return try MeanRatio(
      logRatio: log(x / y), variance: sum, degreesOfFreedom: terms > 0 ? sum * sum / terms : 1,
      margin: margin, counts: counts)
  }

  /// Compares a sample with a known number, such as the ODE's exit time from a fixed start.
  public static func oneSample(_ sample: [Double], known: Double, margin: Double) throws
    -> MeanRatio
  {
    try SampleError.require(
      known > 0 && known.isFinite, "a known mean of \(known), expected a positive number")
    let x = try positiveMean(sample)
    let count = Double(sample.count)
    let spread = sample.count > 1 ? try variance(of: sample) / (count * x * x) : nil
    return try MeanRatio(
      logRatio: log(x / known), variance: spread, degreesOfFreedom: count - 1, margin: margin,
      counts: (sample.count, 0))
  }

  private init(
    logRatio: Double, variance: Double?, degreesOfFreedom: Double, margin: Double,
    counts: (first: Int, second: Int)
  ) throws {
    try SampleError.require(
      margin >= 0 && margin.isFinite, "a margin of \(margin), expected a number from 0 on")
    estimate = exp(logRatio)
    self.margin = margin
    (firstCount, secondCount) = counts
    guard let variance, variance.isFinite, degreesOfFreedom > 0 else {
      (interval, logStandardError, self.degreesOfFreedom) = (nil, nil, 0)
      verdict = .undetermined
      return
    }
    let student = try StudentDistribution(degreesOfFreedom: degreesOfFreedom)
    let error = variance.squareRoot()
    let wide = student.quantile(0.975) * error
    let narrow = student.quantile(0.95) * error
    let bound = log(1 + margin)
    interval = [exp(logRatio - wide), exp(logRatio + wide)]
    (logStandardError, self.degreesOfFreedom) = (error, degreesOfFreedom)
    if abs(logRatio) + narrow < bound {
      verdict = .equivalent
    } else if abs(logRatio) - wide > bound {
      verdict = .different
    } else {
      verdict = .undetermined
    }
  }

  private static func positiveMean(_ values: [Double]) throws -> Double {
    try SampleError.requireFinite(values)
    let average = try mean(of: values)
    try SampleError.require(
      average > 0 && average.isFinite, "a mean of \(average), expected a positive number")
    return average
  }
}
