import GSL
import Statistics
import Testing

@Suite struct LargestDistanceTests {
  @Test(arguments: Reference.pairsOfTimes) func agreesWithTheFormula(pair: Reference.Pair) throws {
    let result = try LargestDistance.estimate(pair.first, pair.second)
    let expected = pair.expected.largestDistance
    #expect(agree(result.estimate!, expected.estimate))
    #expect(agree(result.interval!.lowerBound, expected.interval![0]))
    #expect(agree(result.interval!.upperBound, expected.interval![1]))
  }

  /// The true distance of uniform laws on [0, 1] and [0, 2] is 1/2.
  @Test(arguments: [0.5, 0.2]) func intervalsCoverAtLeastTheirLevel(claimed: Double) throws {
    let score = try Calibration.score(probability: 0.9, repetitions: 500) { stream in
      let first = try ExitSample((0..<150).map { _ in stream.uniform() })
      let second = try ExitSample((0..<150).map { _ in 2 * stream.uniform() })
      return try LargestDistance.estimate(first, second, confidenceLevel: 0.9)
        .interval!.contains(claimed)
    }
    // The second claim is the sabotage.
    #expect((score > -4.9) == (claimed == 0.5))
  }

  @Test func badLevelThrows() throws {
    let sample = try ExitSample([1])
    #expect(throws: StatisticsError.self) {
      try LargestDistance.estimate(sample, sample, confidenceLevel: 0)
    }
  }
}
