import GSL

/// Tests for a difference of two laws by the largest distance between their distribution
/// functions.
public enum KolmogorovSmirnov {
  /// Says how the p-value of two samples is computed.
  public enum Method: Sendable, Hashable {
    /// Takes `exact` when both samples have at most 10 000 values, else `asymptotic`.
    case automatic
    /// Counts the orders of two samples without ties; with ties the p-value is an upper bound.
    case exact
    /// Takes the law of one sample of n₁n₂/(n₁ + n₂) values, rounded.
    case asymptotic
  }

  /// Tests whether `first` and `second` were drawn from one law.
  ///
  /// Statistic: D = max_t |F₁(t) − F₂(t)| over the two empirical distribution functions, ties
  /// included. Censored samples are compared up to their earliest censored time, which
  /// makes the test conservative; so do pairs that rise and fall together, as the p-value
  /// takes the samples as independent.
  ///
  /// Cost: O(n log n), and for `exact` with unequal sizes the number of lattice points in the
  /// band, at most n₁n₂. Accuracy of the exact p-value: about 1e-12.
  /// Source: Hodges (1958); Viehmann, "Numerically more stable computation of the p-values for
  /// the two-sample Kolmogorov–Smirnov test" (2021). Agrees with SciPy's `ks_2samp`.
  public static func test(
    _ first: ExitSample, _ second: ExitSample, method: Method = .automatic
  ) throws -> TestResult {
    let (times, others, _) = try ExitSample.comparableTimes(first, second)
    let (x, y) = (times.sorted(), others.sorted())
    let gap = largestGap(x, y)
    let isTied = hasTies(x, y)
    let distance = Double(gap) / (Double(x.count) * Double(y.count))
    let isExact =
      switch method {
      case .automatic: max(x.count, y.count) <= 10_000
      case .exact: true
      case .asymptotic: false
      }
    if isExact {
      let pValue =
        x.count == y.count
        ? reachesProbability(squareOf: x.count, difference: gap / x.count)
        : reachesProbability(x.count, y.count, gap: gap)
      return TestResult(
        statistic: distance, pValue: pValue, kind: isTied ? .upperBound : .exact)
    }
    let (m, n) = (Double(x.count), Double(y.count))
    let effective = max((m * n / (m + n)).rounded(.toNearestOrEven), 1)
    let pValue = try KolmogorovDistribution.survival(distance, count: Int(effective))
    return TestResult(
      statistic: distance, pValue: pValue, kind: isTied ? .upperBound : .asymptotic)
  }

  /// Tests as `test` by relabelling replicas with their censoring: `order` holds Kaplan–Meier curves.
  static func test(_ curves: CensoredOrder, _ relabelled: CurveTest) throws -> TestResult {
    func largest(_ gaps: [Double]) -> Double { gaps.reduce(0) { max($0, abs($1)) } }
    return try relabelled.pValue(curves, largest).result(largest(curves.gaps))
  }

  /// Tests whether `sample` was drawn from the law with distribution function `cumulative`.
  ///
  /// Statistic: D = sup_t |F(t) − `cumulative`(t)|, up to the earliest censored time if there
  /// is one (the test is then conservative). `cumulative` must be continuous and ascend; its
  /// parameters must not have been fitted to `sample`.
  ///
  /// Cost: O(n log n) and n calls. Throws `StatisticsError` when `cumulative` leaves [0, 1];
  /// rethrows what it throws. Source: Simard and L'Ecuyer (2011). Agrees with SciPy's
  /// `ks_1samp`.
  public static func test(
    _ sample: ExitSample, against cumulative: (Double) throws -> Double
  ) throws -> TestResult {
    let n = Double(sample.count)
    let horizon = sample.earliestCensoring
    // An exit at the horizon itself changes nothing before it.
    let seen = horizon.map { end in sample.times.filter { $0 < end } } ?? sample.times
    func checked(_ time: Double) throws -> Double {
      let value = try cumulative(time)
      try require((0...1).contains(value), "cumulative(\(time))", value, "a number in [0, 1]")
      return value
    }
    var distance = 0.0
    for (index, time) in seen.sorted().enumerated() {
      let expected = try checked(time)
      distance = max(distance, Double(index + 1) / n - expected, expected - Double(index) / n)
    }
    if let horizon {
      distance = max(distance, try checked(horizon) - Double(seen.count) / n)
    }
    let pValue = try KolmogorovDistribution.survival(distance, count: sample.count)
    return TestResult(
      statistic: distance, pValue: pValue, kind: horizon == nil ? .exact : .upperBound)
  }

  /// Tells whether any two values of two ascending samples are equal.
  private static func hasTies(_ first: [Double], _ second: [Double]) -> Bool {
    var (i, j, last) = (0, 0, -Double.infinity)
    while i < first.count || j < second.count {
      let isFirst = j == second.count || (i < first.count && first[i] <= second[j])
      let value = isFirst ? first[i] : second[j]
      if value == last { return true }
      last = value
      if isFirst { i += 1 } else { j += 1 }
    }
    return false
  }

  /// Returns n₁n₂ times the largest distance, an integer, of two ascending samples.
  static func largestGap(_ first: [Double], _ second: [Double]) -> Int {
    var (i, j, gap) = (0, 0, 0)
    while i < first.count, j < second.count {
      let value = min(first[i], second[j])
      while i < first.count, first[i] == value { i += 1 }
      while j < second.count, second[j] == value { j += 1 }
      gap = max(gap, abs(i * second.count - j * first.count))
    }
    return gap
  }

  /// Returns the probability that the counts of two samples of n = `size` differ by
  /// `difference` somewhere along a random order.
  ///
  /// 2 Σ_k (−1)^(k−1) C(2n, n − kh) / C(2n, n), nested as products so that nothing cancels.
  private static func reachesProbability(squareOf size: Int, difference: Int) -> Double {
    if difference == 0 { return 1 }
    var probability = 0.0
    for k in stride(from: size / difference, through: 0, by: -1) {
      var ratio = 1.0
      for j in 0..<difference {
        ratio *= Double(size - k * difference - j) / Double(size + k * difference + j + 1)
      }
      probability = ratio * (1 - probability)
    }
    return min(2 * probability, 1)
  }

  /// Returns the probability that a random lattice path from (0, 0) to (m, n) meets a point
  /// (i, j) with |i n − j m| ≥ `gap`.
  ///
  /// a(i, j), the probability given that the path passes (i, j), is 1 at such points and else
  /// the mean of its two predecessors with weights i and j.
  private static func reachesProbability(_ first: Int, _ second: Int, gap: Int) -> Double {
    if gap == 0 { return 1 }
    let (m, n) = (max(first, second), min(first, second))
    var column = Array(repeating: 1.0, count: n + 1)
    for j in 0...n where j * m < gap { column[j] = 0 }
    return column.withUnsafeMutableBufferPointer { column in
      for i in 1...m {
        let lower = i * n < gap ? 0 : (i * n - gap) / m + 1
        let upper = min((i * n + gap - 1) / m, n)
        guard lower <= upper else { return 1 }
        var value = lower == 0 ? 0.0 : 1.0
        let x = Double(i)
        for j in lower...upper {
          let y = Double(j)
          value = (column[j] * x + value * y) / (x + y)
          column[j] = value
        }
      }
      return min(column[n], 1)
    }
  }
}
