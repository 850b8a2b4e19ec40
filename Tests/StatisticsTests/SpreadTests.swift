import Foundation
import GSL
import Statistics
import Testing

@Suite struct SpreadTests {
  @Test func scalesWithTheReference() throws {
    let sample = try ExitSample([1, 2, 3, 4, 7])
    let whole = try Spread.estimate(sample)
    let half = try Spread.estimate(sample, relativeTo: 2)
    #expect(agree(whole.estimate!, try variance(of: sample.times).squareRoot()))
    #expect(agree(half.estimate!, whole.estimate! / 2))
    #expect(agree(half.interval!.upperBound, whole.interval!.upperBound / 2))
  }

  @Test func withoutSpreadThereIsNoInterval() throws {
    #expect(try Spread.estimate(ExitSample([2, 2, 2, 2, 2])).interval == nil)
    #expect(try Spread.estimate(ExitSample([1, 2, 3])).interval == nil)
    #expect(throws: StatisticsError.self) { try Spread.estimate(ExitSample([1])) }
    #expect(throws: StatisticsError.self) {
      try Spread.estimate(ExitSample([1, 2]), relativeTo: 0)
    }
  }

  /// Takes exponential times, whose kurtosis is 9: a chi-square interval would cover 0.67.
  @Test(arguments: [1, 1.25]) func intervalsCover(claimed: Double) throws {
    let score = try Calibration.score(probability: 0.94, repetitions: 600) { stream in
      let sample = try ExitSample((0..<600).map { _ in -log(stream.uniformPositive()) })
      return try Spread.estimate(sample).interval!.contains(claimed)
    }
    // The second claim is the sabotage.
    #expect((abs(score) < 4.9) == (claimed == 1))
  }
}
