import GSL

/// Measures and tests the energy distance of two laws.
public enum EnergyDistance {
  /// Returns √(2 ∫ (F₁ − F₂)² dt) of two samples, up to the time up to which both laws are known; where
  /// replicas are censored before, of the Kaplan–Meier curves.
  ///
  /// Its square is 2E|X − Y| − E|X − X′| − E|Y − Y′|. Cost: O(n log n). Source: Székely and
  /// Rizzo (2013). Agrees with SciPy's `energy_distance`.
  public static func distance(_ first: ExitSample, _ second: ExitSample) throws -> Double {
    let end = ExitSample.commonEnd(first, second)
    guard !first.isCensored(before: end), !second.isCensored(before: end) else {
      let curves = CensoredOrder(first, second, end: end)
      return (2 * curves.integral(curves.gaps) { $0 * $0 }).squareRoot()
    }
    let (x, y, _) = try ExitSample.comparableTimes(first, second)
    return distance(PooledOrder(x, y))
  }

  /// Tests whether `first` and `second` were drawn from one law, by permutation.
  ///
  /// Statistic: the distance up to the earliest censored time. The p-value is exact over all relabelings if these are at most
  /// `permutations` + 1, else over `permutations` drawn from `stream`; with `pairing` by start
  /// they exchange the members of a pair. Cost: O(n log n + `permutations` n). Throws
  /// `StatisticsError` when `permutations` < 1 or pairs do not match.
  public static func test(
    _ first: ExitSample, _ second: ExitSample, pairing: Pairing = .independent,
    permutations: Int = 999, stream: RandomStream
  ) throws -> TestResult {
    let (x, y, _) = try ExitSample.comparableTimes(first, second)
    let order = PooledOrder(x, y)
    return try Permutation.pValue(
      order, pairing: pairing, count: permutations, stream: stream
    ) { order.integratedGap($0, squared: true) }.result(distance(order))
  }

  /// Tests as `test` by relabelling replicas with their censoring: `order` holds Kaplan–Meier curves.
  static func test(_ curves: CensoredOrder, _ relabelled: CurveTest) throws -> TestResult {
    func square(_ gaps: [Double]) -> Double { curves.integral(gaps) { $0 * $0 } }
    return try relabelled.pValue(curves, square).result((2 * square(curves.gaps)).squareRoot())
  }

  private static func distance(_ order: PooledOrder) -> Double {
    let square = order.labels.withUnsafeBufferPointer { order.integratedGap($0, squared: true) }
    return (2 * square).squareRoot()
  }
}
