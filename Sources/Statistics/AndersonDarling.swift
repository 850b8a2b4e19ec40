import GSL

/// Compares two samples by the distance of their distribution functions, weighted in the tails.
///
/// The statistic is that of Scholz and Stephens (1987), equation 7, for two samples, with
/// mid-ranks for ties, A² = (N − 1)/N² (1/n + 1/m) Σ_j l_j (N M_j − n B_j)² / (B_j (N − B_j) −
/// N l_j/4), over the distinct values j of the pool: l_j is how often the value comes, B_j and
/// M_j count the values below it in the pool and in `first`, its own counted half. Reported is
/// T = (A² − 1)/σ with the σ of samples without ties. Censored replicas enter as +∞, which is
/// exact as long as both samples have one horizon.
public enum AndersonDarling {
  /// Tests whether two samples come from one law, with the p-value of the limit.
  ///
  /// O(n log n). The p-value is good to a few per cent of itself from 50 values a side on, and
  /// conservative where many are tied; for less, exchange labels.
  /// Throws `SampleError` for an empty sample, NaN or −∞, fewer than four values in all, or
  /// values that are all equal.
  /// Source: the limit by Anderson and Darling (1952), A² ≈ 1 + T √(2(π² − 9)/3).
  public static func twoSample(_ first: [Double], _ second: [Double]) throws -> TestResult {
    let scan = try Scan(first, second)
    let statistic = scan.normalised(scan.weightedSquares(scan.pooled.isFirst))
    let spread = (2 * (Double.pi * .pi - 9) / 3).squareRoot()
    return TestResult(
      statistic: statistic,
      pValue: try QuadraticFormTail.andersonDarling(1 + spread * statistic))
  }

  /// Tests whether two samples come from one law, with the p-value of exchanged labels.
  ///
  /// The p-value is exact when all splits of the pool are at most `permutations`, and valid with
  /// a standard error √(p(1 − p)/permutations) otherwise; it is a function of the samples and the
  /// `stream`. O(n log n + n permutations).
  /// Throws `SampleError` as above, and unless `permutations` is positive.
  public static func twoSample(
    _ first: [Double], _ second: [Double], permutations: Int, stream: RandomStream
  ) throws(SampleError) -> TestResult {
    let scan = try Scan(first, second)
    let observed = scan.weightedSquares(scan.pooled.isFirst)
    let pValue = try Permutation.pValue(
      scan.pooled, observed: observed, permutations: permutations, stream: stream,
      statistic: scan.weightedSquares)
    return TestResult(statistic: scan.normalised(observed), pValue: pValue)
  }

  /// Holds what is the same for all splits of the pool.
  private struct Scan {
    let pooled: PooledSample
    /// B_j.
    private let below: [Double]
    /// l_j / (B_j (N − B_j) − N l_j/4).
    private let weights: [Double]

    init(_ first: [Double], _ second: [Double]) throws(SampleError) {
      try SampleError.requireTimes(first)
      try SampleError.requireTimes(second)
      try SampleError.require(
        first.count + second.count >= 4,
        "\(first.count) and \(second.count) values, expected four in all")
      pooled = PooledSample(first, second)
      try SampleError.require(
        pooled.ends.count > 1, "all values are equal, expected at least two that differ")
      let total = Double(pooled.count)
      var (below, weights): ([Double], [Double]) = ([], [])
      var start = 0
      for end in pooled.ends {
        let length = Double(end - start)
        let rank = Double(start) + length / 2
        below.append(rank)
        weights.append(length / (rank * (total - rank) - total * length / 4))
        start = end
      }
      (self.below, self.weights) = (below, weights)
    }

    /// Σ_j l_j (N M_j − n B_j)² / (B_j (N − B_j) − N l_j/4).
    func weightedSquares(_ isFirst: [Bool]) -> Double {
      let (total, count) = (Double(pooled.count), Double(pooled.firstCount))
      var (sum, seen, start) = (0.0, 0, 0)
      for (block, end) in pooled.ends.enumerated() {
        var tied = 0
        for index in start..<end where isFirst[index] { tied += 1 }
        let difference = total * (Double(seen) + Double(tied) / 2) - count * below[block]
        sum += weights[block] * difference * difference
        seen += tied
        start = end
      }
      return sum
    }

    /// T, with the variance of Scholz and Stephens (1987), equation 4, at k = 2.
    func normalised(_ weightedSquares: Double) -> Double {
      let size = Double(pooled.count)
      let inverses = 1 / Double(pooled.firstCount) + 1 / Double(pooled.secondCount)
      let square = (size - 1) / (size * size) * inverses * weightedSquares
      var (partial, g) = (0.0, 0.0)
      for index in 2..<pooled.count {
        partial += 1 / (size + 1 - Double(index))
        g += partial / Double(index)
      }
      let h = partial + 1
      let a = 4 * g - 6 + (10 - 6 * g) * inverses
      let b = 4 * (2 * g - 4) + 16 * h + (2 * g - 14 * h - 4) * inverses - 8 * h + 4 * g - 6
      let c0 = 4 * (6 * h + 2 * g - 2) + 2 * (4 * h - 4 * g + 6)
      let c = c0 + (2 * h - 6) * inverses + 4 * h
      let d = 4 * (2 * h + 6) - 8 * h
      let numerator = ((a * size + b) * size + c) * size + d
      let variance = numerator / ((size - 1) * (size - 2) * (size - 3))
      return (square - 1) / variance.squareRoot()
    }
  }
}
