import GSL

/// Measures by how much a quantile of one law lies above that of another.
public enum QuantileShift {
  /// Estimates quantile(`first`) − quantile(`second`) at `probability` in [0, 1] with a
  /// bootstrap percentile interval.
  ///
  /// Quantiles are of type 7 (Hyndman and Fan, 1996). The estimate is nil when one of them
  /// falls among the censored; an end of the interval that depends on how long those would
  /// have stayed leaves the interval nil. Cost: O(n log n + `bootstrap.resamples` n). Throws
  /// `StatisticsError` when `probability` is out of range or pairs do not match.
  public static func estimate(
    _ first: ExitSample, _ second: ExitSample, probability: Double, bootstrap: Bootstrap
  ) throws -> IntervalEstimate {
    try require(
      probability >= 0 && probability <= 1, "probability", probability, "a number in [0, 1]")
    let (x, y, horizon) = try ExitSample.comparableTimes(first, second)
    let end = horizon ?? .infinity
    let (xOrder, yOrder) = (SortedTimes(x), SortedTimes(y))
    var (lowers, uppers) = ([Double](), [Double]())
    try bootstrap.forEachResample(x.count, y.count) { xCounts, yCounts in
      let one = xOrder.quantile(probability, xCounts)
      let two = yOrder.quantile(probability, yCounts)
      // A quantile at the horizon may lie anywhere beyond it.
      lowers.append(two < end ? one - two : -.infinity)
      uppers.append(one < end ? one - two : .infinity)
    }
    let tail = (1 - bootstrap.confidenceLevel) / 2
    let lower = try orderStatistic(lowers, tail)
    let upper = try orderStatistic(uppers, 1 - tail)
    let one = try quantile(ofSorted: xOrder.values, probability: probability)
    let two = try quantile(ofSorted: yOrder.values, probability: probability)
    let isKnown = one < end && two < end
    let hasInterval = isKnown && lower.isFinite && upper.isFinite && lower <= upper
    return IntervalEstimate(
      estimate: isKnown ? one - two : nil, interval: hasInterval ? lower...upper : nil,
      confidenceLevel: bootstrap.confidenceLevel)
  }

  /// Returns the quantile of `values`, infinite when it leans on an infinite one.
  private static func orderStatistic(_ values: [Double], _ probability: Double) throws -> Double {
    let sorted = values.sorted()
    let rank = Double(sorted.count - 1) * probability
    for place in [Int(rank), Int(rank.rounded(.up))] where !sorted[place].isFinite {
      return sorted[place]
    }
    return try quantile(ofSorted: sorted, probability: probability)
  }
}

/// Holds times in ascending order with the places they came from.
private struct SortedTimes {
  let values: [Double]
  private let origins: [Int]

  init(_ times: [Double]) {
    origins = times.indices.sorted { times[$0] < times[$1] }
    values = origins.map { times[$0] }
  }

  /// Returns the type 7 quantile of the sample in which each time counts as often as
  /// `counts`, in the original order, says.
  func quantile(_ probability: Double, _ counts: [Int32]) -> Double {
    let rank = Double(values.count - 1) * probability
    let lowerRank = Int(rank)
    let fraction = rank - Double(lowerRank)
    var (passed, place) = (0, -1)
    while passed <= lowerRank {
      place += 1
      passed += Int(counts[origins[place]])
    }
    let lower = values[place]
    if fraction == 0 || passed > lowerRank + 1 { return lower }
    repeat { place += 1 } while counts[origins[place]] == 0
    return lower + fraction * (values[place] - lower)
  }
}
