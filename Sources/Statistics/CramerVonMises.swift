/// Compares two samples by the mean square distance of their distribution functions.
public enum CramerVonMises {
  /// How the p-value is found.
  public enum Method: Sendable {
    /// Exact up to 20 values a side, the limit elsewhere.
    case automatic
    /// The exact permutation law of samples without ties; conservative when values are tied.
    case exact
    /// The limit, matched in mean and variance; good to a few per cent of the p-value from 10
    /// values a side on.
    case limit
  }

  /// The largest n m for which the exact law is computed.
  static let exactLimit = 1_600

  /// Tests whether two samples come from one law: T = n m/N² Σ (F₁ − F₂)² over the pool.
  ///
  /// Ties get mid-ranks. Censored replicas enter as +∞, which is exact as long as both samples
  /// have one horizon. O(n log n); the exact law takes up to a second at its largest sizes.
  /// Throws `SampleError` for fewer than two values a side, NaN or −∞, and when `method` is
  /// exact with n m above 1600.
  /// Source: Anderson (1962), equations 9, 11, 14 and 15; the exact law by lattice paths, Xiao,
  /// Gordon and Yakovlev (2006).
  public static func twoSample(
    _ first: [Double], _ second: [Double], method: Method = .automatic
  ) throws -> TestResult {
    try SampleError.requireTimes(first, atLeast: 2)
    try SampleError.requireTimes(second, atLeast: 2)
    let (n, m) = (first.count, second.count)
    try SampleError.require(
      method != .exact || n * m <= exactLimit,
      "\(n) and \(m) values, expected a product of at most \(exactLimit) for the exact law")
    let rankSum = rankSum(PooledSample(first, second))
    let (product, size) = (Double(n) * Double(m), Double(n + m))
    let statistic = rankSum / (product * size) - (4 * product - 1) / (6 * size)
    if method == .exact || (method == .automatic && max(n, m) <= 20) {
      return TestResult(statistic: statistic, pValue: exactTail(rankSum: rankSum, n, m))
    }
    let mean = (1 + 1 / size) / 6
    let squares = Double(n) * Double(n) + Double(m) * Double(m)
    let bracket = 4 * product * size - 3 * squares - 2 * product
    let variance = (size + 1) * bracket / (45 * size * size * 4 * product)
    let matched = 1 / 6 + (statistic - mean) / (45 * variance).squareRoot()
    return TestResult(
      statistic: statistic, pValue: try QuadraticFormTail.cramerVonMises(matched))
  }

  /// U = n Σ (r_i − i)² + m Σ (s_j − j)², of the mid-ranks r and s in the pool.
  private static func rankSum(_ pooled: PooledSample) -> Double {
    var (firsts, seconds) = (0.0, 0.0)
    var (i, j, start) = (0, 0, 0)
    for end in pooled.ends {
      let rank = Double(start + 1 + end) / 2
      for index in start..<end {
        if pooled.isFirst[index] {
          i += 1
          firsts += (rank - Double(i)) * (rank - Double(i))
        } else {
          j += 1
          seconds += (rank - Double(j)) * (rank - Double(j))
        }
      }
      start = end
    }
    return Double(pooled.firstCount) * firsts + Double(pooled.secondCount) * seconds
  }

  /// P(U ≥ rankSum) over all orders of n and m values.
  ///
  /// A path over the lattice (i, j) collects c = Σ (L i/n − L j/m)², L the least common multiple,
  /// of which U is a linear function. Each point holds the law of c below the observed value,
  /// given that the path passes; what reaches the value leaves for good.
  private static func exactTail(rankSum: Double, _ n: Int, _ m: Int) -> Double {
    let multiple = n / greatestCommonDivisor(n, m) * m
    let product = n * m
    // 4 U is whole; with ties the threshold is rounded down, as SciPy does.
    let fourfold = Int((4 * rankSum).rounded())
    let scaled = multiple * multiple * (n + m) * (6 * fourfold - 4 * product * (4 * product - 1))
    let threshold = Int((Double(scaled) / Double(24 * product * product) + 1e-9).rounded(.down))
    guard threshold > 0 else { return 1 }
    var row = [Law](repeating: Law(), count: m + 1)
    for i in 0...n {
      for j in 0...m {
        let distance = multiple / n * i - multiple / m * j
        if i + j == 0 {
          row[0] = Law(values: [0], weights: [1], reached: 0)
          continue
        }
        // A path through (i, j) came from (i − 1, j) with probability i/(i + j).
        let share = Double(i) / Double(i + j)
        row[j] = Law(
          mixing: row[j], i > 0 ? share : 0, j > 0 ? row[j - 1] : Law(), 1 - share,
          shift: distance * distance, threshold: threshold)
      }
    }
    return min(row[m].reached, 1)
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }

  /// Holds a law on whole numbers below a threshold, and the weight that has reached it.
  fileprivate struct Law {
    var values: [Int] = []
    var weights: [Double] = []
    var reached = 0.0
  }
}

extension CramerVonMises.Law {
  fileprivate init(
    mixing first: Self, _ firstShare: Double, _ second: Self, _ secondShare: Double,
    shift: Int, threshold: Int
  ) {
    self.init()
    if firstShare > 0 { reached += firstShare * first.reached }
    if secondShare > 0 { reached += secondShare * second.reached }
    values.reserveCapacity(first.values.count + second.values.count)
    weights.reserveCapacity(first.values.count + second.values.count)
    let firstEnd = firstShare > 0 ? first.values.count : 0
    let secondEnd = secondShare > 0 ? second.values.count : 0
    var (i, j) = (0, 0)
    while i < firstEnd || j < secondEnd {
      let left = i < firstEnd ? first.values[i] : .max
      let right = j < secondEnd ? second.values[j] : .max
      let value = min(left, right)
      var weight = 0.0
      if left == value {
        weight += firstShare * first.weights[i]
        i += 1
      }
      if right == value {
        weight += secondShare * second.weights[j]
        j += 1
      }
      if value + shift >= threshold {
        reached += weight
      } else {
        values.append(value + shift)
        weights.append(weight)
      }
    }
  }
}
