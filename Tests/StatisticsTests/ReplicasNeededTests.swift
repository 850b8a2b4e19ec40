import GSL
import Statistics
import Testing

@Suite struct ReplicasNeededTests {
  @Test func publishedReplicasNeedHundredsMore() throws {
    let pair = Reference.pair("published")
    let ratio = try MeanRatio.unpaired(pair.first, pair.second)
    #expect(ratio.replicas == 10)
    let needed = try #require(try ratio.replicasNeeded(margin: 0.05))
    let ifEqual = try #require(try ratio.replicasNeeded(margin: 0.05, assumedRatio: 1))
    #expect(needed > 100 && ifEqual > 100)
  }

  @Test func nothingKnownGivesNil() throws {
    let single = try MeanRatio.unpaired(ExitSample([1]), ExitSample([2]))
    #expect(try single.replicasNeeded(margin: 0.05) == nil)
    let ratio = try MeanRatio.unpaired(ExitSample([1, 2]), ExitSample([1, 3]))
    #expect(try ratio.replicasNeeded(margin: 0.5, assumedRatio: 1.5) == nil)
  }

  @Test func badParametersThrow() throws {
    let ratio = try MeanRatio.unpaired(ExitSample([1, 2]), ExitSample([1, 3]))
    for (margin, power) in [(0, 0.8), (1, 0.8), (0.05, 0.4), (0.05, 1)] {
      #expect(throws: StatisticsError.self) {
        try ratio.replicasNeeded(margin: margin, power: power)
      }
    }
    #expect(throws: StatisticsError.self) {
      try ratio.replicasNeeded(margin: 0.05, assumedRatio: 0)
    }
  }

  /// Draws samples of relative spread 0.1 whose means have the ratio `ratio`.
  private static func draw(_ stream: RandomStream, _ count: Int, _ ratio: Double) throws
    -> MeanRatio
  {
    let first = try ExitSample((0..<count).map { _ in ratio * (1 + 0.1 * stream.gaussian()) })
    let second = try ExitSample((0..<count).map { _ in 1 + 0.1 * stream.gaussian() })
    return try MeanRatio.unpaired(first, second)
  }

  /// With the number asked for, the verdict must come at the promised rate.
  @Test(arguments: [(1, Verdict.equivalent), (1.02, .equivalent), (1.1, .different)])
  func thePowerIsAsPromised(ratio: Double, verdict: Verdict) throws {
    let pilot = try Self.draw(RandomStream(seed: 3, purpose: 0, replica: 0), 4000, ratio)
    let needed = try #require(
      try pilot.replicasNeeded(margin: 0.05, power: 0.8, assumedRatio: ratio))
    func score(_ count: Int) throws -> Double {
      try Calibration.score(probability: 0.8, repetitions: 1000) {
        try Self.draw($0, count, ratio).verdict(margin: 0.05) == verdict
      }
    }
    #expect(abs(try score(needed)) < 4.9)
    // The sabotage: half as many do not reach the power.
    #expect(try score(needed / 2) < -4.9)
  }
}
