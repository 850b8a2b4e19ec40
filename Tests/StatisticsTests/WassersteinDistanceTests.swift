import GSL
import Statistics
import Testing

@Suite struct WassersteinDistanceTests {
  @Test(arguments: Reference.pairsOfTimes) func agreesWithSciPy(pair: Reference.Pair) throws {
    let distance = try WassersteinDistance.distance(pair.first, pair.second)
    #expect(agree(distance, pair.expected.wassersteinDistance))
  }

  @Test func estimateHoldsTheDistance() throws {
    let pair = Reference.pair("unequal sizes")
    let stream = try RandomStream(seed: 1, purpose: 0, replica: 0)
    let bootstrap = try Bootstrap(pairing: .independent, resamples: 199, stream: stream)
    let estimate = try WassersteinDistance.estimate(
      pair.first, pair.second, bootstrap: bootstrap)
    #expect(estimate.estimate == (try WassersteinDistance.distance(pair.first, pair.second)))
    #expect(estimate.interval!.contains(estimate.estimate!))
  }

  /// Tells whether the interval covers the shift of pairs that share a start.
  private static func covers(
    _ stream: RandomStream, shift: Double, level: Double
  ) throws -> Bool {
    let starts = (0..<60).map { _ in stream.gaussian() }
    let first = try ExitSample(starts.map { $0 + 0.2 * stream.gaussian() })
    let second = try ExitSample(starts.map { $0 + shift + 0.2 * stream.gaussian() })
    let bootstrap = try Bootstrap(
      pairing: .byStart, resamples: 99, confidenceLevel: level, stream: stream)
    let estimate = try WassersteinDistance.estimate(first, second, bootstrap: bootstrap)
    return estimate.interval!.contains(shift)
  }

  // 99 resamples of 60 pairs may fall short of 0.95 by a little.
  @Test(arguments: [0, 0.1, 1.5]) func intervalsCover(shift: Double) throws {
    let score = try Calibration.score(probability: 0.93, repetitions: 300) {
      try Self.covers($0, shift: shift, level: 0.95)
    }
    #expect(score > -4.9)
  }

  @Test func tooNarrowIntervalsAreFound() throws {
    let score = try Calibration.score(probability: 0.93, repetitions: 300) {
      try Self.covers($0, shift: 0, level: 0.7)
    }
    #expect(score < -4.9)
  }
}
