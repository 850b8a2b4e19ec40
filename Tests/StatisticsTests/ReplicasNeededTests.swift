import Foundation
import GSL
import Testing

@testable import Statistics

@Suite struct ReplicasNeededTests {
  @Test func tenPublishedReplicasAskForMany() throws {
    let ratio = try MeanRatio.unpaired(
      Reference.published.first, Reference.published.second, margin: 0.05)
    let needed = try #require(try ReplicasNeeded(settling: ratio))
    #expect(needed.verdict == .different)
    #expect(needed.first > 100)
    #expect(needed.first == needed.second)
    #expect(needed.power >= 0.8)
    let surer = try #require(try ReplicasNeeded(settling: ratio, power: 0.95))
    #expect(surer.first > needed.first)
  }

  /// Draws samples of the size asked for from the law that was planned with.
  @Test func theVerdictComesWithItsPower() throws {
    let stream = try testStream(101)
    let trials = 4_000
    for (truth, verdict) in [(1.01, Verdict.equivalent), (1.08, .different)] {
      // A sample of exact mean and variance, so that the plan knows the truth.
      let pilot = [0.9, 1.1, 0.9, 1.1, 0.9, 1.1].map { truth * $0 }
      let ratio = try MeanRatio.oneSample(pilot, known: 1, margin: 0.05)
      let needed = try #require(try ReplicasNeeded(settling: ratio))
      #expect(needed.verdict == verdict)
      #expect(needed.second == 0)
      let deviation = try variance(of: pilot).squareRoot()
      func rate(_ size: Int) throws -> RateCheck {
        let count = try (0..<trials).count { _ in
          let sample = (0..<size).map { _ in truth + deviation * stream.gaussian() }
          return try MeanRatio.oneSample(sample, known: 1, margin: 0.05).verdict == verdict
        }
        return RateCheck(successes: count, trials: trials, probability: needed.power)
      }
      // The plan takes log x̄ for normal and s for known.
      let planned = try rate(needed.first)
      #expect(abs(Double(planned.successes) / Double(trials) - 0.8) < 0.05, "\(planned)")
      let half = try rate(needed.first / 2)
      #expect(!half.passes, "half the replicas do as well: \(half)")
    }
  }

  @Test func nothingIsPlannedWhereNothingHelps() throws {
    let settled = try MeanRatio.unpaired([1, 1.001], [2, 2.001], margin: 0.05)
    #expect(settled.verdict == .different)
    #expect(try ReplicasNeeded(settling: settled) == nil)
    let single = try MeanRatio.unpaired([1], [1], margin: 0.05)
    #expect(try ReplicasNeeded(settling: single) == nil)
    let atMargin = try MeanRatio.oneSample([1, 1.1], known: 1, margin: 0.05)
    let many = try ReplicasNeeded(settling: atMargin)
    #expect(many == nil || many!.first > 1_000_000)
    let noMargin = try MeanRatio.unpaired([1, 2], [1, 2], margin: 0)
    #expect(try ReplicasNeeded(settling: noMargin) == nil)
    for power in [0, 1, Double.nan] {
      #expect(throws: SampleError.self) {
        try ReplicasNeeded(settling: single, power: power)
      }
    }
  }

  @Test func unequalSidesKeepTheirProportion() throws {
    let stream = try testStream(102)
    let x = (0..<10).map { _ in 1 + 0.3 * stream.gaussian() }
    let y = (0..<25).map { _ in 1 + 0.3 * stream.gaussian() }
    let ratio = try MeanRatio.unpaired(x, y, margin: 0.3)
    guard let needed = try ReplicasNeeded(settling: ratio) else { return }
    #expect(abs(Double(needed.second) / Double(needed.first) - 2.5) < 0.1)
  }
}
