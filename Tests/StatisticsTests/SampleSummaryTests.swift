import Testing

@testable import Statistics

@Suite struct SampleSummaryTests {
  @Test func summarisesACompleteSample() throws {
    let summary = try SampleSummary([3, 1, 2, 4], horizon: 10)
    #expect(summary.count == 4)
    #expect(summary.exited == 4)
    #expect(summary.mean == 2.5)
    #expect(summary.restrictedMean == nil)
    #expect(agree(try #require(summary.standardDeviation), (5.0 / 3).squareRoot()))
    #expect(agree(try #require(summary.standardError), (5.0 / 12).squareRoot()))
    for (quantile, value) in zip(summary.quantiles, [1.15, 1.75, 2.5, 3.25, 3.85]) {
      #expect(agree(try #require(quantile.value), value))
    }
  }

  @Test func restrictsTheMeanWhereSomeDidNotExit() throws {
    let summary = try SampleSummary([1, .infinity, 2, .infinity, 4], horizon: 5)
    #expect(summary.exited == 3)
    #expect(summary.mean == nil)
    #expect(summary.restrictedMean == 3.4)
    #expect(summary.standardDeviation == nil)
    let values = summary.quantiles.map(\.value)
    #expect(agree(try #require(values[0]), 1.2))
    #expect(values.dropFirst() == [2, 4, nil, nil])
  }

  @Test func allCensoredHaveNoMean() throws {
    let summary = try SampleSummary([.infinity, .infinity], horizon: 4)
    #expect(summary.exited == 0)
    #expect(summary.mean == nil)
    #expect(summary.restrictedMean == 4)
    #expect(summary.standardError == 0)
    #expect(summary.quantiles.allSatisfy { $0.value == nil })
  }

  @Test func oneReplicaHasNoSpread() throws {
    let summary = try SampleSummary([2], horizon: 4)
    #expect(summary.mean == 2)
    #expect(summary.standardError == nil)
    #expect(summary.standardDeviation == nil)
    #expect(summary.quantiles.allSatisfy { $0.value == 2 })
  }

  @Test func refusesWhatIsNoSample() {
    for invalid in [[], [.nan], [-.infinity]] as [[Double]] {
      #expect(throws: SampleError.self) { try SampleSummary(invalid, horizon: 1) }
    }
    #expect(throws: SampleError.self) { try SampleSummary([.infinity], horizon: .infinity) }
    #expect(throws: SampleError.self) { try SampleSummary([.infinity], horizon: .nan) }
  }
}
