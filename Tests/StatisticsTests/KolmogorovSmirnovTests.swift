import Foundation
import GSL
import Testing

@testable import Statistics

@Suite struct KolmogorovSmirnovTests {
  @Test(arguments: Reference.values.twoSamples)
  func agreesWithSciPy(_ reference: Reference.TwoSamples) throws {
    let expected = reference.kolmogorovSmirnov
    let exact = try KolmogorovSmirnov.twoSample(
      reference.first, reference.second, method: .exact)
    #expect(agree(exact.statistic, expected.statistic))
    #expect(
      agreeRelatively(exact.pValue, expected.exact), "\(exact.pValue) \(expected.exact)")
    let limit = try KolmogorovSmirnov.twoSample(
      reference.first, reference.second, method: .limit)
    #expect(limit.statistic == exact.statistic)
    #expect(
      agreeRelatively(limit.pValue, expected.limit), "\(limit.pValue) \(expected.limit)")
    let automatic = try KolmogorovSmirnov.twoSample(reference.first, reference.second)
    #expect(automatic == exact)
  }

  @Test func exchangesTheSides() throws {
    for reference in Reference.values.twoSamples {
      let forth = try KolmogorovSmirnov.twoSample(reference.first, reference.second)
      let back = try KolmogorovSmirnov.twoSample(reference.second, reference.first)
      #expect(forth.statistic == back.statistic)
      #expect(agreeRelatively(forth.pValue, back.pValue, tolerance: 1e-12))
    }
  }

  @Test func takesTheCensoredAsInfinite() throws {
    let result = try KolmogorovSmirnov.twoSample([1, .infinity, .infinity], [.infinity, 2, 0.5])
    #expect(agree(result.statistic, 1.0 / 3))
    let none = try KolmogorovSmirnov.twoSample([.infinity, .infinity], [.infinity])
    #expect(none == TestResult(statistic: 0, pValue: 1))
  }

  @Test func refusesWhatIsNoSample() throws {
    for invalid in [[], [.nan], [1, -.infinity]] as [[Double]] {
      #expect(throws: SampleError.self) { try KolmogorovSmirnov.twoSample(invalid, [1]) }
      #expect(throws: SampleError.self) { try KolmogorovSmirnov.twoSample([1], invalid) }
      #expect(throws: SampleError.self) {
        try KolmogorovSmirnov.oneSample(invalid) { _ in 0.5 }
      }
    }
    for invalid in [Double.nan, -0.1, 1.1] {
      #expect(throws: SampleError.self) {
        try KolmogorovSmirnov.oneSample([1]) { _ in invalid }
      }
    }
  }

  /// p-values under the null are uniform; those of a shift of half a standard deviation are not.
  @Test func exactPValuesAreUniform() throws {
    let stream = try testStream(1)
    func pValues(shift: Double) throws -> [Double] {
      // Coprime sizes: the law of the statistic has many small atoms.
      try (0..<2_000).map { _ in
        let x = (0..<61).map { _ in stream.gaussian() }
        let y = (0..<67).map { _ in stream.gaussian() + shift }
        return try KolmogorovSmirnov.twoSample(x, y).pValue
      }
    }
    let null = try KolmogorovSmirnov.oneSample(try pValues(shift: 0)) { $0 }
    #expect(null.pValue > 1e-6, "\(null)")
    let shifted = try KolmogorovSmirnov.oneSample(try pValues(shift: 0.5)) { $0 }
    #expect(shifted.pValue < 1e-6, "a shift gives uniform p-values: \(shifted)")
  }

  @Test func oneSamplePValuesAreUniform() throws {
    let stream = try testStream(2)
    func pValues(scale: Double) throws -> [Double] {
      try (0..<2_000).map { _ in
        let sample = (0..<100).map { _ in scale * stream.gaussian() }
        return try KolmogorovSmirnov.oneSample(
          sample, cumulative: NormalDistribution.cumulative
        ).pValue
      }
    }
    let null = try KolmogorovSmirnov.oneSample(try pValues(scale: 1)) { $0 }
    #expect(null.pValue > 1e-6, "\(null)")
    let wide = try KolmogorovSmirnov.oneSample(try pValues(scale: 1.4)) { $0 }
    #expect(wide.pValue < 1e-6, "a wrong law gives uniform p-values: \(wide)")
  }
}
