import GSL
import Testing

@testable import Statistics

@Suite struct LogRankTests {
  @Test(arguments: Reference.values.censoredSamples)
  func agreesWithSciPy(_ reference: Reference.CensoredSamples) throws {
    let first = try CensoredSample(
      times: reference.first.times, observed: reference.first.observed)
    let second = try CensoredSample(
      times: reference.second.times, observed: reference.second.observed)
    let result = try LogRank.twoSample(first, second)
    #expect(agree(result.statistic, reference.logRank.statistic))
    #expect(agreeRelatively(result.pValue, reference.logRank.pValue))
    let back = try LogRank.twoSample(second, first)
    #expect(agree(back.statistic, -result.statistic))
  }

  @Test func pValuesAreUniform() throws {
    let stream = try testStream(51)
    func sample(_ count: Int, scale: Double) throws -> CensoredSample {
      let times = (0..<count).map { _ in stream.gamma(shape: 1, scale: scale) }
      return try CensoredSample(exitTimes: times, horizon: 1.2)
    }
    func pValues(scale: Double) throws -> [Double] {
      try (0..<2_000).map { _ in
        try LogRank.twoSample(sample(80, scale: 1), sample(60, scale: scale)).pValue
      }
    }
    let null = try KolmogorovSmirnov.oneSample(try pValues(scale: 1)) { $0 }
    #expect(null.pValue > 1e-6, "\(null)")
    let slower = try KolmogorovSmirnov.oneSample(try pValues(scale: 1.5)) { $0 }
    #expect(slower.pValue < 1e-6, "\(slower)")
  }

  @Test func refusesSamplesWithoutInformation() throws {
    let none = try CensoredSample(times: [1, 1], observed: [false, false])
    let early = try CensoredSample(times: [0.5], observed: [false])
    let some = try CensoredSample(times: [1, 2], observed: [true, true])
    #expect(throws: SampleError.self) { try LogRank.twoSample(none, none) }
    #expect(throws: SampleError.self) { try LogRank.twoSample(early, some) }
  }
}
