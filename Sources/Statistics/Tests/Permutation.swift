import GSL

/// Computes p-values by giving the values to the two samples anew.
enum Permutation {
  /// Holds a p-value with what it is worth.
  struct PValue {
    let value: Double
    /// Is the smallest that could have come out; nil when the value is exact.
    let smallest: Double?

    func result(_ statistic: Double) -> TestResult {
      TestResult(
        statistic: statistic, pValue: value, kind: smallest == nil ? .exact : .permutation,
        smallestPValue: smallest)
    }
  }

  /// Returns the probability of a `statistic` at least as large as the observed one, over
  /// the ways to relabel `order`.
  ///
  /// If at most `count` + 1 ways differ, all are visited and the answer is exact. Else
  /// `count` are drawn and the observed one is counted among them: (1 + reached)/(1 + `count`),
  /// which is a valid p-value for any `count` (Phipson and Smyth, 2010). Pairs by start
  /// exchange their two times only. `statistic` must not tell equal values apart: with k values
  /// before those that tie at the end, as the censored do, 2^k ways differ. Cost: O(n) for each.
  static func pValue(
    _ order: PooledOrder, pairing: Pairing, count: Int, stream: RandomStream,
    statistic: (UnsafeBufferPointer<UInt8>) -> Double
  ) throws -> PValue {
    try require(
      (1...1_000_000_000).contains(count), "permutations", Double(count), "1 to 10^9")
    try pairing.check(order.firstCount, order.secondCount)
    let observed = order.labels.withUnsafeBufferPointer(statistic)
    // Sums in another order differ by rounding; equal statistics must count as reached.
    let threshold = observed - 1e-12 * abs(observed)
    var relabeling = Relabeling(order, pairing: pairing)
    func isReached() -> Bool {
      relabeling.labels.withUnsafeBufferPointer(statistic) >= threshold
    }
    if let plan = relabeling.plan(atMost: count + 1) {
      var (reached, total) = (0.0, 0.0)
      for way in 0..<plan.ways {
        let weight = relabeling.visit(way, plan)
        total += weight
        if isReached() { reached += weight }
      }
      return PValue(value: min(reached / total, 1), smallest: nil)
    }
    var reached = 0
    for _ in 0..<count {
      relabeling.draw(stream)
      if isReached() { reached += 1 }
    }
    return PValue(
      value: Double(reached + 1) / Double(count + 1), smallest: 1 / Double(count + 1))
  }
}

/// Relabels the places of a pooled order, one of all ways after another or at random.
private struct Relabeling {
  /// Says how all ways that differ are visited.
  enum Plan {
    /// Every choice of the first sample's places.
    case combinations(Int)
    /// Every choice for the places before those that tie at the end, by how many ways each stands for.
    case leading(places: Int, weights: [Double])
    /// Every exchange of pairs whose times differ.
    case exchanges([(Int, Int)])

    var ways: Int {
      switch self {
      case .combinations(let ways): return ways
      case .leading(let places, _): return 1 << places
      case .exchanges(let pairs): return 1 << pairs.count
      }
    }
  }

  private(set) var labels: [UInt8]
  private let firstCount: Int
  private let pairing: Pairing
  /// Counts the places before the last run of equal values.
  private let leading: Int
  /// Holds the places of the two members of each pair.
  private let pairs: [(Int, Int)]
  /// Holds those whose times differ.
  private let unequalPairs: [(Int, Int)]

  init(_ order: PooledOrder, pairing: Pairing) {
    labels = order.labels
    firstCount = order.firstCount
    self.pairing = pairing
    leading = order.blockEnds.count > 1 ? order.blockEnds[order.blockEnds.count - 2] : 0
    if pairing == .byStart {
      var placeOf = Array(repeating: 0, count: order.count)
      for (place, origin) in order.origins.enumerated() { placeOf[origin] = place }
      pairs = (0..<order.firstCount).map { (placeOf[$0], placeOf[$0 + order.firstCount]) }
      unequalPairs = pairs.filter { order.values[$0.0] != order.values[$0.1] }
    } else {
      (pairs, unequalPairs) = ([], [])
    }
  }

