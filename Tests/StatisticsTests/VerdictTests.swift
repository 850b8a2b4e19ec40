import GSL
import Statistics
import Testing

@Suite struct VerdictTests {
  @Test func publishedReplicasSettleNothing() throws {
    let pair = Reference.pair("published")
    let unpaired = try MeanRatio.unpaired(pair.first, pair.second)
    #expect(try unpaired.verdict(margin: 0.05) == .undetermined)
    let paired = try MeanRatio.paired(pair.first, pair.second)
    #expect(try paired.verdict(margin: 0.05) == .undetermined)
  }

  @Test func eachVerdictIsReached() throws {
    func sample(centre: Double) throws -> ExitSample {
      try ExitSample((0..<100).map { centre + 0.1 * Double($0 % 7 - 3) })
    }
    let reference = try sample(centre: 5)
    func verdict(_ centre: Double) throws -> Verdict {
      try MeanRatio.unpaired(sample(centre: centre), reference).verdict(margin: 0.05)
    }
    #expect(try verdict(5.05) == .equivalent)
    #expect(try verdict(4.95) == .equivalent)
    #expect(try verdict(5.25) == .undetermined)
    #expect(try verdict(4.75) == .undetermined)
    #expect(try verdict(5.5) == .different)
    #expect(try verdict(4.5) == .different)
  }

  @Test func badParametersThrow() throws {
    let ratio = try MeanRatio.unpaired(ExitSample([1, 2]), ExitSample([1, 3]))
    for margin in [0, 1, -0.1, .nan] {
      #expect(throws: StatisticsError.self) { try ratio.verdict(margin: margin) }
    }
    #expect(throws: StatisticsError.self) { try ratio.verdict(margin: 0.05, significance: 0.5) }
  }

  /// Draws a ratio whose true value is `ratio`, from samples large enough to settle it.
  private static func verdict(_ stream: RandomStream, ratio: Double) throws -> Verdict {
    let first = try ExitSample((0..<25).map { _ in ratio * (3 + 0.1 * stream.gaussian()) })
    let second = try ExitSample((0..<25).map { _ in 3 + 0.1 * stream.gaussian() })
    return try MeanRatio.unpaired(first, second).verdict(margin: 0.05)
  }

  @Test(arguments: [0.95, 1.05]) func sizeAtTheMarginIsTheLevel(ratio: Double) throws {
    let score = try Calibration.score(probability: 0.05) {
      try Self.verdict($0, ratio: ratio) == .equivalent
    }
    #expect(score < 4.9)
  }

  @Test func aRatioInsideTheMarginIsFound() throws {
    let score = try Calibration.score(probability: 0.05) {
      try Self.verdict($0, ratio: 1.04) == .equivalent
    }
    #expect(score > 4.9)
  }

  @Test func differentIsAsRareAsTheLevelAtTheMargin() throws {
    let score = try Calibration.score(probability: 0.025) {
      try Self.verdict($0, ratio: 1.05) == .different
    }
    #expect(abs(score) < 4.9)
  }
}
