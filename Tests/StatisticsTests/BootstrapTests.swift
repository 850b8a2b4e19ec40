import GSL
import Statistics
import Testing

@Suite struct BootstrapTests {
  private static func stream(_ replica: Int = 0) throws -> RandomStream {
    try RandomStream(seed: 9, purpose: 3, replica: replica)
  }

  private static func meanRatio(_ x: [Double], _ y: [Double]) throws -> Double? {
    try mean(of: x) / mean(of: y)
  }

  @Test func sameStreamGivesTheSameInterval() throws {
    let pair = Reference.pair("equal sizes")
    func estimate(_ replica: Int) throws -> IntervalEstimate {
      try Bootstrap(pairing: .byStart, resamples: 199, stream: Self.stream(replica))
        .estimate(pair.first, pair.second, Self.meanRatio)
    }
    #expect(try estimate(0) == estimate(0))
    #expect(try estimate(0) != estimate(1))
  }

  @Test func approachesTheDeltaMethod() throws {
    let pair = Reference.pair("middle")
    let bootstrap = try Bootstrap(
      pairing: .independent, resamples: 499, stream: Self.stream())
    let estimate = try bootstrap.estimate(pair.first, pair.second, Self.meanRatio)
    let delta = try MeanRatio.unpaired(pair.first, pair.second)
    let interval = try #require(estimate.interval)
    let width = delta.interval!.upperBound - delta.interval!.lowerBound
    #expect(estimate.estimate == delta.estimate)
    #expect(abs(interval.lowerBound - delta.interval!.lowerBound) < 0.2 * width)
    #expect(abs(interval.upperBound - delta.interval!.upperBound) < 0.2 * width)
  }

  @Test func undefinedStatisticHasNoInterval() throws {
    let pair = Reference.pair("small")
    let bootstrap = try Bootstrap(pairing: .independent, resamples: 99, stream: Self.stream())
    let estimate = try bootstrap.estimate(pair.first, pair.second) { _, _ in nil }
    #expect(estimate.estimate == nil && estimate.interval == nil)
  }

  @Test func badInputThrows() throws {
    let stream = try Self.stream()
    #expect(throws: StatisticsError.self) {
      try Bootstrap(pairing: .independent, resamples: 1, stream: stream)
    }
    #expect(throws: StatisticsError.self) {
      try Bootstrap(pairing: .independent, confidenceLevel: 1, stream: stream)
    }
    let bootstrap = try Bootstrap(pairing: .byStart, stream: stream)
    #expect(throws: StatisticsError.lengthsDiffer(2, 1)) {
      try bootstrap.estimate(ExitSample([1, 2]), ExitSample([1]), Self.meanRatio)
    }
  }

  /// Tells whether an interval at level 0.7 covers the ratio 1.2 of pairs that share a start.
  private static func covers(_ stream: RandomStream, _ pairing: Pairing) throws -> Bool {
    let starts = (0..<40).map { _ in 3 + 0.5 * stream.gaussian() }
    let first = try ExitSample(starts.map { 1.2 * $0 + 0.2 * stream.gaussian() })
    let second = try ExitSample(starts.map { $0 + 0.2 * stream.gaussian() })
    let bootstrap = try Bootstrap(
      pairing: pairing, resamples: 99, confidenceLevel: 0.7, stream: stream)
    return try bootstrap.estimate(first, second, meanRatio).interval!.contains(1.2)
  }

  // Percentiles of 40 pairs fall a little short of their level: the method's own bias.
  @Test func pairedIntervalsCover() throws {
    let score = try Calibration.score(probability: 0.69, repetitions: 200) {
      try Self.covers($0, .byStart)
    }
    #expect(abs(score) < 4.9)
  }

  @Test func ignoringThePairsIsFound() throws {
    let score = try Calibration.score(probability: 0.69, repetitions: 200) {
      try Self.covers($0, .independent)
    }
    #expect(abs(score) > 4.9)
  }
}
