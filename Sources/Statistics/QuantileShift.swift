import GSL

/// Estimates by how much a quantile of one sample lies above that of another.
public struct QuantileShift: Sendable, Equatable {
  /// The probability of the quantile.
  public let probability: Double
  /// Quantile of `first` less quantile of `second`; nil where either is among the censored.
  public let estimate: Double?
  /// The interval; nil where it reaches the censored, or a side has a single value.
  public let interval: [Double]?

  /// Estimates the shift at each of `probabilities`, with intervals of probability `level`.
  ///
  /// Quantiles are of type 7 of Hyndman and Fan (1996); censored replicas enter as +∞. The
  /// interval is the percentile interval of the bootstrap, of its level to O(1/√n) where the laws
  /// have a density; on a lattice it is not narrower than the lattice allows. `paired` resamples
  /// pairs (`first`[i], `second`[i]). O(n log n + n `resamples`). A function of the samples and
  /// the `stream`.
  /// Throws `SampleError` for an empty sample, NaN or −∞; a probability out of [0, 1]; when pairs
  /// are wanted of samples that differ in length; for a `level` out of (0, 1), or no `resamples`.
  /// Source: Doksum (1974), the shift function; Efron (1979).
  public static func estimates(
    _ first: [Double], _ second: [Double],
    probabilities: [Double] = SampleSummary.probabilities, paired: Bool, level: Double = 0.95,
    resamples: Int = 999, stream: RandomStream
  ) throws -> [QuantileShift] {
    try SampleError.requireTimes(first)
    try SampleError.requireTimes(second)
    try Bootstrap.require(first, second, paired: paired, level: level, resamples: resamples)
    for probability in probabilities {
      try SampleError.require(
        probability >= 0 && probability <= 1,
        "a probability of \(probability), expected one in [0, 1]")
    }
    let (left, right) = (SortedSample(first), SortedSample(second))
    // Quantiles are looked up in ascending order, in one walk.
    let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
    let ascending = order.map { probabilities[$0] }
    let ones = (
      [Int32](repeating: 1, count: first.count), [Int32](repeating: 1, count: second.count)
    )
    let observed = zip(left.quantiles(ascending, ones.0), right.quantiles(ascending, ones.1))
      .map(-)
    var replicates = [[Double]](repeating: [], count: ascending.count)
    if min(first.count, second.count) > 1 {
      Bootstrap.resample(
        first.count, second.count, paired: paired, resamples: resamples, stream: stream
      ) { firstCounts, secondCounts in
        let (x, y) = (
          left.quantiles(ascending, firstCounts), right.quantiles(ascending, secondCounts)
        )
        for index in ascending.indices { replicates[index].append(x[index] - y[index]) }
      }
    }
    var shifts = [QuantileShift?](repeating: nil, count: probabilities.count)
    for (place, index) in order.enumerated() {
      let isKnown = observed[place].isFinite
      shifts[index] = QuantileShift(
        probability: probabilities[index], estimate: isKnown ? observed[place] : nil,
        interval: isKnown ? try interval(replicates[place], level: level) : nil)
    }
    return shifts.compactMap { $0 }
  }

  /// Replicates of ∞ − ∞ may lie anywhere: with one of them no end is known.
  private static func interval(_ replicates: [Double], level: Double) throws -> [Double]? {
    guard !replicates.isEmpty, !replicates.contains(where: \.isNaN) else { return nil }
    let sorted = replicates.sorted()
    let ends = [(1 - level) / 2, (1 + level) / 2].map { interpolated(sorted, at: $0) }
    return ends.allSatisfy(\.isFinite) ? ends : nil
  }

  /// The quantile of type 7 of values that may be infinite.
  private static func interpolated(_ sorted: [Double], at probability: Double) -> Double {
    let place = probability * Double(sorted.count - 1)
    let lower = Int(place)
    let upper = min(lower + 1, sorted.count - 1)
    return blend(sorted[lower], sorted[upper], place - Double(lower))
  }

  /// (1 − `share`) `lower` + `share` `upper`, which is `lower` at 0 although `upper` be infinite.
  private static func blend(_ lower: Double, _ upper: Double, _ share: Double) -> Double {
    share == 0 || lower == upper ? lower : (1 - share) * lower + share * upper
  }

  /// Holds the values ascending, and the place of each in the sample.
  private struct SortedSample {
    let values: [Double]
    let origins: [Int]

    init(_ sample: [Double]) {
      origins = sample.indices.sorted { sample[$0] < sample[$1] }
      values = origins.map { sample[$0] }
    }

    /// The quantiles at ascending probabilities when value i comes `counts`[i] times.
    func quantiles(_ ascending: [Double], _ counts: [Int32]) -> [Double] {
      var (index, seen) = (0, Int(counts[origins[0]]))
      // Moves on to the order statistic `rank`, from 0; ranks must not descend.
      func value(atRank rank: Int) -> Double {
        while seen <= rank {
          index += 1
          seen += Int(counts[origins[index]])
        }
        return values[index]
      }
      return ascending.map { probability in
        let place = probability * Double(values.count - 1)
        let rank = Int(place)
        let lower = value(atRank: rank)
        guard place > Double(rank) else { return lower }
        let (saved, savedSeen) = (index, seen)
        let upper = value(atRank: rank + 1)
        (index, seen) = (saved, savedSeen)
        return QuantileShift.blend(lower, upper, place - Double(rank))
      }
    }
  }
}
