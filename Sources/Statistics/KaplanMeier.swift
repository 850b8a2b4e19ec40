import Foundation
import GSL

/// Estimates the survival function of a censored sample.
///
/// At each distinct time t_i, S(t_i) = Π_{j ≤ i} (1 − d_j/n_j), d_j exits among n_j at risk; the
/// variance is Greenwood's, S² Σ d_j/(n_j (n_j − d_j)). Without censoring S is the empirical one.
/// Source: Kaplan and Meier (1958); Greenwood (1926).
public struct KaplanMeier: Sendable, Equatable {
  /// The distinct times, of exits and of ends of watching, ascending.
  public let times: [Double]
  /// Number of replicas inside just before each time.
  public let atRisk: [Int]
  /// Number of exits at each time.
  public let exits: [Int]
  /// P(τ > time).
  public let survival: [Double]
  /// Σ d_j/(n_j (n_j − d_j)), infinite where all have exited.
  private let hazardVariance: [Double]

  /// Holds the ends of an interval of a probability.
  public struct Band: Sendable, Equatable {
    /// The lower end.
    public let lower: Double
    /// The upper end.
    public let upper: Double
  }

  /// Estimates the survival function of `sample`; O(n log n).
  public init(_ sample: CensoredSample) {
    let order = sample.order
    var (times, atRisk, exits): ([Double], [Int], [Int]) = ([], [], [])
    var (survival, hazardVariance): ([Double], [Double]) = ([], [])
    var (product, sum, index) = (1.0, 0.0, 0)
    while index < order.count {
      let (time, inside) = (sample.times[order[index]], order.count - index)
      var exited = 0
      while index < order.count, sample.times[order[index]] == time {
        if sample.observed[order[index]] { exited += 1 }
        index += 1
      }
      product *= Double(inside - exited) / Double(inside)
      if exited > 0 {
        sum += Double(exited) / (Double(inside) * Double(inside - exited))
      }
      times.append(time)
      atRisk.append(inside)
      exits.append(exited)
      survival.append(product)
      hazardVariance.append(sum)
    }
    (self.times, self.atRisk, self.exits) = (times, atRisk, exits)
    (self.survival, self.hazardVariance) = (survival, hazardVariance)
  }

  /// Greenwood's variance of the survival at each time; nil where all have exited.
  public var variance: [Double?] {
    zip(survival, hazardVariance).map { $0 > 0 ? $0 * $0 * $1 : nil }
  }

  /// Returns P(τ > `time`), or nil after the last time when replicas were still inside.
  public func survival(at time: Double) -> Double? {
    guard let last = times.last, time <= last || (time > last && survival.last == 0) else {
      return nil
    }
    let index = countOfTimes(upTo: time)
    return index == 0 ? 1 : survival[index - 1]
  }

  /// Returns pointwise intervals of probability `level` at each time.
  ///
  /// S^exp(± z √V/log S), symmetric in log(−log S), stays in [0, 1]; it is of its level to a few
  /// per cent from some ten exits on. Nil before the first exit and where all have exited, where
  /// the formula says nothing. Throws `SampleError` for a `level` out of (0, 1).
  /// Source: Kalbfleisch and Prentice (1980), section 1.3.
  public func bands(level: Double = 0.95) throws(SampleError) -> [Band?] {
    try SampleError.requireLevel(level)
    let score = NormalDistribution.quantile((1 + level) / 2)
    return zip(survival, hazardVariance).map { survival, variance in
      guard survival > 0, survival < 1 else { return nil }
      let exponent = exp(score * variance.squareRoot() / abs(log(survival)))
      return Band(lower: pow(survival, exponent), upper: pow(survival, 1 / exponent))
    }
  }

  /// Returns the earliest time with P(τ ≤ time) ≥ `probability`, nil where the censored begin.
  ///
  /// Throws `SampleError` for a probability out of [0, 1].
  public func quantile(_ probability: Double) throws(SampleError) -> Double? {
    try SampleError.require(
      probability >= 0 && probability <= 1,
      "a probability of \(probability), expected one in [0, 1]")
    // The product that makes S carries a rounding error.
    let target = 1 - probability + 1e-12
    return survival.firstIndex { $0 <= target }.map { times[$0] }
  }

  /// Estimates E[min(τ, `horizon`)] = ∫₀^horizon S dt with its standard error.
  ///
  /// Times are taken to be positive. The standard error is nil when no replica is left to tell
  /// the spread, that is for a single one. O(n). Throws `SampleError` when `horizon` is not
  /// finite or not positive, or lies after the last time while replicas are still inside.
  /// Source: Irwin (1949); Klein and Moeschberger (2003), equation 4.5.2, times n/(n − 1), which
  /// makes it the sample variance where all are watched up to the horizon.
  public func restrictedMean(
    to horizon: Double
  ) throws(SampleError) -> (estimate: Double, standardError: Double?) {
    try SampleError.require(
      horizon > 0 && horizon.isFinite, "a horizon of \(horizon), expected a positive number")
    try SampleError.require(
      survival(at: horizon) != nil,
      "a horizon of \(horizon), expected one up to the last time watched, \(times.last ?? 0)")
    let count = countOfTimes(upTo: horizon)
    // The area is ∫ S from times[index] to the horizon.
    var (area, variance) = (0.0, 0.0)
    var end = horizon
    for index in (0..<count).reversed() {
      area += survival[index] * (end - times[index])
      end = times[index]
      let (inside, out) = (Double(atRisk[index]), Double(exits[index]))
      // Where all exit nothing lies beyond, and the term is 0.
      if area > 0, out > 0 { variance += area * area * out / (inside * (inside - out)) }
    }
    area += end
    guard let replicas = atRisk.first, replicas > 1 else { return (area, nil) }
    let correction = Double(replicas) / Double(replicas - 1)
    return (area, (variance * correction).squareRoot())
  }

  /// Counts the distinct times up to `time` by bisection.
  private func countOfTimes(upTo time: Double) -> Int {
    var (low, high) = (0, times.count)
    while low < high {
      let middle = (low + high) / 2
      if times[middle] <= time { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
