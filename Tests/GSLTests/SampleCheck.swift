import Foundation
import GSL

/// Compares a sample with a distribution: Kolmogorov–Smirnov distance, mean and variance.
///
/// A right sampler fails each of the three about once in a million seeds.
struct SampleCheck {
  /// Is 4.9 standard errors: two-sided probability 10⁻⁶ for a normal estimator.
  static let largestScore = 4.9
  static let falseAlarmRate = 1e-6

  let distanceProbability: Double
  let meanScore: Double
  let varianceScore: Double

  var passes: Bool {
    distanceProbability > Self.falseAlarmRate && abs(meanScore) < Self.largestScore
      && abs(varianceScore) < Self.largestScore
  }

  /// Takes moments over the sample, the distance over its first 20 000 values, to stay quick.
  init(
    _ sample: [Double], mean: Double, variance: Double, excessKurtosis: Double,
    cumulative: (Double) -> Double
  ) throws {
    let count = Double(sample.count)
    meanScore = (try GSL.mean(of: sample) - mean) / (variance / count).squareRoot()
    let relativeError = ((2 + excessKurtosis) / count).squareRoot()
    varianceScore = (try GSL.variance(of: sample) / variance - 1) / relativeError
    let sorted = sample.prefix(20_000).sorted()
    let step = 1 / Double(sorted.count)
    var distance = 0.0
    for (index, value) in sorted.enumerated() {
      let expected = cumulative(value)
      distance = max(
        distance, Double(index + 1) * step - expected, expected - Double(index) * step)
    }
    distanceProbability = kolmogorovSurvival(distance * Double(sorted.count).squareRoot())
  }

  static func gaussian(_ sample: [Double]) throws -> SampleCheck {
    try SampleCheck(
      sample, mean: 0, variance: 1, excessKurtosis: 0,
      cumulative: NormalDistribution.cumulative)
  }

  static func chiSquare(_ sample: [Double], degreesOfFreedom: Double) throws -> SampleCheck {
    let distribution = try ChiSquareDistribution(degreesOfFreedom: degreesOfFreedom)
    return try SampleCheck(
      sample, mean: degreesOfFreedom, variance: 2 * degreesOfFreedom,
      excessKurtosis: 12 / degreesOfFreedom, cumulative: distribution.cumulative)
  }
}

/// Returns the asymptotic probability that √n times the distance exceeds `x`.
func kolmogorovSurvival(_ x: Double) -> Double {
  guard x > 0.3 else { return 1 }
  var sum = 0.0
  for k in 1...50 {
    let term = exp(-2 * Double(k * k) * x * x)
    sum += k % 2 == 1 ? term : -term
  }
  return min(max(2 * sum, 0), 1)
}
