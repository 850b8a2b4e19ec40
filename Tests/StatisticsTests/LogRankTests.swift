import Foundation
import GSL
import Statistics
import Testing

@Suite struct LogRankTests {
  @Test(arguments: Reference.pairs) func agreesWithSciPy(pair: Reference.Pair) {
    expectAgreement(LogRank.test(pair.first, pair.second), pair.expected.logRank)
    let swapped = LogRank.test(pair.second, pair.first)
    #expect(agree(swapped.statistic, -pair.expected.logRank.statistic))
  }

  @Test func withoutExitsNothingIsKnown() throws {
    let kept = try ExitSample(times: [4, 4], isObserved: [false, false])
    #expect(LogRank.test(kept, kept).statistic == 0 && LogRank.test(kept, kept).pValue == 1)
    let early = try ExitSample(times: [1, 1], isObserved: [false, false])
    let late = try ExitSample([2, 3])
    #expect(LogRank.test(early, late).statistic == 0 && LogRank.test(early, late).pValue == 1)
  }

  /// Draws exponential times, the second with exit rate `rate`, censored at random.
  private static func pValue(_ stream: RandomStream, rate: Double) throws -> Double {
    func sample(_ count: Int, _ rate: Double) throws -> ExitSample {
      var (times, isObserved) = ([Double](), [Bool]())
      for _ in 0..<count {
        let exit = -log(stream.uniformPositive()) / rate
        let end = 3 * stream.uniform()
        times.append(min(exit, end))
        isObserved.append(exit < end)
      }
      return try ExitSample(times: times, isObserved: isObserved)
    }
    return try LogRank.test(sample(80, 1), sample(90, rate)).pValue
  }

  @Test(arguments: [1, 1.7]) func pValuesAreUniform(rate: Double) throws {
    let probability = try Calibration.uniformity { try Self.pValue($0, rate: rate) }
    // The second rate is the sabotage: laws that differ must be found.
    #expect((probability > 1e-6) == (rate == 1))
  }
}
