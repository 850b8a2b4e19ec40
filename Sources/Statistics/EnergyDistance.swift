import GSL

/// Measures and tests the energy distance of two laws.
public enum EnergyDistance {
  /// Returns √(2 ∫ (F₁ − F₂)² dt) of two samples, restricted to the earliest censored time.
  ///
  /// Its square is 2E|X − Y| − E|X − X′| − E|Y − Y′|. Cost: O(n log n). Source: Székely and
  /// Rizzo (2013). Agrees with SciPy's `energy_distance`.
  public static func distance(_ first: ExitSample, _ second: ExitSample) throws -> Double {
    let (x, y, _) = try ExitSample.comparableTimes(first, second)
    return distance(PooledOrder(x, y))
  }

  /// Tests whether `first` and `second` were drawn from one law, by permutation.
  ///
  /// Statistic: `distance`. The p-value is exact over all relabelings if these are at most
  /// `permutations` + 1, else over `permutations` drawn from `stream`; with `pairing` by start
  /// they exchange the members of a pair. Cost: O(n log n + `permutations` n). Throws
  /// `StatisticsError` when `permutations` < 1 or pairs do not match.
  public static func test(
    _ first: ExitSample, _ second: ExitSample, pairing: Pairing = .independent,
    permutations: Int = 999, stream: RandomStream
  ) throws -> TestResult {
    let (x, y, _) = try ExitSample.comparableTimes(first, second)
    let order = PooledOrder(x, y)
    let pValue = try Permutation.pValue(
      order, pairing: pairing, count: permutations, stream: stream
    ) { order.integratedGap($0, squared: true) }
    return TestResult(statistic: distance(order), pValue: pValue)
  }

  private static func distance(_ order: PooledOrder) -> Double {
    let square = order.labels.withUnsafeBufferPointer { order.integratedGap($0, squared: true) }
    return (2 * square).squareRoot()
  }
}
