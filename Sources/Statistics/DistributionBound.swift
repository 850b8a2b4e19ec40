import Foundation

/// Bounds the largest distance of two distribution functions, D = sup |F₁ − F₂|.
///
/// Empirical distribution functions are within ε(n, α) = √(log(2/α)/(2n)) of the truth with
/// probability 1 − α at any n; two samples spend half of α each, so that D̂ is off by at most
/// ε(n, α/2) + ε(m, α/2). Nothing is asked of the laws, nor that the samples be independent of
/// each other: paired samples may be given. An upper end of δ lets one claim that no probability
/// of the form P(τ ≤ t) differs by more than δ.
/// Source: Dvoretzky, Kiefer and Wolfowitz (1956), with the constant of Massart (1990).
public struct DistributionBound: Sendable, Equatable {
  /// D̂, the largest distance of the empirical distribution functions.
  public let estimate: Double
  /// The least distance that the samples allow, at least 0.
  public let lower: Double
  /// The largest distance that the samples allow, at most 1.
  public let upper: Double

  /// Bounds the distance of the laws of two samples with probability at least `level`.
  ///
  /// Censored replicas enter as +∞, and the bound is on the distance up to the horizon, which
  /// must be one for both. O(n log n). Throws `SampleError` for an empty sample, NaN or −∞, and
  /// for a `level` out of (0, 1).
  public init(
    _ first: [Double], _ second: [Double], level: Double = 0.95
  ) throws(SampleError) {
    try SampleError.requireLevel(level)
    // The p-value is not used: the limit is the cheap one.
    let test = try KolmogorovSmirnov.twoSample(first, second, method: .limit)
    let share = (1 - level) / 2
    self.init(
      test.statistic,
      DistributionBound.width(first.count, share) + DistributionBound.width(second.count, share))
  }

  /// Bounds the distance of the law of a sample from a known one with probability `level`.
  ///
  /// O(n log n). Throws `SampleError` as above, and where `cumulative` leaves [0, 1].
  public init(
    _ values: [Double], level: Double = 0.95, cumulative: (Double) -> Double
  ) throws(SampleError) {
    try SampleError.requireLevel(level)
    let test = try KolmogorovSmirnov.oneSample(values, cumulative: cumulative)
    self.init(test.statistic, DistributionBound.width(values.count, 1 - level))
  }

  private init(_ estimate: Double, _ width: Double) {
    self.estimate = estimate
    (lower, upper) = (max(0, estimate - width), min(1, estimate + width))
  }

  private static func width(_ count: Int, _ probability: Double) -> Double {
    (log(2 / probability) / (2 * Double(count))).squareRoot()
  }
}
