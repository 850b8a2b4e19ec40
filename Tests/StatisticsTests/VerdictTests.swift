import Foundation
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
    #expect(score < 4.9)
  }

  private enum Design: CaseIterable { case alone, independent, paired }

  /// Draws few exit times with exponential tails, the ratio of whose true means is `ratio`.
  private static func ratio(
    _ design: Design, _ stream: RandomStream, count: Int, ratio: Double
  ) throws -> MeanRatio {
    func time() -> Double { -log(1 - stream.uniform()) }
    let starts = (0..<count).map { _ in time() }
    func paths(_ scale: Double) throws -> ExitSample {
      try ExitSample(starts.map { scale * $0 * exp(0.3 * stream.gaussian()) })
    }
    switch design {
    case .alone: return try .oneSample(ExitSample(starts.map { ratio * $0 }), against: 1)
    case .independent:
      return try .unpaired(
        ExitSample(starts.map { ratio * $0 }), ExitSample((0..<count).map { _ in time() }))
    case .paired: return try .paired(paths(ratio), paths(1))
    }
  }

  // False at 0.95 and 1.05: any verdict but undetermined. These lie on the edge of the region.
  @Test(arguments: Design.allCases, [3, 4, 5, 7, 10, 14, 20])
  private func fewReplicasKeepTheLevel(design: Design, count: Int) throws {
    for truth in [0.95, 1.05] {
      let score = try Calibration.score(probability: 0.05, repetitions: 4000) {
        try Self.ratio(design, $0, count: count, ratio: truth).verdict(margin: 0.05)
          != .undetermined
      }
      #expect(score < 4.9, "\(design), \(count) replicas, ratio \(truth)")
    }
  }

  // Sabotage: Student's interval alone, without the stretch.
  @Test(arguments: [3, 4, 5]) func theBareIntervalIsFoundTooNarrow(count: Int) throws {
    let score = try Calibration.score(probability: 0.05, repetitions: 4000) {
      let ratio = try Self.ratio(.paired, $0, count: count, ratio: 1.05)
      return ratio.interval!.upperBound < 0.95 || ratio.interval!.lowerBound > 1.05
    }
    #expect(score > 4.9)
  }
}
