import GSL
import Testing

@testable import Statistics

@Suite struct AndersonDarlingTests {
  @Test(arguments: Reference.values.twoSamples)
  func agreesWithSciPy(_ reference: Reference.TwoSamples) throws {
    let (first, second) = (reference.first, reference.second)
    guard let expected = reference.andersonDarling else {
      #expect(throws: SampleError.self) { try AndersonDarling.twoSample(first, second) }
      return
    }
    let limit = try AndersonDarling.twoSample(first, second)
    #expect(agree(limit.statistic, expected.statistic))
    let tail = try #require(expected.limit)
    #expect(agree(limit.pValue, tail), "\(limit.pValue) \(tail)")
    let permuted = try AndersonDarling.twoSample(
      first, second, permutations: 2_000, stream: testStream(21))
    #expect(permuted.statistic == limit.statistic)
    if let exact = expected.exact { #expect(agree(permuted.pValue, exact)) }
  }

  /// Percentage points of Marsaglia and Marsaglia (2004).
  @Test(arguments: [(1.9329578, 0.1), (2.4923672, 0.05), (3.8781250, 0.01)])
  func limitAgreesWithTheTable(_ critical: Double, _ level: Double) throws {
    let tail = try QuadraticFormTail.andersonDarling(critical)
    #expect(abs(tail / level - 1) < 1e-6, "\(tail)")
  }

  @Test func permutationsDependOnTheStreamAlone() throws {
    let (x, y) = (Reference.values.twoSamples[11].first, Reference.values.twoSamples[11].second)
    func run() throws -> TestResult {
      try AndersonDarling.twoSample(x, y, permutations: 199, stream: testStream(22))
    }
    #expect(try run() == run())
  }

  /// Of p-values (1 + hits)/(1 + 99), 0.05 or less come in 5% of the trials under the null.
  @Test func permutedPValuesHaveTheirLevel() throws {
    let stream = try testStream(23)
    func rejections(scale: Double) throws -> RateCheck {
      let count = try (0..<2_000).count { _ in
        let x = (0..<15).map { _ in stream.gaussian() }
        let y = (0..<12).map { _ in scale * stream.gaussian() }
        let result = try AndersonDarling.twoSample(x, y, permutations: 99, stream: stream)
        return result.pValue <= 0.05 + 1e-12
      }
      return RateCheck(successes: count, trials: 2_000, probability: 0.05)
    }
    let null = try rejections(scale: 1)
    #expect(null.passes, "\(null)")
    let wide = try rejections(scale: 3)
    #expect(!wide.passes, "a wrong scale is not seen: \(wide)")
  }

  @Test func limitingPValuesAreUniform() throws {
    let stream = try testStream(24)
    func pValues(shift: Double) throws -> [Double] {
      try (0..<2_000).map { _ in
        let x = (0..<100).map { _ in stream.gaussian() }
        let y = (0..<80).map { _ in stream.gaussian() + shift }
        return try AndersonDarling.twoSample(x, y).pValue
      }
    }
    let null = try KolmogorovSmirnov.oneSample(try pValues(shift: 0)) { $0 }
    #expect(null.pValue > 1e-6, "\(null)")
    let shifted = try KolmogorovSmirnov.oneSample(try pValues(shift: 0.4)) { $0 }
    #expect(shifted.pValue < 1e-6, "\(shifted)")
  }

  @Test func takesTheCensoredAsInfinite() throws {
    let infinite = try AndersonDarling.twoSample(
      [1, 3, .infinity, .infinity], [2, .infinity, 4, 5])
    let late = try AndersonDarling.twoSample([1, 3, 9, 9], [2, 9, 4, 5])
    #expect(infinite == late)
  }

  @Test func refusesWhatCannotBeCompared() throws {
    for (x, y) in [([], [1, 2, 3, 4]), ([1, .nan], [1, 2]), ([1, 1], [1, 1]), ([1], [1, 2])]
      as [([Double], [Double])]
    {
      #expect(throws: SampleError.self) { try AndersonDarling.twoSample(x, y) }
      #expect(throws: SampleError.self) { try AndersonDarling.twoSample(y, x) }
    }
    #expect(throws: SampleError.self) {
      try AndersonDarling.twoSample([1, 2], [3, 4], permutations: 0, stream: testStream(25))
    }
  }
}
