import Statistics
import Testing

/// Tells whether two numbers agree to `tolerance`, relative to the larger of them and 1e-3.
func agree(_ left: Double, _ right: Double, tolerance: Double = 1e-9) -> Bool {
  abs(left - right) <= tolerance * max(abs(left), abs(right), 1e-3)
}

func expectAgreement(
  _ result: TestResult, _ expected: TestResult, tolerance: Double = 1e-9,
  _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(
    agree(result.statistic, expected.statistic, tolerance: tolerance)
      && agree(result.pValue, expected.pValue, tolerance: tolerance),
    "\(result) against \(expected); \(comment ?? "")", sourceLocation: sourceLocation)
}
