import GSL

/// Tests for a difference of two laws by the integrated square of the distance of their
/// distribution functions.
public enum CramerVonMises {
  /// Says how the p-value is computed.
  public enum Method {
    /// Takes `exact` when both samples have at most 20 values and none are tied, else `asymptotic`.
    case automatic
    /// Counts the orders of two samples without ties; with ties it is too large.
    case exact
    /// Takes the limit law at the standardised statistic, given which values are tied.
    case asymptotic
    /// Relabels the values as Anderson–Darling's does: valid however few of them are exits.
    case permutation(pairing: Pairing, count: Int, stream: RandomStream)
  }

  /// Tests whether `first` and `second` were drawn from one law.
  ///
  /// Statistic: T = nm/N² Σ (F₁ − F₂)² over the N = n + m pooled values. Without ties it is computed
  /// in integers: no digits cancel.
  ///
  /// Censored samples are compared up to their earliest censored time, beyond which all tie: T is
  /// then the integral up to there (Pettitt and Stephens, 1976). With ties the limit law is that of
  /// Σ μ_k χ²_k, μ_k the eigenvalues of √(h_k h_l) (min(u_k, u_l) − u_k u_l), where the distinct
  /// value k holds the share h_k of all values and u_k lies at or below it; values that hold less
  /// than a hundredth are taken together. It is good to about 0.01 from ten exits a side on; with fewer
  /// take `permutation`. The other p-values take the samples as independent: for pairs that rise and fall
  /// together they are too large.
  ///
  /// Cost: O(n log n); `exact` grows like the number of distinct values of T, some
  /// hundredths of a second at 20 values a side; ties cost up to 0.03 s. Throws `StatisticsError` when a sample has fewer than two values, or more
  /// than 2⁵³ orders are to be counted exactly. Source: Anderson (1962); Xiao, Gordon and
  /// Yakovlev (2006) for the exact law. Agrees with SciPy's `cramervonmises_2samp` where no values are tied;
  /// with ties SciPy's mid-ranks add the spread of the ranks within each tie to T.
  public static func test(
    _ first: ExitSample, _ second: ExitSample, method: Method = .automatic
  ) throws -> TestResult {
    let (x, y, _) = try ExitSample.comparableTimes(first, second)
    for count in [x.count, y.count] where count < 2 {
      throw StatisticsError.tooFewValues(count: count, needed: 2)
    }
    let order = PooledOrder(x, y)
    let isTied = order.blockEnds.count < order.count
    let (n, m) = (Double(x.count), Double(y.count))
    let total = n + m
    let squares = squaredGaps(order)
    // Without ties N divides 24 times their sum.
    let numerator = 24 * squares / Int128(order.count)
    let statistic =
      isTied
      ? Double(squares) / (n * m * total * total) : Double(numerator) / (24 * n * m * total)
    let isExact: Bool
    switch method {
    case .automatic: isExact = !isTied && max(x.count, y.count) <= 20
    case .exact: isExact = true
    case .asymptotic: isExact = false
    case .permutation(let pairing, let count, let stream):
      return try Permutation.pValue(order, pairing: pairing, count: count, stream: stream) {
        squaredGaps(order, $0)
      }.result(statistic)
    }
    if isExact {
      let pValue = try reachesProbability(x.count, y.count, numerator: numerator)
      return TestResult(
        statistic: statistic, pValue: pValue, kind: isTied ? .upperBound : .exact)
    }
    if isTied {
      // Brings the mean to that of the limit.
      let standardised = statistic * (total - 1) / total
      return TestResult(
        statistic: statistic,
        pValue: try QuadraticLaw.survival(standardised, eigenvalues: tiedEigenvalues(order)),
        kind: .asymptotic)
    }
    // Mean and variance of T are brought to those of the limit, 1/6 and 1/45.
    let mean = (1 + 1 / total) / 6
    let spread = 4 * n * m * total - 3 * (n * n + m * m) - 2 * n * m
    let relativeVariance = (total + 1) * spread / (4 * n * m * total * total)
    let standardised = 1 / 6.0 + (statistic - mean) / relativeVariance.squareRoot()
    return TestResult(
      statistic: statistic, pValue: try QuadraticLaw.cramerVonMisesSurvival(standardised),
      kind: .asymptotic)
  }

  /// Tests as `test` by relabelling replicas with their censoring: `order` holds Kaplan–Meier curves.
  static func test(_ curves: CensoredOrder, _ relabelled: CurveTest) throws -> TestResult {
    for count in [curves.order.firstCount, curves.order.secondCount] where count < 2 {
      throw StatisticsError.tooFewValues(count: count, needed: 2)
    }
    return try relabelled.pValue(curves, curves.squares).result(curves.squares(curves.gaps))
  }

