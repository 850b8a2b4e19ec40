import GSL

/// Compares two samples by the energy distance of Székely and Rizzo (2004).
public enum EnergyDistance {
  /// Tests whether two samples come from one law: E = √(2 ∫ (F₁ − F₂)² dx).
  ///
  /// The square of E is 2 E|X − Y| − E|X − X′| − E|Y − Y′|. It has the unit of √x: large values
  /// weigh more than in tests on ranks. The p-value is that of exchanged labels: exact when all
  /// splits of the pool are at most `permutations`, and valid with a standard error
  /// √(p(1 − p)/permutations) otherwise; a function of the samples and the `stream`.
  /// O(n log n + n permutations).
  /// Throws `SampleError` for an empty sample, values that are not finite (give the censored
  /// their horizon), and unless `permutations` is positive.
  public static func twoSample(
    _ first: [Double], _ second: [Double], permutations: Int, stream: RandomStream
  ) throws(SampleError) -> TestResult {
    try SampleError.requireFinite(first)
    try SampleError.requireFinite(second)
    let pooled = PooledSample(first, second)
    let gaps = zip(pooled.values.dropFirst(), pooled.values).map(-)
    let (n, m) = (Double(pooled.firstCount), Double(pooled.secondCount))
    func squaredDistance(_ isFirst: [Bool]) -> Double {
      var (sum, difference) = (0.0, 0.0)
      var (firsts, seconds) = (0, 0)
      for index in gaps.indices {
        if isFirst[index] { firsts += 1 } else { seconds += 1 }
        difference = Double(firsts) / n - Double(seconds) / m
        sum += difference * difference * gaps[index]
      }
      return sum
    }
    let observed = squaredDistance(pooled.isFirst)
    let pValue = try Permutation.pValue(
      pooled, observed: observed, permutations: permutations, stream: stream,
      statistic: squaredDistance)
    return TestResult(statistic: (2 * observed).squareRoot(), pValue: pValue)
  }
}
