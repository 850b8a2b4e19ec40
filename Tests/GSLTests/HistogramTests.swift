import GSL
import Testing

@Suite struct HistogramTests {
  @Test func valuesFallInTheirBins() throws {
    let histogram = try Histogram(of: [0, 0.5, 1, 1.5, 2, 3, 4], bins: 4)
    #expect(histogram.edges == [0, 1, 2, 3, 4])
    #expect(histogram.counts == [2, 2, 1, 2])
    #expect(histogram.countBelow == 0 && histogram.countAbove == 0)
  }

  @Test func valuesOutOfRangeAreCountedApart() throws {
    let histogram = try Histogram(of: [-1, 0, 1, 2, 3, .infinity], bins: 2, range: 0...2)
    #expect(histogram.counts == [1, 2])
    #expect(histogram.countBelow == 1)
    #expect(histogram.countAbove == 2)
  }

  @Test(arguments: [0, 3, -1e-12, 1e12, -1e300])
  func equalValuesHaveABin(_ value: Double) throws {
    let histogram = try Histogram(of: [value, value, value], bins: 5)
    #expect(histogram.counts == [0, 0, 3, 0, 0])
    #expect(zip(histogram.edges, histogram.edges.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func noValuesInARangeAreAllowed() throws {
    #expect(try Histogram(of: [], bins: 2, range: 0...1).counts == [0, 0])
  }

  @Test func badArgumentsThrow() {
    #expect(throws: GSLError.self) { try Histogram(of: [1, 2], bins: 0) }
    #expect(throws: GSLError.self) { try Histogram(of: [], bins: 3) }
    #expect(throws: GSLError.self) { try Histogram(of: [1, .nan], bins: 3) }
    #expect(throws: GSLError.self) { try Histogram(of: [1, .infinity], bins: 3) }
    #expect(throws: GSLError.self) { try Histogram(of: [1], bins: 3, range: 2...2) }
    // So narrow a range has no room for the edges.
    #expect(throws: GSLError.self) { try Histogram(of: [1, 1.0.nextUp], bins: 3) }
  }
}