  /// Returns Σ (m L − n M)² over all values for the sample that `labels` makes, as a Double.
  private static func squaredGaps(
    _ order: PooledOrder, _ labels: UnsafeBufferPointer<UInt8>
  ) -> Double {
    var (start, firsts) = (0, 0)
    var sum = 0.0
    for end in order.blockEnds {
      for place in start..<end { firsts += Int(labels[place]) }
      let gap = Double(order.secondCount * firsts - order.firstCount * (end - firsts))
      sum += Double(end - start) * gap * gap
      start = end
    }
    return sum
  }

  /// Returns nmN² T: Σ (m L − n M)² over all values, with L and M the numbers of either sample up
  /// to the value and all that tie with it.
  private static func squaredGaps(_ order: PooledOrder) -> Int128 {
    var (start, firsts) = (0, 0)
    var sum = Int128(0)
    for end in order.blockEnds {
      for place in start..<end where order.origins[place] < order.firstCount { firsts += 1 }
      let gap = Int128(order.secondCount * firsts - order.firstCount * (end - firsts))
      sum += Int128(end - start) * gap * gap
      start = end
    }
    return sum
  }

  /// Returns the eigenvalues of the limit of T given the ties, in descending order.
  private static func tiedEigenvalues(_ order: PooledOrder) throws -> [Double] {
    let total = Double(order.count)
    // The distribution function after the last value is 1 in both samples and adds nothing.
    var shares = [Double](), levels = [Double]()
    var start = 0
    for end in order.blockEnds.dropLast() {
      let (share, level) = (Double(end - start) / total, Double(end) / total)
      if let last = shares.last, last + share <= 0.01 {
        let place = shares.count - 1
        levels[place] = (last * levels[place] + share * level) / (last + share)
        shares[place] += share
      } else {
        shares.append(share)
        levels.append(level)
      }
      start = end
    }
    guard !shares.isEmpty else { return [] }
    let solver = try SymmetricEigensolver(size: shares.count)
    for row in shares.indices {
      for column in 0...row {
        let covariance = levels[column] * (1 - levels[row])
        solver.matrix[row * shares.count + column] =
          (shares[row] * shares[column]).squareRoot() * covariance
      }
    }
    try solver.diagonalise()
    let values = (0..<shares.count).map { solver.values[$0] }.sorted(by: >)
    // What rounding makes of the smallest ones would count as a pole.
    return values.filter { $0 > 1e-12 * values[0] }
  }

  /// Returns the probability that T reaches its value over all orders of the two samples.
  ///
  /// An order is a lattice path; with L the least common multiple of n and m, the integer
  /// Σ (L u/n − L v/m)² over its points is L²N²/(nm) T. For each point the values of the paths
  /// up to it are kept with their numbers, as long as they lie below the observed value.
  private static func reachesProbability(
    _ n: Int, _ m: Int, numerator: Int128
  ) throws -> Double {
    var orders = 1.0
    for k in 1...n { orders = (orders * Double(m + k) / Double(k)).rounded() }
    try require(
      orders <= 0x1p53, "the number of orders of the samples", orders, "at most 2^53")
    var (divisor, remainder) = (n, m)
    while remainder != 0 { (divisor, remainder) = (remainder, divisor % remainder) }
    let (stepN, stepM) = (m / divisor, n / divisor)
    let multiple = Int128(stepN * n)
    let product = Int128(n * m)
    let threshold = Int(numerator * multiple * multiple * Int128(n + m) / (24 * product * product))

    var rows = [[Entry]](repeating: [], count: m + 1)
    for u in 0...n {
      for v in 0...m {
        let gap = stepN * u - stepM * v
        let incoming =
          u == 0 && v == 0
          ? [Entry(value: 0, paths: 1)] : merged(rows[v], v > 0 ? rows[v - 1] : [])
        rows[v] = incoming.compactMap { entry in
          let value = entry.value + gap * gap
          return value < threshold ? Entry(value: value, paths: entry.paths) : nil
        }
      }
    }
    let below = rows[m].reduce(0) { $0 + $1.paths }
    return (orders - below) / orders
  }

  /// Counts the paths to a point whose sum of squares is `value`.
  private struct Entry {
    var value: Int
    var paths: Double
  }

  private static func merged(_ left: [Entry], _ right: [Entry]) -> [Entry] {
    var result = [Entry]()
    result.reserveCapacity(left.count + right.count)
    var (i, j) = (0, 0)
    while i < left.count || j < right.count {
      if j == right.count || (i < left.count && left[i].value < right[j].value) {
        result.append(left[i])
        i += 1
      } else if i == left.count || right[j].value < left[i].value {
        result.append(right[j])
        j += 1
      } else {
        result.append(Entry(value: left[i].value, paths: left[i].paths + right[j].paths))
        i += 1
        j += 1
      }
    }
    return result
  }
}
