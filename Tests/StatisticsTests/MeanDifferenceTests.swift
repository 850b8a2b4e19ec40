import GSL
import Statistics
import Testing

@Suite struct MeanDifferenceTests {
  @Test(arguments: Reference.pairs) func agreesWithSciPy(pair: Reference.Pair) throws {
    for (name, expected) in pair.expected.meanDifference {
      let horizon = [pair.first, pair.second].compactMap(\.earliestCensoring).min()
      let result = try MeanDifference.estimate(
        pair.first, pair.second, pairing: name == "by_start" ? .byStart : .independent,
        horizon: horizon)
      #expect(agree(result.estimate!, expected.estimate), "\(name)")
      #expect((result.interval == nil) == (expected.interval == nil), "\(name)")
      guard let interval = result.interval, let wanted = expected.interval else { continue }
      #expect(agree(interval.lowerBound, wanted[0]), "\(name)")
      #expect(agree(interval.upperBound, wanted[1]), "\(name)")
    }
  }

  @Test func withoutSpreadThereIsNoInterval() throws {
    let constant = try ExitSample([2, 2])
    let other = try ExitSample([1, 4])
    for (first, second, pairing) in [
      (constant, other, Pairing.independent), (other, other, .byStart),
      (try ExitSample([0.1, 0.3]), try ExitSample([0.2, 0.4]), .byStart),
      (try ExitSample([1]), try ExitSample([2]), .byStart),
    ] {
      let result = try MeanDifference.estimate(first, second, pairing: pairing)
      #expect(result.estimate != nil && result.interval == nil)
    }
  }

  @Test func badInputThrows() throws {
    let sample = try ExitSample(times: [1, 2], isObserved: [true, false])
    #expect(throws: StatisticsError.self) {
      try MeanDifference.estimate(sample, ExitSample([1]), pairing: .byStart)
    }
    #expect(throws: StatisticsError.self) {
      try MeanDifference.estimate(sample, sample, pairing: .byStart, horizon: 3)
    }
    #expect(throws: StatisticsError.self) {
      try MeanDifference.estimate(sample, sample, pairing: .byStart, confidenceLevel: 1)
    }
  }

  @Test(arguments: [Pairing.byStart, .independent]) func intervalsCover(pairing: Pairing) throws {
    let score = try Calibration.score(probability: 0.95, repetitions: 1000) { stream in
      let starts = (0..<12).map { _ in stream.gaussian() }
      let first = try ExitSample(starts.map { $0 + 0.5 + 0.3 * stream.gaussian() })
      let second = try ExitSample(starts.map { $0 + 0.3 * stream.gaussian() })
      return try MeanDifference.estimate(first, second, pairing: pairing).interval!.contains(0.5)
    }
    // The samples are pairs: to ignore that is the sabotage.
    #expect((abs(score) < 4.9) == (pairing == .byStart))
  }
}
