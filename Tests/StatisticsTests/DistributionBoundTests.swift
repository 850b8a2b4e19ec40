import Foundation
import GSL
import Testing

@testable import Statistics

@Suite struct DistributionBoundTests {
  @Test func hasTheWidthOfTheInequality() throws {
    let (x, y) = (Reference.published.first, Reference.published.second)
    let bound = try DistributionBound(x, y)
    let width = 2 * (log(80.0) / 20).squareRoot()
    #expect(agree(bound.estimate, 0.2))
    #expect(bound.lower == 0)
    #expect(agree(bound.upper, min(1, 0.2 + width)))
    let known = try DistributionBound(x) { exp(-2 / $0) }
    #expect(agree(known.upper - known.estimate, (log(40.0) / 20).squareRoot()))
  }

  /// The claim holds at any n, for two samples by far; a bound at the estimate does not.
  @Test func boundsHold() throws {
    let stream = try testStream(91)
    let (trials, shift) = (2_000, 1.0)
    let truth = 2 * NormalDistribution.cumulative(shift / 2) - 1
    var (held, least, oneSample) = (0, 0, 0)
    for _ in 0..<trials {
      let x = (0..<50).map { _ in stream.gaussian() }
      let y = (0..<40).map { _ in stream.gaussian() + shift }
      let bound = try DistributionBound(x, y)
      held += bound.lower <= truth && truth <= bound.upper ? 1 : 0
      least += truth <= bound.estimate ? 1 : 0
      let known = try DistributionBound(x) { NormalDistribution.cumulative($0 - shift) }
      oneSample += known.lower <= truth && truth <= known.upper ? 1 : 0
    }
    for count in [held, oneSample] {
      let check = RateCheck(successes: trials - count, trials: trials, probability: 0.05)
      #expect(check.isAtMost, "\(check)")
    }
    let sabotage = RateCheck(successes: trials - least, trials: trials, probability: 0.05)
    #expect(!sabotage.isAtMost, "\(sabotage)")
  }

  @Test func refusesLevelsOutOfRange() {
    for level in [0, 1, -1, Double.nan] {
      #expect(throws: SampleError.self) { try DistributionBound([1], [2], level: level) }
      #expect(throws: SampleError.self) {
        try DistributionBound([1], level: level) { _ in 0.5 }
      }
    }
    #expect(throws: SampleError.self) { try DistributionBound([], [2]) }
  }
}
