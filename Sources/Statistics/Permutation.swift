import GSL

/// Finds p-values by exchanging the labels of two samples.
enum Permutation {
  /// Returns the share of splits whose `statistic` is at least the `observed` one.
  ///
  /// Where there are no more splits than `permutations` all are listed, and the p-value is exact;
  /// otherwise it is (1 + hits)/(1 + permutations), which is valid for any number of them
  /// (Phipson and Smyth, 2010). O(n) and a statistic a permutation.
  static func pValue(
    _ pooled: PooledSample, observed: Double, permutations: Int, stream: RandomStream,
    statistic: ([Bool]) -> Double
  ) throws(SampleError) -> Double {
    try SampleError.require(
      permutations > 0, "\(permutations) permutations, expected at least one")
    // Splits of equal statistic may differ by rounding.
    let threshold = observed - 1e-12 * abs(observed)
    if let splits = splits(pooled.count, pooled.firstCount, atMost: permutations) {
      let hits = hitsOfAll(pooled, threshold: threshold, statistic)
      return Double(hits) / Double(splits)
    }
    var labels = pooled.isFirst
    var hits = 0
    for _ in 0..<permutations {
      draw(&labels, firstCount: pooled.firstCount, from: stream)
      if statistic(labels) >= threshold { hits += 1 }
    }
    return Double(1 + hits) / Double(1 + permutations)
  }

  /// Chooses `firstCount` places, all choices alike, in one pass (Knuth's algorithm S).
  private static func draw(_ labels: inout [Bool], firstCount: Int, from stream: RandomStream) {
    var (needed, left) = (Double(firstCount), Double(labels.count))
    for index in labels.indices {
      let isChosen = stream.uniform() * left < needed
      labels[index] = isChosen
      if isChosen { needed -= 1 }
      left -= 1
    }
  }

  /// Counts the ways to choose `k` of `n`, or nil where there are more than `limit`.
  private static func splits(_ n: Int, _ k: Int, atMost limit: Int) -> Int? {
    var count = 1
    for i in 0..<min(k, n - k) {
      let (product, overflow) = count.multipliedReportingOverflow(by: n - i)
      guard !overflow else { return nil }
      count = product / (i + 1)
      guard count <= limit else { return nil }
    }
    return count
  }

  private static func hitsOfAll(
    _ pooled: PooledSample, threshold: Double, _ statistic: ([Bool]) -> Double
  ) -> Int {
    let (n, k) = (pooled.count, pooled.firstCount)
    var chosen = Array(0..<k)
    var hits = 0
    while true {
      var labels = [Bool](repeating: false, count: n)
      for index in chosen { labels[index] = true }
      if statistic(labels) >= threshold { hits += 1 }
      // The next combination in lexicographic order.
      guard let moving = chosen.indices.last(where: { chosen[$0] < n - k + $0 }) else {
        return hits
      }
      let next = chosen[moving] + 1
      for index in moving..<k { chosen[index] = next + index - moving }
    }
  }
}
