import Foundation
import GSL

/// Tests for a difference of two laws by the distance of their distribution functions,
/// weighted to count the tails.
public enum AndersonDarling {
  /// Says how the p-value is computed.
  public enum Method {
    /// Relabels the values: exact over all ways if these are at most `count` + 1, else over
    /// `count` drawn from `stream`. Valid with ties; costs O(`count` n).
    case permutation(count: Int, stream: RandomStream)
    /// Takes the limit law without ties at the standardised statistic; to about 0.01 from ten
    /// values a side on. Too small where one tie holds much of the sample, as when many replicas
    /// are censored.
    case asymptotic
    /// Interpolates the table of Scholz and Stephens as SciPy does; never leaves
    /// [0.001, 0.25].
    case interpolated
  }

  /// Tests whether `first` and `second` were drawn from one law.
  ///
  /// Statistic: (A² − 1)/σ_N, where A² is the two-sample statistic with mid-ranks,
  /// (N − 1)/N Σ_i 1/n_i Σ_j l_j/N (N M_ij − n_i B_j)²/(B_j (N − B_j) − N l_j/4), over the
  /// distinct values z_j with multiplicity l_j; B_j and M_ij count the values below z_j plus
  /// half of those at it, in both samples and in sample i. σ_N is its standard deviation
  /// without ties. Large values tell of a difference.
  ///
  /// Censored samples are compared up to their earliest censored time. With `pairing` by
  /// start the permutations exchange the members of a pair; the other methods take the
  /// samples as independent and are conservative when pairs rise and fall together.
  ///
  /// Cost: O(n log n) and the method's. Throws `StatisticsError` when there are fewer than four
  /// values, all values are equal, or a parameter is out of range. Source: Scholz and
  /// Stephens (1987), equation 7. Agrees with SciPy's `anderson_ksamp`.
  public static func test(
    _ first: ExitSample, _ second: ExitSample, pairing: Pairing = .independent, method: Method
  ) throws -> TestResult {
    let (x, y, _) = try ExitSample.comparableTimes(first, second)
    try pairing.check(x.count, y.count)
    guard x.count + y.count >= 4 else {
      throw StatisticsError.tooFewValues(count: x.count + y.count, needed: 4)
    }
    let order = PooledOrder(x, y)
    guard order.blockEnds.count > 1 else { throw StatisticsError.allValuesEqual }
    let weights = blockWeights(order)
    let raw = order.labels.withUnsafeBufferPointer { squaredDistance($0, order, weights) }
    let spread = standardDeviation(x.count, y.count)
    let statistic = (raw - 1) / spread
    switch method {
    case .permutation(let count, let stream):
      return try Permutation.pValue(order, pairing: pairing, count: count, stream: stream) {
        squaredDistance($0, order, weights)
      }.result(statistic)
    case .asymptotic:
      let pValue = try QuadraticLaw.andersonDarlingSurvival(1 + statistic * limitingDeviation)
      return TestResult(statistic: statistic, pValue: pValue, kind: .asymptotic)
    case .interpolated:
      return TestResult(
        statistic: statistic, pValue: try interpolated(statistic), kind: .asymptotic)
    }
  }

  /// Tests as `test` by relabelling replicas with their censoring: `order` holds Kaplan–Meier curves.
  static func test(_ curves: CensoredOrder, _ relabelled: CurveTest) throws -> TestResult {
    let order = curves.order
    guard order.count >= 4 else {
      throw StatisticsError.tooFewValues(count: order.count, needed: 4)
    }
    guard order.blockEnds.count > 1 else { throw StatisticsError.allValuesEqual }
    let statistic =
      (curves.weightedSquares(curves.gaps) - 1)
      / standardDeviation(order.firstCount, order.secondCount)
    return try relabelled.pValue(curves) { curves.weightedSquares($0) }.result(statistic)
  }

  /// Is √(Σ_j 2/(j(j + 1))²), the standard deviation of the limit law.
  private static let limitingDeviation = (2 * (Double.pi * Double.pi - 9) / 3).squareRoot()

  /// Returns the factor of (N M_j − n B_j)² for each distinct value; it is the same for both
  /// samples.
  private static func blockWeights(_ order: PooledOrder) -> [Double] {
    let total = Double(order.count)
    let sides = 1 / Double(order.firstCount) + 1 / Double(order.secondCount)
    let scale = (total - 1) / total * sides / total
    var start = 0
    return order.blockEnds.map { end in
      defer { start = end }
      let size = Double(end - start)
      let below = Double(start) + size / 2
      return scale * size / (below * (total - below) - total * size / 4)
    }
  }

  private static func squaredDistance(
    _ labels: UnsafeBufferPointer<UInt8>, _ order: PooledOrder, _ weights: [Double]
  ) -> Double {
    let (total, size) = (order.count, order.firstCount)
    var (first, start) = (0, 0)
    var sum = 0.0
    for (block, end) in order.blockEnds.enumerated() {
      let before = first
      for place in start..<end { first += Int(labels[place]) }
      // Twice the mid-counts are integers.
      let excess = Double(total * (before + first) - size * (start + end)) / 2
      sum += excess * excess * weights[block]
      start = end
    }
    return sum
  }

  /// Returns the standard deviation of A² for two samples without ties.
  ///
  /// Source: Scholz and Stephens (1987), equation 4 and the lines below, at k = 2.
  private static func standardDeviation(_ first: Int, _ second: Int) -> Double {
    let total = first + second
    let n = Double(total)
    let inverses = 1 / Double(first) + 1 / Double(second)
    var harmonic = 0.0
    var nested = 0.0
    for i in stride(from: total - 1, through: 2, by: -1) {
      harmonic += 1 / Double(i)
      nested += harmonic / Double(total - i + 1)
    }
    harmonic += 1
    let (h, g) = (harmonic, nested)
    let a = (4 * g - 6) + (10 - 6 * g) * inverses
    let b = 4 * (2 * g - 4) + 16 * h + (2 * g - 14 * h - 4) * inverses - 8 * h + 4 * g - 6
    let c = 4 * (6 * h + 2 * g - 2) + 2 * (4 * h - 4 * g + 6) + (2 * h - 6) * inverses + 4 * h
    let d = 4 * (2 * h + 6) - 8 * h
    let polynomial = ((a * n + b) * n + c) * n + d
    return (polynomial / ((n - 1) * (n - 2) * (n - 3))).squareRoot()
  }

  /// Returns exp of the parabola fitted to log p against the critical values at k = 2.
  private static func interpolated(_ statistic: Double) throws -> Double {
    if statistic < criticalValues[0] { return significances[0] }
    if statistic > criticalValues[6] { return significances[6] }
    // Least squares by the normal equations, centred to keep them well conditioned.
    let centre = try mean(of: criticalValues)
    var normal = Matrix(rows: 3, columns: 3, repeating: 0)
    var right = [0.0, 0, 0]
    for (critical, significance) in zip(criticalValues, significances) {
      let powers = [1, critical - centre, (critical - centre) * (critical - centre)]
      for i in 0..<3 {
        for j in 0..<3 { normal[i, j] += powers[i] * powers[j] }
        right[i] += powers[i] * log(significance)
      }
    }
    let fit = try solve(normal, right)
    let offset = statistic - centre
    return exp(fit[0] + offset * (fit[1] + offset * fit[2]))
  }

  /// Holds b₀ + b₁ + b₂ of table 2 of Scholz and Stephens, in the order of `significances`.
  private static let criticalValues = [0.325, 1.226, 1.961, 2.718, 3.752, 4.592, 6.546]
  private static let significances = [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001]
}
