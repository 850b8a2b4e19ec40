import Statistics
import Testing

@Suite struct EquivalencePValueTests {
  private func ratio(_ centre: Double) throws -> MeanRatio {
    func sample(_ centre: Double) throws -> ExitSample {
      try ExitSample((0..<40).map { centre + 0.1 * Double($0 % 7 - 3) })
    }
    return try .unpaired(sample(centre), sample(5))
  }

  /// A p-value is the smallest significance at which the verdict is reached.
  @Test(arguments: [4.4, 4.7, 4.74, 4.8, 4.97, 5, 5.1, 5.2, 5.26, 5.3, 5.6])
  func verdictsFollowThePValues(centre: Double) throws {
    let ratio = try ratio(centre)
    let equivalence = try #require(try ratio.equivalencePValue(margin: 0.05))
    let difference = try #require(try ratio.differencePValue(margin: 0.05))
    for significance in [1e-6, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.4] {
      let verdict = try ratio.verdict(margin: 0.05, significance: significance)
      #expect((verdict == .equivalent) == (equivalence < significance), "\(significance)")
      #expect((verdict == .different) == (difference < significance), "\(significance)")
    }
    #expect(max(equivalence, difference) > 0.4)
  }

  @Test func withoutAnErrorThereIsNone() throws {
    let ratio = try MeanRatio.unpaired(ExitSample([1]), ExitSample([1, 2]))
    #expect(try ratio.equivalencePValue(margin: 0.05) == nil)
    #expect(try ratio.differencePValue(margin: 0.05) == nil)
  }

  @Test func badMarginsThrow() throws {
    let ratio = try ratio(5)
    for margin in [0, 1, -0.1, .nan] {
      #expect(throws: StatisticsError.self) { try ratio.equivalencePValue(margin: margin) }
      #expect(throws: StatisticsError.self) { try ratio.differencePValue(margin: margin) }
    }
  }
}
