import GSL

/// Computes p-values by giving the values to the two samples anew.
enum Permutation {
  /// Returns the probability of a `statistic` at least as large as the observed one, over
  /// the ways to relabel `order`.
  ///
  /// If there are at most `count` + 1 ways, all are visited and the answer is exact. Else
  /// `count` are drawn and the observed one is counted among them: (1 + reached)/(1 + `count`),
  /// which is a valid p-value for any `count` (Phipson and Smyth, 2010). Pairs by start
  /// exchange their two times only. Cost: O(n) for each.
  static func pValue(
    _ order: PooledOrder, pairing: Pairing, count: Int, stream: RandomStream,
    statistic: (UnsafeBufferPointer<UInt8>) -> Double
  ) throws -> Double {
    try require(
      (1...1_000_000_000).contains(count), "permutations", Double(count), "1 to 10^9")
    try pairing.check(order.firstCount, order.secondCount)
    let observed = order.labels.withUnsafeBufferPointer(statistic)
    // Sums in another order differ by rounding; equal statistics must count as reached.
    let threshold = observed - 1e-12 * abs(observed)
    var relabeling = Relabeling(order, pairing: pairing)
    var reached = 0
    if let ways = relabeling.ways(atMost: count + 1) {
      for way in 0..<ways {
        relabeling.visit(way)
        if relabeling.labels.withUnsafeBufferPointer(statistic) >= threshold { reached += 1 }
      }
      return Double(reached) / Double(ways)
    }
    for _ in 0..<count {
      relabeling.draw(stream)
      if relabeling.labels.withUnsafeBufferPointer(statistic) >= threshold { reached += 1 }
    }
    return Double(reached + 1) / Double(count + 1)
  }
}

/// Relabels the places of a pooled order, one of all ways after another or at random.
private struct Relabeling {
  private(set) var labels: [UInt8]
  private let firstCount: Int
  private let pairing: Pairing
  /// Holds the places of the two members of each pair.
  private let pairs: [(Int, Int)]

  init(_ order: PooledOrder, pairing: Pairing) {
    labels = order.labels
    firstCount = order.firstCount
    self.pairing = pairing
    if pairing == .byStart {
      var placeOf = Array(repeating: 0, count: order.count)
      for (place, origin) in order.origins.enumerated() { placeOf[origin] = place }
      pairs = (0..<order.firstCount).map { (placeOf[$0], placeOf[$0 + order.firstCount]) }
    } else {
      pairs = []
    }
  }

  /// Returns the number of ways, or nil when there are more than `limit`.
  func ways(atMost limit: Int) -> Int? {
    var ways = 1
    if pairing == .byStart {
      for _ in pairs {
        ways *= 2
        if ways > limit { return nil }
      }
      return ways
    }
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

  /// Takes the way numbered `index`; the ways must be visited from 0 in steps of 1.
  mutating func visit(_ index: Int) {
    if pairing == .byStart {
      for (bit, pair) in pairs.enumerated() { label(pair, swapped: index >> bit & 1 == 1) }
      return
    }
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
