import Testing

@testable import Statistics

@Suite struct CensoredSampleTests {
  @Test func takesExitTimes() throws {
    let sample = try CensoredSample(exitTimes: [1, .infinity, 5, 2], horizon: 4)
    #expect(sample.times == [1, 4, 4, 2])
    #expect(sample.observed == [true, false, false, true])
    #expect(sample.observedCount == 2)
    #expect(sample.rankedTimes == [1, .infinity, .infinity, 2])
    #expect(sample.restrictedTimes(to: 3) == [1, 3, 3, 2])
    #expect(sample.restrictedTimes(to: 4.5) == nil)
  }

  @Test func completeSamplesNeedNoHorizon() throws {
    let sample = try CensoredSample(exitTimes: [1, 2], horizon: .infinity)
    #expect(sample.observedCount == 2)
    #expect(sample.restrictedTimes(to: .infinity) == [1, 2])
  }

  @Test func refusesWhatIsNoSample() {
    for invalid in [[], [.nan], [-.infinity]] as [[Double]] {
      #expect(throws: SampleError.self) { try CensoredSample(exitTimes: invalid, horizon: 1) }
    }
    #expect(throws: SampleError.self) { try CensoredSample(exitTimes: [1], horizon: .nan) }
    #expect(throws: SampleError.self) {
      try CensoredSample(exitTimes: [.infinity], horizon: .infinity)
    }
    #expect(throws: SampleError.self) { try CensoredSample(times: [1], observed: []) }
    #expect(throws: SampleError.self) { try CensoredSample(times: [.infinity], observed: [true]) }
  }
}
