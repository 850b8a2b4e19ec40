import Foundation
import GSL
import Testing

@testable import Statistics

@Suite struct MeanRatioTests {
  private static let trials = 4_000

  /// Draws pairs of mean 1 and mean `ratio`⁻¹ that share most of their spread.
  private func pairs(_ stream: RandomStream, count: Int, ratio: Double) -> ([Double], [Double]) {
    var (x, y): ([Double], [Double]) = ([], [])
    for _ in 0..<count {
      let start = 1 + 0.1 * stream.gaussian()
      x.append(start + 0.03 * stream.gaussian())
      y.append((start + 0.03 * stream.gaussian()) / ratio)
    }
    return (x, y)
  }

  private func covers(_ result: MeanRatio, _ ratio: Double) throws -> Bool {
    let interval = try #require(result.interval)
    return interval[0] <= ratio && ratio <= interval[1]
  }

  /// Counts coverage of the true ratio, and of one that is wrong by about a standard error.
  private func checkCoverage(
    ratio: Double, error: Double, _ estimate: () throws -> MeanRatio
  ) throws {
    var (right, wrong) = (0, 0)
    for _ in 0..<Self.trials {
      let result = try estimate()
      right += try covers(result, ratio) ? 1 : 0
      wrong += try covers(result, ratio * (1 + error)) ? 1 : 0
    }
    let check = RateCheck(successes: right, trials: Self.trials, probability: 0.95)
    #expect(check.passes, "\(check)")
    let sabotage = RateCheck(successes: wrong, trials: Self.trials, probability: 0.95)
    #expect(!sabotage.passes, "a wrong ratio is covered as often: \(sabotage)")
  }

  @Test func pairedIntervalCovers() throws {
    let stream = try testStream(11)
    try checkCoverage(ratio: 1.2, error: 0.01) {
      let (x, y) = pairs(stream, count: 12, ratio: 1.2)
      return try .paired(x, y, margin: 0.05)
    }
  }

  @Test func unpairedIntervalCovers() throws {
    let stream = try testStream(12)
    try checkCoverage(ratio: 1.25, error: 0.03) {
      let x = (0..<10).map { _ in 1 + 0.1 * stream.gaussian() }
      let y = (0..<25).map { _ in 0.8 * (1 + 0.05 * stream.gaussian()) }
      return try .unpaired(x, y, margin: 0.05)
    }
  }

  @Test func oneSampleIntervalCovers() throws {
    let stream = try testStream(13)
    try checkCoverage(ratio: 0.5, error: 0.03) {
      let x = (0..<10).map { _ in 1 + 0.1 * stream.gaussian() }
      return try .oneSample(x, known: 2, margin: 0.05)
    }
  }

  /// Pairs taken as independent keep the spread that they share: intervals far too wide.
  @Test func pairingNarrowsTheInterval() throws {
    let stream = try testStream(14)
    var covered = 0
    for _ in 0..<Self.trials {
      let (x, y) = pairs(stream, count: 12, ratio: 1)
      covered += try covers(.unpaired(x, y, margin: 0.05), 1) ? 1 : 0
    }
    let check = RateCheck(successes: covered, trials: Self.trials, probability: 0.95)
    #expect(!check.passes, "\(check)")
  }

  /// At the margin itself `equivalent` comes at most in 5% of the trials; within it, more often.
  @Test func equivalenceHasItsSize() throws {
    let stream = try testStream(15)
    func equivalents(ratio: Double) throws -> RateCheck {
      let count = try (0..<Self.trials).count { _ in
        let (x, y) = pairs(stream, count: 20, ratio: ratio)
        return try MeanRatio.paired(x, y, margin: 0.05).verdict == .equivalent
      }
      return RateCheck(successes: count, trials: Self.trials, probability: 0.05)
    }
    for ratio in [1.05, 1 / 1.05] {
      let check = try equivalents(ratio: ratio)
      #expect(check.isAtMost, "\(check)")
    }
    let inside = try equivalents(ratio: 1.02)
    #expect(!inside.isAtMost, "\(inside)")
  }

  /// At the margin `different` comes in 2.5% of the trials, beyond it more often.
  @Test func differenceHasItsSize() throws {
    let stream = try testStream(16)
    func different(ratio: Double) throws -> RateCheck {
      let count = try (0..<Self.trials).count { _ in
        let (x, y) = pairs(stream, count: 20, ratio: ratio)
        return try MeanRatio.paired(x, y, margin: 0.05).verdict == .different
      }
      return RateCheck(successes: count, trials: Self.trials, probability: 0.025)
    }
    let check = try different(ratio: 1.05)
    #expect(check.passes, "\(check)")
    let beyond = try different(ratio: 1.07)
    #expect(!beyond.isAtMost, "\(beyond)")
  }

  @Test func tenPublishedReplicasDoNotSay() throws {
    let (x, y) = (Reference.published.first, Reference.published.second)
    #expect(try MeanRatio.unpaired(x, y, margin: 0.05).verdict == .undetermined)
    #expect(try MeanRatio.paired(x, y, margin: 0.05).verdict == .undetermined)
  }

  @Test func oneValueGivesNoInterval() throws {
    let results = [
      try MeanRatio.paired([2], [1], margin: 0.05), try .unpaired([2], [1, 1], margin: 0.05),
      try .oneSample([2], known: 1, margin: 0.05),
    ]
    for result in results {
      #expect(agree(result.estimate, 2))
      #expect(result.interval == nil)
      #expect(result.verdict == .undetermined)
    }
  }

  @Test func noSpreadGivesAnIntervalOfZeroWidth() throws {
    let results = [
      try MeanRatio.paired([2, 2], [1, 1], margin: 0.05),
      try .unpaired([2, 2], [1, 1], margin: 0.05), try .oneSample([2, 2], known: 1, margin: 0.05),
    ]
    for result in results {
      #expect(result.interval?.allSatisfy { agree($0, 2) } == true)
      #expect(result.verdict == .different)
    }
    #expect(try MeanRatio.unpaired([2, 2], [2, 2], margin: 0.05).verdict == .equivalent)
  }

  @Test func refusesWhatHasNoRatio() throws {
    for invalid in [[], [0, 0], [-1, 0], [.nan, 1], [.infinity, 1]] as [[Double]] {
      #expect(throws: SampleError.self) { try MeanRatio.paired(invalid, [1, 1], margin: 0.05) }
      #expect(throws: SampleError.self) { try MeanRatio.paired([1, 1], invalid, margin: 0.05) }
      #expect(throws: SampleError.self) { try MeanRatio.unpaired(invalid, [1, 1], margin: 0.05) }
      #expect(throws: SampleError.self) { try MeanRatio.unpaired([1, 1], invalid, margin: 0.05) }
      #expect(throws: SampleError.self) {
        try MeanRatio.oneSample(invalid, known: 1, margin: 0.05)
      }
    }
    #expect(throws: SampleError.self) { try MeanRatio.paired([1, 2], [1], margin: 0.05) }
    for margin in [-0.1, .nan, .infinity] {
      #expect(throws: SampleError.self) { try MeanRatio.unpaired([1], [1], margin: margin) }
    }
    for known in [0, -1, .nan, .infinity] {
      #expect(throws: SampleError.self) {
        try MeanRatio.oneSample([1], known: known, margin: 0.05)
      }
    }
  }
}
