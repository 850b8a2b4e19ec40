import Foundation
import GSL
import Statistics
import Testing

@Suite struct KolmogorovSmirnovTests {
  @Test(arguments: Reference.pairs) func agreesWithSciPy(pair: Reference.Pair) throws {
    let (first, second, expected) = (pair.first, pair.second, pair.expected)
    if max(first.count, second.count) <= 1000 {
      expectAgreement(
        try KolmogorovSmirnov.test(first, second, method: .exact), expected.ksExact)
    }
    expectAgreement(
      try KolmogorovSmirnov.test(first, second, method: .asymptotic), expected.ksAsymptotic)
    expectAgreement(try KolmogorovSmirnov.test(first, second), expected.ksAutomatic)
    expectAgreement(try KolmogorovSmirnov.test(second, first), expected.ksAutomatic)
  }

  @Test func oneSampleAgreesWithSciPy() throws {
    for item in Reference.shared.oneSample {
      let result = try KolmogorovSmirnov.test(ExitSample(item.times)) { 1 - exp(-$0) }
      expectAgreement(result, item.expected, "\(item.times.count) values")
    }
  }

  @Test func equalSamplesHaveDistanceZero() throws {
    let sample = try ExitSample([1, 2, 2, 3])
    for method in [KolmogorovSmirnov.Method.exact, .asymptotic] {
      let result = try KolmogorovSmirnov.test(sample, sample, method: method)
      #expect(result.statistic == 0 && result.pValue == 1)
    }
    let single = try ExitSample([1])
    #expect(try KolmogorovSmirnov.test(single, ExitSample([2])).pValue == 1)
  }

  @Test func whatLiesBeyondTheHorizonDoesNotCount() throws {
    let first = try ExitSample(
      times: [1, 2, 3, 5, 5], isObserved: [true, true, true, true, false])
    let second = try ExitSample([1.5, 2.5, 6, 7, 8])
    let result = try KolmogorovSmirnov.test(first, second)
    #expect(abs(result.statistic - 0.2) < 1e-15)
    let oneSample = try KolmogorovSmirnov.test(first) { min($0 / 10, 1) }
    #expect(abs(oneSample.statistic - 0.3) < 1e-15)
  }

  @Test func improperDistributionFunctionThrows() throws {
    let sample = try ExitSample([1, 2])
    #expect(throws: StatisticsError.self) { try KolmogorovSmirnov.test(sample) { $0 } }
    #expect(throws: StatisticsError.self) { try KolmogorovSmirnov.test(sample) { _ in .nan } }
  }

  @Test func pValuesAreUniformUnderTheNull() throws {
    #expect(try Calibration.uniformity { try Self.pValue($0, scale: 1) } > 1e-6)
  }

  @Test func sabotagedPValuesAreFound() throws {
    #expect(try Calibration.uniformity { try Self.pValue($0, scale: 1.3) } < 1e-6)
  }

  /// Draws 101 and 97 values, the second `scale` times too wide; coprime sizes keep the atoms
  /// of the p-value small.
  private static func pValue(_ stream: RandomStream, scale: Double) throws -> Double {
    let first = try ExitSample((0..<101).map { _ in stream.uniform() })
    let second = try ExitSample((0..<97).map { _ in scale * stream.uniform() })
    return try KolmogorovSmirnov.test(first, second).pValue
  }
}
