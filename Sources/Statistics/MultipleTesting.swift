/// Adjusts the p-values of several tests, to be compared with the level as they are.
public enum MultipleTesting {
  /// Controls the probability of any false rejection: p̃ of rank i is max_{j ≤ i} (n − j + 1) p_j.
  ///
  /// Valid for any dependence of the tests. O(n log n). Throws `SampleError` for a p-value out of
  /// [0, 1]. Source: Holm (1979).
  public static func holm(_ pValues: [Double]) throws(SampleError) -> [Double] {
    let order = try ascending(pValues)
    var adjusted = pValues
    var largest = 0.0
    for (rank, index) in order.enumerated() {
      largest = max(largest, min(1, Double(pValues.count - rank) * pValues[index]))
      adjusted[index] = largest
    }
    return adjusted
  }

  /// Controls the expected share of false rejections: p̃ of rank i is min_{j ≥ i} n p_j/j.
  ///
  /// Valid for tests that are independent or depend positively. O(n log n). Throws `SampleError`
  /// for a p-value out of [0, 1]. Source: Benjamini and Hochberg (1995).
  public static func benjaminiHochberg(_ pValues: [Double]) throws(SampleError) -> [Double] {
    let order = try ascending(pValues)
    var adjusted = pValues
    var least = 1.0
    for (rank, index) in order.enumerated().reversed() {
      least = min(least, Double(pValues.count) / Double(rank + 1) * pValues[index])
      adjusted[index] = least
    }
    return adjusted
  }

  private static func ascending(_ pValues: [Double]) throws(SampleError) -> [Int] {
    for (index, value) in pValues.enumerated() {
      try SampleError.require(
        value >= 0 && value <= 1, "p-value \(index) is \(value), expected one in [0, 1]")
    }
    return pValues.indices.sorted { pValues[$0] < pValues[$1] }
  }
}
