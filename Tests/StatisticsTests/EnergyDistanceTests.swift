import GSL
import Testing

@testable import Statistics

@Suite struct EnergyDistanceTests {
  @Test(arguments: Reference.values.twoSamples)
  func agreesWithSciPy(_ reference: Reference.TwoSamples) throws {
    let expected = reference.energyDistance
    let result = try EnergyDistance.twoSample(
      reference.first, reference.second, permutations: 2_000, stream: testStream(41))
    #expect(agree(result.statistic, expected.statistic))
    if let exact = expected.exact { #expect(agree(result.pValue, exact)) }
  }

  @Test func permutedPValuesHaveTheirLevel() throws {
    let stream = try testStream(42)
    func rejections(shift: Double) throws -> RateCheck {
      let count = try (0..<2_000).count { _ in
        let x = (0..<15).map { _ in stream.gaussian() }
        let y = (0..<12).map { _ in stream.gaussian() + shift }
        let result = try EnergyDistance.twoSample(x, y, permutations: 99, stream: stream)
        return result.pValue <= 0.05 + 1e-12
      }
      return RateCheck(successes: count, trials: 2_000, probability: 0.05)
    }
    let null = try rejections(shift: 0)
    #expect(null.passes, "\(null)")
    let shifted = try rejections(shift: 0.7)
    #expect(!shifted.passes, "a shift is not seen: \(shifted)")
  }

  @Test func refusesWhatCannotBeCompared() throws {
    for invalid in [[], [.nan], [1, .infinity]] as [[Double]] {
      #expect(throws: SampleError.self) {
        try EnergyDistance.twoSample(invalid, [1], permutations: 9, stream: testStream(43))
      }
      #expect(throws: SampleError.self) {
        try EnergyDistance.twoSample([1], invalid, permutations: 9, stream: testStream(43))
      }
    }
    let equal = try EnergyDistance.twoSample(
      [1, 1], [1, 1], permutations: 9, stream: testStream(43))
    #expect(equal == TestResult(statistic: 0, pValue: 1))
  }
}
