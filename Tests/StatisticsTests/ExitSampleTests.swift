import Statistics
import Testing

@Suite struct ExitSampleTests {
  @Test func countsAndHorizon() throws {
    let sample = try ExitSample(times: [1, 5, 2, 4], isObserved: [true, false, true, false])
    #expect(sample.count == 4 && sample.exited == 2 && sample.censored == 2)
    #expect(sample.earliestCensoring == 4)
    #expect(try sample.restrictedTimes(to: 3) == [1, 3, 2, 3])
    #expect(try ExitSample([1, 2]).earliestCensoring == nil)
  }

  @Test func badInputThrows() throws {
    #expect(throws: StatisticsError.tooFewValues(count: 0, needed: 1)) { try ExitSample([]) }
    #expect(throws: StatisticsError.notFinite(index: 1)) { try ExitSample([1, .nan]) }
    #expect(throws: StatisticsError.notFinite(index: 0)) { try ExitSample([.infinity]) }
    #expect(throws: StatisticsError.lengthsDiffer(2, 1)) {
      try ExitSample(times: [1, 2], isObserved: [true])
    }
    let sample = try ExitSample(times: [1, 5], isObserved: [true, false])
    #expect(throws: StatisticsError.horizonBeyondCensoring(horizon: 6, earliest: 5)) {
      try sample.restrictedTimes(to: 6)
    }
    #expect(throws: StatisticsError.self) { try sample.restrictedTimes(to: .nan) }
  }
}
