/// Adjusts p-values for the number of tests that they come from.
public enum AdjustedPValues {
  /// Returns p-values that may be compared with a level α each, and then give one or more
  /// false alarms with probability at most α among all.
  ///
  /// In ascending order, the largest of (m − i + 1) p_i so far, at most 1; valid under any
  /// dependence. Cost: O(m log m). Throws `StatisticsError` when a value is not in [0, 1].
  /// Source: Holm (1979).
  public static func holm(_ pValues: [Double]) throws -> [Double] {
    let order = try ascending(pValues)
    var adjusted = pValues
    var largest = 0.0
    for (rank, index) in order.enumerated() {
      largest = max(largest, min(Double(pValues.count - rank) * pValues[index], 1))
      adjusted[index] = largest
    }
    return adjusted
  }

  /// Returns p-values that may be compared with a level q each, and then have on average at
  /// most the fraction q of false alarms among the alarms.
  ///
  /// In descending order, the smallest of m p_i/i so far; valid when the tests are independent or
  /// positively dependent. Cost: O(m log m). Throws `StatisticsError` when a value is not in
  /// [0, 1]. Source: Benjamini and Hochberg (1995). Agrees with SciPy's
  /// `false_discovery_control`.
  public static func benjaminiHochberg(_ pValues: [Double]) throws -> [Double] {
    let order = try ascending(pValues)
    var adjusted = pValues
    var smallest = 1.0
    for (rank, index) in order.enumerated().reversed() {
      smallest = min(smallest, Double(pValues.count) * pValues[index] / Double(rank + 1))
      adjusted[index] = smallest
    }
    return adjusted
  }

  private static func ascending(_ pValues: [Double]) throws -> [Int] {
    for value in pValues {
      try require((0...1).contains(value), "a p-value", value, "a number in [0, 1]")
    }
    return pValues.indices.sorted { pValues[$0] < pValues[$1] }
  }
}
