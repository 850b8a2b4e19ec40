import GSL

/// Estimates the Wasserstein-1 distance of two samples, the mean shift that takes one to the other.
public struct Wasserstein: Sendable, Equatable {
  /// W = ∫ |F₁ − F₂| dx, in the unit of the values.
  public let estimate: Double
  /// The interval; nil when it was not asked for, or a side has a single value.
  public let interval: [Double]?

  /// Estimates the distance; O(n log n).
  ///
  /// Throws `SampleError` for an empty sample, or values that are not finite: give the censored
  /// their horizon, and the distance is that of the laws of min(τ, horizon).
  public init(_ first: [Double], _ second: [Double]) throws(SampleError) {
    try SampleError.requireFinite(first)
    try SampleError.requireFinite(second)
    estimate = Wasserstein.distances(PooledSample(first, second)) { _ in 1 }.distance
    interval = nil
  }

  /// Estimates the distance, and an interval of probability `level` by the bootstrap.
  ///
  /// `paired` resamples pairs (`first`[i], `second`[i]), so that what they share stays shared.
  /// The interval is [2 W − q, q], q the (1 + `level`)/2 quantile of the resampled distances W*:
  /// of its level to O(1/√n) for laws that differ by much more than their errors. Near equality
  /// both W and W* are biased upwards. There the error E* = ∫ |(F₁* − F₁) − (F₂* − F₂)| dx
  /// decides: the lower end is 0 where W is within its `level` quantile, so that equal laws are
  /// called different with probability 1 − `level` at most, to O(1/√n).
  /// O(n log n + n `resamples`). A function of the samples and the `stream`.
  /// Throws `SampleError` as above; when pairs are wanted of samples that differ in length; for a
  /// `level` out of (0, 1), or no `resamples`.
  /// Source: Efron and Tibshirani (1993), chapter 13, for the ends; Giné and Zinn (1990) for the
  /// bootstrap of the empirical process.
  public init(
    _ first: [Double], _ second: [Double], paired: Bool, level: Double = 0.95,
    resamples: Int = 999, stream: RandomStream
  ) throws {
    try SampleError.requireFinite(first)
    try SampleError.requireFinite(second)
    try Bootstrap.require(first, second, paired: paired, level: level, resamples: resamples)
    let pooled = PooledSample(first, second)
    let value = Wasserstein.distances(pooled) { _ in 1 }.distance
    estimate = value
    guard min(first.count, second.count) > 1 else {
      interval = nil
      return
    }
    var (distances, errors): ([Double], [Double]) = ([], [])
    Bootstrap.resample(
      first.count, second.count, paired: paired, resamples: resamples, stream: stream
    ) { firstCounts, secondCounts in
      let replicate = Wasserstein.distances(pooled) { index in
        let counts = pooled.isFirst[index] ? firstCounts : secondCounts
        return Double(counts[pooled.origins[index]])
      }
      distances.append(replicate.distance)
      errors.append(replicate.error)
    }
    let resampled = try quantile(ofSorted: distances.sorted(), probability: (1 + level) / 2)
    // A quantile below the estimate is a matter of few resamples.
    let upper = max(resampled, value)
    let error = try quantile(ofSorted: errors.sorted(), probability: level)
    interval = [value <= error ? 0 : max(0, 2 * value - upper), upper]
  }

  /// Returns ∫ |F₁* − F₂*| dx and ∫ |(F₁* − F₁) − (F₂* − F₂)| dx, of weighted values.
  ///
  /// The weights of a side sum to its count.
  private static func distances(
    _ pooled: PooledSample, weight: (Int) -> Double
  ) -> (distance: Double, error: Double) {
    let (n, m) = (Double(pooled.firstCount), Double(pooled.secondCount))
    var (firsts, seconds, excessFirsts, excessSeconds) = (0.0, 0.0, 0.0, 0.0)
    var (distance, error) = (0.0, 0.0)
    for index in 0..<(pooled.count - 1) {
      let weight = weight(index)
      if pooled.isFirst[index] {
        firsts += weight
        excessFirsts += weight - 1
      } else {
        seconds += weight
        excessSeconds += weight - 1
      }
      let gap = pooled.values[index + 1] - pooled.values[index]
      distance += abs(firsts / n - seconds / m) * gap
      error += abs(excessFirsts / n - excessSeconds / m) * gap
    }
    return (distance, error)
  }
}
