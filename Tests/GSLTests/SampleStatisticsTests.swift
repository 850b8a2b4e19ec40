import GSL
import Testing

@Suite struct SampleStatisticsTests {
  @Test func momentsAreUnbiased() throws {
    let values = [1.0, 2, 4, 9]
    #expect(abs(try mean(of: values) - 4) < 1e-15)
    #expect(abs(try variance(of: values) - 38.0 / 3) < 1e-14)
    #expect(abs(try covariance(of: values, and: values) - 38.0 / 3) < 1e-14)
    #expect(abs(try covariance(of: values, and: [-1, -2, -4, -9]) + 38.0 / 3) < 1e-14)
  }

  @Test func aLargeOffsetCostsNoPrecision() throws {
    #expect(abs(try variance(of: [1e9 + 1, 1e9 + 2, 1e9 + 3]) - 1) < 1e-12)
  }

  @Test func quantilesInterpolateAsType7() throws {
    let sorted = [1.0, 2, 4, 8]
    #expect(try quantile(ofSorted: sorted, probability: 0) == 1)
    #expect(try quantile(ofSorted: sorted, probability: 1) == 8)
    #expect(try quantile(ofSorted: sorted, probability: 0.5) == 3)
    #expect(abs(try quantile(ofSorted: sorted, probability: 0.9) - 6.8) < 1e-14)
    #expect(try quantile(ofSorted: [7], probability: 0.3) == 7)
  }

  @Test func tooFewValuesThrow() {
    #expect(throws: GSLError.self) { try mean(of: []) }
    #expect(throws: GSLError.self) { try variance(of: [1]) }
    #expect(throws: GSLError.self) { try covariance(of: [1], and: [1]) }
    #expect(throws: GSLError.self) { try covariance(of: [1, 2], and: [1, 2, 3]) }
    #expect(throws: GSLError.self) { try quantile(ofSorted: [], probability: 0.5) }
    #expect(throws: GSLError.self) { try quantile(ofSorted: [1], probability: 1.5) }
    #expect(throws: GSLError.self) { try quantile(ofSorted: [1], probability: .nan) }
  }
}
