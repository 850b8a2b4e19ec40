import Foundation

/// Compares two samples, or a sample and a law, by the largest distance of distribution functions.
public enum KolmogorovSmirnov {
  /// How the p-value is found.
  public enum Method: Sendable {
    /// Exact where n₁n₂ ≤ 10⁷, the limit elsewhere.
    case automatic
    /// The exact permutation law, O(n₁n₂) time; conservative when values are tied.
    case exact
    /// Kolmogorov's limit, good to a few per cent of the p-value from n₁n₂/(n₁ + n₂) of 100 on.
    case limit
  }

  /// Tests whether two samples come from one law: D = sup |F₁ − F₂|, two-sided.
  ///
  /// Ties are handled: distribution functions are compared after all equal values. Censored
  /// replicas enter as +∞, which is exact as long as both samples have one horizon.
  /// O(n log n) for the statistic. Throws `SampleError` for an empty sample, NaN or −∞.
  /// Source: Smirnov (1939); exact law by counting lattice paths, Hodges (1958).
  public static func twoSample(
    _ first: [Double], _ second: [Double], method: Method = .automatic
  ) throws(SampleError) -> TestResult {
    try SampleError.requireTimes(first)
    try SampleError.requireTimes(second)
    let (x, y) = (first.sorted(), second.sorted())
    let (n, m) = (x.count, y.count)
    var (i, j) = (0, 0)
    // |i m − j n| in whole numbers, so that equal distances compare equal.
    var largest = 0
    while i < n && j < m {
      let value = min(x[i], y[j])
      while i < n && x[i] <= value { i += 1 }
      while j < m && y[j] <= value { j += 1 }
      largest = max(largest, abs(i * m - j * n))
    }
    let statistic = Double(largest) / (Double(n) * Double(m))
    let isExact = method == .exact || (method == .automatic && n * m <= 10_000_000)
    let pValue =
      isExact
      ? exactTail(distance: largest, n, m)
      : limitTail(statistic * (Double(n) * Double(m) / Double(n + m)).squareRoot())
    return TestResult(statistic: statistic, pValue: pValue)
  }

  /// Tests whether a sample comes from the law with the given distribution function.
  ///
  /// The p-value is Kolmogorov's limit with Stephens' correction (1970), relative error below 1%
  /// from n = 50 on. O(n log n). Throws `SampleError` for an empty sample, NaN or −∞, and where
  /// `cumulative` leaves [0, 1].
  public static func oneSample(
    _ values: [Double], cumulative: (Double) -> Double
  ) throws(SampleError) -> TestResult {
    try SampleError.requireTimes(values)
    let n = Double(values.count)
    var statistic = 0.0
    for (index, value) in values.sorted().enumerated() {
      let probability = cumulative(value)
      try SampleError.require(
        probability >= 0 && probability <= 1,
        "the distribution function is \(probability) at \(value), expected a value in [0, 1]")
      let below = probability - Double(index) / n
      let above = Double(index + 1) / n - probability
      statistic = max(statistic, max(below, above))
    }
    let root = n.squareRoot()
    return TestResult(
      statistic: statistic, pValue: limitTail(statistic * (root + 0.12 + 0.11 / root)))
  }

  /// P(K ≥ x) = 2 Σ_k (−1)^{k−1} exp(−2k²x²), Kolmogorov's limit.
  static func limitTail(_ x: Double) -> Double {
    guard x > 0.2 else { return 1 }
    var (sum, sign) = (0.0, 1.0)
    for k in 1...100 {
      let term = exp(-2 * Double(k * k) * x * x)
      sum += sign * term
      if term < 1e-17 * sum { break }
      sign = -sign
    }
    return min(max(2 * sum, 0), 1)
  }

  /// P(max |i m − j n| ≥ distance) over all orders of n and m values.
  ///
  /// A recursion over lattice points carries the probability that the path has touched the
  /// forbidden region, which keeps small p-values to full relative accuracy.
  private static func exactTail(distance: Int, _ n: Int, _ m: Int) -> Double {
    guard distance > 0 else { return 1 }
    // touched[j]: probability of having touched, given that the path passes (i, j).
    var touched = [Double](repeating: 0, count: m + 1)
    for i in 0...n {
      for j in 0...m {
        if abs(i * m - j * n) >= distance {
          touched[j] = 1
        } else if i + j == 0 {
          touched[j] = 0
        } else {
          // A path through (i, j) came from (i − 1, j) with probability i/(i + j).
          let fromFirst = i > 0 ? touched[j] * Double(i) : 0
          let fromSecond = j > 0 ? touched[j - 1] * Double(j) : 0
          touched[j] = (fromFirst + fromSecond) / Double(i + j)
        }
      }
    }
    return min(touched[m], 1)
  }
}