  /// Returns how to visit all ways that differ, or nil when there are more than `limit`.
  func plan(atMost limit: Int) -> Plan? {
    if pairing == .byStart {
      let isFew = unequalPairs.count < 40 && 1 << unequalPairs.count <= limit
      return isFew ? .exchanges(unequalPairs) : nil
    }
    if let ways = combinations(atMost: limit) { return .combinations(ways) }
    guard leading < 40, 1 << leading <= limit else { return nil }
    return .leading(places: leading, weights: (0...leading).map(probability))
  }

  private func combinations(atMost limit: Int) -> Int? {
    var ways = 1
    let smaller = min(firstCount, labels.count - firstCount)
    for k in 0..<smaller {
      // The product is a binomial coefficient at each step; k! divides it exactly.
      let (product, overflow) = ways.multipliedReportingOverflow(by: labels.count - k)
      if overflow { return nil }
      ways = product / (k + 1)
      if ways > limit { return nil }
    }
    return ways
  }

  /// The probability that given `ones` of the leading places, and no others, are the first sample's.
  private func probability(ones: Int) -> Double {
    var (first, second, total) = (firstCount, labels.count - firstCount, labels.count)
    var probability = 1.0
    for place in 0..<leading {
      probability *= Double(max(place < ones ? first : second, 0)) / Double(total)
      if place < ones { first -= 1 } else { second -= 1 }
      total -= 1
    }
    return probability
  }

  /// Takes the way numbered `index` and returns its weight; the ways must be visited from 0 in steps of 1.
  mutating func visit(_ index: Int, _ plan: Plan) -> Double {
    switch plan {
    case .exchanges(let pairs):
      for (bit, pair) in pairs.enumerated() { label(pair, swapped: index >> bit & 1 == 1) }
      return 1
    case .leading(let places, let weights):
      var ones = 0
      for place in 0..<places {
        labels[place] = UInt8(index >> place & 1)
        ones += index >> place & 1
      }
      // How equal values are labelled does not matter, only how many of each there are.
      for place in places..<labels.count {
        labels[place] = place - places < firstCount - ones ? 1 : 0
      }
      return weights[ones]
    case .combinations:
      next(index)
      return 1
    }
  }

  private mutating func next(_ index: Int) {
    if index == 0 {
      for place in labels.indices { labels[place] = place < firstCount ? 1 : 0 }
      return
    }
    // Moves the last 1 that has a 0 behind it, and the 1s behind it close up: lexicographic.
    var ones = 0
    var place = labels.count - 1
    while labels[place] == 1 {
      ones += 1
      place -= 1
    }
    while labels[place] == 0 { place -= 1 }
    labels[place] = 0
    for offset in 1..<(labels.count - place) {
      labels[place + offset] = offset <= ones + 1 ? 1 : 0
    }
  }

  /// Draws one of all ways.
  mutating func draw(_ stream: RandomStream) {
    if pairing == .byStart {
      for pair in pairs { label(pair, swapped: stream.uniform() < 0.5) }
      return
    }
    // Selection in one pass (Knuth's algorithm S) reads no memory at random.
    var (left, wanted) = (labels.count, firstCount)
    for place in labels.indices {
      let isChosen = stream.uniform() * Double(left) < Double(wanted)
      labels[place] = isChosen ? 1 : 0
      wanted -= isChosen ? 1 : 0
      left -= 1
    }
  }

  private mutating func label(_ pair: (Int, Int), swapped: Bool) {
    labels[pair.0] = swapped ? 0 : 1
    labels[pair.1] = swapped ? 1 : 0
  }
}

extension RandomStream {
  /// Draws an integer in 0..<`bound`, uniform to 2⁻³² · `bound` or better.
  func index(below bound: Int) -> Int {
    min(Int(uniform() * Double(bound)), bound - 1)
  }
}

/// Says how the replicas of two samples belong together.
public enum Pairing: Sendable, Hashable {
  /// Says that replica i of both samples has the same start.
  case byStart
  /// Says that the samples are independent; their sizes may differ.
  case independent

  func check(_ first: Int, _ second: Int) throws {
    if self == .byStart, first != second {
      throw StatisticsError.lengthsDiffer(first, second)
    }
  }
}
