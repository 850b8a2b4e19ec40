import GSL

/// Measures by how much a quantile of one law lies above that of another.
public enum QuantileShift {
  /// Estimates quantile(`first`) − quantile(`second`) at `probability` in [0, 1] with a
  /// bootstrap percentile interval.
  ///
  /// Quantiles are of type 7 (Hyndman and Fan, 1996); where replicas are censored before both laws
  /// are known, the first times at which the Kaplan–Meier curves reach them. The estimate is nil when one of them
  /// falls among the censored; an end of the interval that depends on how long those would
  /// have stayed leaves the interval nil. Cost: O(n log n + `bootstrap.resamples` n). Throws
  /// `StatisticsError` when `probability` is out of range or pairs do not match.
  public static func estimate(
    _ first: ExitSample, _ second: ExitSample, probability: Double, bootstrap: Bootstrap
  ) throws -> IntervalEstimate {
    let end = ExitSample.commonEnd(first, second)
    guard !first.isCensored(before: end), !second.isCensored(before: end) else {
      try require(
        probability >= 0 && probability <= 1, "probability", probability, "a number in [0, 1]")
      let curves = CensoredOrder(first, second, end: end)
      var shifts = ShiftBounds(count: 1)
      try bootstrap.forEachResample(first.count, second.count) {
        shifts.add(curves.quantiles([probability], $0, $1))
      }
      let ones = [Int32](repeating: 1, count: max(first.count, second.count))
      return try shifts.estimates(
        curves.quantiles([probability], ones, ones), confidenceLevel: bootstrap.confidenceLevel)[0]
    }
    let (x, y, horizon) = try ExitSample.comparableTimes(first, second)
    var shifts = try QuantileShifts(x, y, horizon: horizon, probabilities: [probability])
    try bootstrap.forEachResample(x.count, y.count) { shifts.add($0, $1) }
    return try shifts.estimates(confidenceLevel: bootstrap.confidenceLevel)[0]
  }
}

/// Gathers the shifts of several quantiles over resamples.
struct QuantileShifts {
  private let probabilities: [Double]
  private let end: Double
  private let first: SortedTimes
  private let second: SortedTimes
  private var bounds: ShiftBounds

  /// `probabilities` ascend in [0, 1]; values at `horizon` may lie anywhere beyond it.
  init(_ x: [Double], _ y: [Double], horizon: Double?, probabilities: [Double]) throws {
    for probability in probabilities {
      try require(
        probability >= 0 && probability <= 1, "probability", probability, "a number in [0, 1]")
    }
    self.probabilities = probabilities
    end = horizon ?? .infinity
    (first, second) = (SortedTimes(x), SortedTimes(y))
    bounds = ShiftBounds(count: probabilities.count)
  }

  mutating func add(_ xCounts: [Int32], _ yCounts: [Int32]) {
    bounds.add(
      known(first.quantiles(probabilities, xCounts), second.quantiles(probabilities, yCounts)))
  }

  func estimates(confidenceLevel: Double) throws -> [IntervalEstimate] {
    func values(_ times: SortedTimes) throws -> [Double] {
      try probabilities.map { try quantile(ofSorted: times.values, probability: $0) }
    }
    return try bounds.estimates(
      known(values(first), values(second)), confidenceLevel: confidenceLevel)
  }

  private func known(_ ones: [Double], _ twos: [Double]) -> [ShiftBounds.Pair] {
    zip(ones, twos).map { one, two in
      ShiftBounds.Pair(
        first: one, second: two, isFirstKnown: one < end, isSecondKnown: two < end)
    }
  }
}

/// Gathers differences of quantiles over resamples, either of which may lie anywhere beyond a value.
struct ShiftBounds {
  /// Holds two quantiles; one that is not known lies at its value or beyond.
  struct Pair {
    let first: Double
    let second: Double
    let isFirstKnown: Bool
    let isSecondKnown: Bool
  }

  private var lowers: [[Double]]
  private var uppers: [[Double]]

  init(count: Int) {
    lowers = Array(repeating: [], count: count)
    uppers = lowers
  }

  mutating func add(_ pairs: [Pair]) {
    for (index, pair) in pairs.enumerated() {
      lowers[index].append(pair.isSecondKnown ? pair.first - pair.second : -.infinity)
      uppers[index].append(pair.isFirstKnown ? pair.first - pair.second : .infinity)
    }
  }

  func estimates(_ pairs: [Pair], confidenceLevel: Double) throws -> [IntervalEstimate] {
    let tail = (1 - confidenceLevel) / 2
    return try pairs.enumerated().map { index, pair in
      let lower = try Self.orderStatistic(lowers[index], tail)
      let upper = try Self.orderStatistic(uppers[index], 1 - tail)
      let isKnown = pair.isFirstKnown && pair.isSecondKnown
      let hasInterval = isKnown && lower.isFinite && upper.isFinite && lower <= upper
      return IntervalEstimate(
        estimate: isKnown ? pair.first - pair.second : nil,
        interval: hasInterval ? lower...upper : nil,
        confidenceLevel: confidenceLevel)
    }
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

  /// Returns the type 7 quantiles, at ascending probabilities, of the sample in which each time
  /// counts as often as `counts`, in the original order, says.
  func quantiles(_ probabilities: [Double], _ counts: [Int32]) -> [Double] {
    var (passed, place) = (0, -1)
    return probabilities.map { probability in
      let rank = Double(values.count - 1) * probability
      let lowerRank = Int(rank)
      let fraction = rank - Double(lowerRank)
      while passed <= lowerRank {
        place += 1
        passed += Int(counts[origins[place]])
      }
      let lower = values[place]
      if fraction == 0 || passed > lowerRank + 1 { return lower }
      var next = place + 1
      while counts[origins[next]] == 0 { next += 1 }
      return lower + fraction * (values[next] - lower)
    }
  }
}
