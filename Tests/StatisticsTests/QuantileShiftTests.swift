import GSL
import Statistics
import Testing

@Suite struct QuantileShiftTests {
  private static func estimate(
    _ first: ExitSample, _ second: ExitSample, _ probability: Double, resamples: Int = 199
  ) throws -> IntervalEstimate {
    let stream = try RandomStream(seed: 1, purpose: 0, replica: 0)
    let bootstrap = try Bootstrap(
      pairing: .independent, resamples: resamples, stream: stream)
    return try QuantileShift.estimate(
      first, second, probability: probability, bootstrap: bootstrap)
  }

  @Test(arguments: Reference.pairsOfTimes) func isTheDifferenceOfQuantiles(pair: Reference.Pair)
    throws
  {
    let summaries = pair.expected.summaries
    let horizon = [pair.first, pair.second].compactMap(\.earliestCensoring).min() ?? .infinity
    for probability in SampleSummary.probabilities {
      let key = "\(probability)"
      let shift = try Self.estimate(pair.first, pair.second, probability, resamples: 9)
      guard let one = summaries[0].quantiles[key]!, let two = summaries[1].quantiles[key]!,
        max(one, two) < horizon
      else {
        #expect(shift.interval == nil)
        continue
      }
      #expect(agree(shift.estimate!, one - two, tolerance: 1e-12))
    }
  }

  /// Compares the counting of resamples with the plain way.
  @Test func resamplesAsThePlainBootstrap() throws {
    let pair = Reference.pair("unequal sizes")
    for probability in [0, 0.05, 0.5, 0.61, 1] {
      let stream = try RandomStream(seed: 1, purpose: 0, replica: 0)
      let bootstrap = try Bootstrap(pairing: .independent, resamples: 199, stream: stream)
      let plain = try bootstrap.estimate(pair.first, pair.second) { x, y in
        try quantile(ofSorted: x.sorted(), probability: probability)
          - quantile(ofSorted: y.sorted(), probability: probability)
      }
      let shift = try Self.estimate(pair.first, pair.second, probability)
      #expect(agree(shift.interval!.lowerBound, plain.interval!.lowerBound, tolerance: 1e-12))
      #expect(agree(shift.interval!.upperBound, plain.interval!.upperBound, tolerance: 1e-12))
    }
  }

  @Test func whatDependsOnTheCensoredIsNil() throws {
    let times = (1...20).map { Double($0) }
    func sample(exits: Int) throws -> ExitSample {
      try ExitSample(
        times: times.map { min($0, Double(exits) + 0.5) },
        isObserved: times.indices.map { $0 < exits })
    }
    let (early, late) = (try sample(exits: 20), try sample(exits: 8))
    #expect(try Self.estimate(early, late, 0.5).estimate == nil)
    let low = try Self.estimate(early, late, 0.05)
    #expect(low.estimate == 0 && low.interval != nil)
    let near = try Self.estimate(early, late, 0.35)
    #expect(near.estimate != nil && near.interval == nil)
  }

  @Test func badProbabilityThrows() throws {
    let sample = try ExitSample([1, 2])
    #expect(throws: StatisticsError.self) { try Self.estimate(sample, sample, 1.1) }
  }

  @Test(arguments: [0.5, 0.8]) func intervalsCover(claimed: Double) throws {
    let score = try Calibration.score(probability: 0.94, repetitions: 400) { stream in
      let first = try ExitSample((0..<80).map { _ in stream.gaussian() + 0.5 })
      let second = try ExitSample((0..<60).map { _ in stream.gaussian() })
      let bootstrap = try Bootstrap(pairing: .independent, resamples: 99, stream: stream)
      return try QuantileShift.estimate(first, second, probability: 0.5, bootstrap: bootstrap)
        .interval!.contains(claimed)
    }
    // The second claim is the sabotage.
    #expect((abs(score) < 4.9) == (claimed == 0.5))
  }
}
