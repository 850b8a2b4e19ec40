import Statistics
import Testing

@Suite struct AdjustedPValuesTests {
  @Test func agreeWithSciPy() throws {
    for item in Reference.shared.adjustments {
      let holm = try AdjustedPValues.holm(item.p_values)
      let rate = try AdjustedPValues.benjaminiHochberg(item.p_values)
      #expect(zip(holm, item.holm).allSatisfy { agree($0, $1, tolerance: 1e-13) })
      #expect(zip(rate, item.benjamini_hochberg).allSatisfy { agree($0, $1, tolerance: 1e-13) })
    }
  }

  @Test func edges() throws {
    #expect(try AdjustedPValues.holm([]) == [])
    #expect(try AdjustedPValues.benjaminiHochberg([]) == [])
    for bad in [-0.1, 1.1, .nan] {
      #expect(throws: StatisticsError.self) { try AdjustedPValues.holm([0.5, bad]) }
      #expect(throws: StatisticsError.self) { try AdjustedPValues.benjaminiHochberg([bad]) }
    }
  }
}
