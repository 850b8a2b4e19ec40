import GSL
import Testing

@testable import Statistics

@Suite struct CramerVonMisesTests {
  @Test(arguments: Reference.values.twoSamples)
  func agreesWithSciPy(_ reference: Reference.TwoSamples) throws {
    let (first, second) = (reference.first, reference.second)
    guard let expected = reference.cramerVonMises else {
      #expect(throws: SampleError.self) { try CramerVonMises.twoSample(first, second) }
      return
    }
    let limit = try CramerVonMises.twoSample(first, second, method: .limit)
    #expect(agree(limit.statistic, expected.statistic))
    #expect(agree(limit.pValue, expected.limit), "\(limit.pValue) \(expected.limit)")
    if let value = expected.exact {
      let exact = try CramerVonMises.twoSample(first, second, method: .exact)
      #expect(agreeRelatively(exact.pValue, value), "\(exact.pValue) \(value)")
      #expect(try CramerVonMises.twoSample(first, second) == exact)
    } else {
      #expect(try CramerVonMises.twoSample(first, second) == limit)
    }
  }

  /// Upper percentage points of ω² in table 1 of Anderson and Darling (1952).
  @Test(arguments: [(0.34730, 0.1), (0.46136, 0.05), (0.74346, 0.01), (1.16786, 0.001)])
  func limitAgreesWithTheTable(_ critical: Double, _ level: Double) throws {
    let tail = try QuadraticFormTail.cramerVonMises(critical)
    #expect(abs(tail / level - 1) < 1e-3, "\(tail)")
  }

  /// Far out the first factor e^(−xπ²/2) rules: p-values must not drown in 1 − F.
  @Test func smallPValuesKeepTheirAccuracy() throws {
    let tails = try [10.0, 20, 40].map(QuadraticFormTail.cramerVonMises)
    #expect(tails.allSatisfy { $0 > 0 })
    #expect(tails[0] < 1e-20)
    #expect(tails[2] < 1e-80)
  }

  @Test func limitingPValuesAreUniform() throws {
    let stream = try testStream(31)
    func pValues(shift: Double) throws -> [Double] {
      try (0..<2_000).map { _ in
        let x = (0..<60).map { _ in stream.gaussian() }
        let y = (0..<80).map { _ in stream.gaussian() + shift }
        return try CramerVonMises.twoSample(x, y).pValue
      }
    }
    let null = try KolmogorovSmirnov.oneSample(try pValues(shift: 0)) { $0 }
    #expect(null.pValue > 1e-6, "\(null)")
    let shifted = try KolmogorovSmirnov.oneSample(try pValues(shift: 0.4)) { $0 }
    #expect(shifted.pValue < 1e-6, "\(shifted)")
  }

  @Test func refusesWhatCannotBeCompared() throws {
    for invalid in [[], [1], [1, .nan], [1, -.infinity]] as [[Double]] {
      #expect(throws: SampleError.self) { try CramerVonMises.twoSample(invalid, [1, 2]) }
      #expect(throws: SampleError.self) { try CramerVonMises.twoSample([1, 2], invalid) }
    }
    let long = [Double](repeating: 1, count: 41)
    #expect(throws: SampleError.self) {
      try CramerVonMises.twoSample(long, long, method: .exact)
    }
    let equal = try CramerVonMises.twoSample([1, 1, 1], [1, 1])
    #expect(equal.pValue == 1)
  }

  @Test func exactLawIsQuickAtItsLargestSizes() throws {
    let stream = try testStream(32)
    let x = (0..<41).map { _ in stream.gaussian() }
    let y = (0..<39).map { _ in stream.gaussian() + 1 }
    let exact = try CramerVonMises.twoSample(x, y, method: .exact)
    let limit = try CramerVonMises.twoSample(x, y, method: .limit)
    #expect(abs(exact.pValue / limit.pValue - 1) < 0.5, "\(exact) \(limit)")
  }
}
