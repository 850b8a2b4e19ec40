import GSL
import Testing

@testable import Statistics

@Suite struct QuantileShiftTests {
  @Test func estimatesAreThoseOfTheSummaries() throws {
    for reference in Reference.values.twoSamples {
      let shifts = try QuantileShift.estimates(
        reference.first, reference.second, paired: false, resamples: 9, stream: testStream(81))
      let first = try SampleSummary(reference.first, horizon: 1e9).quantiles
      let second = try SampleSummary(reference.second, horizon: 1e9).quantiles
      for (index, shift) in shifts.enumerated() {
        #expect(shift.probability == SampleSummary.probabilities[index])
        let left = try #require(first[index].value)
        let right = try #require(second[index].value)
        #expect(agree(try #require(shift.estimate), left - right, tolerance: 1e-12))
      }
    }
  }

  @Test func keepsTheOrderOfTheProbabilities() throws {
    let stream = try testStream(82)
    let x = (0..<50).map { _ in stream.gaussian() }
    let shifts = try QuantileShift.estimates(
      x, x.map { $0 / 2 }, probabilities: [0.9, 0.1, 0.1, 1, 0], paired: true, stream: stream)
    #expect(shifts.map(\.probability) == [0.9, 0.1, 0.1, 1, 0])
    #expect(try #require(shifts[0].estimate) > 0)
    #expect(shifts[1] == shifts[2])
    #expect(shifts[3].estimate == (x.max() ?? 0) / 2)
    #expect(shifts[4].estimate == (x.min() ?? 0) / 2)
  }

  @Test func intervalsCover() throws {
    let stream = try testStream(83)
    let (trials, shift) = (1_000, 0.5)
    for paired in [true, false] {
      var (right, wrong) = (0, 0)
      for _ in 0..<trials {
        let starts = (0..<100).map { _ in stream.gaussian() }
        let x = starts.map { shift + $0 + 0.2 * stream.gaussian() }
        let y = starts.map { (paired ? $0 : stream.gaussian()) + 0.2 * stream.gaussian() }
        let estimate = try QuantileShift.estimates(
          x, y, probabilities: [0.5], paired: paired, resamples: 199, stream: stream)[0]
        let interval = try #require(estimate.interval)
        right += interval[0] <= shift && shift <= interval[1] ? 1 : 0
        wrong += interval[0] <= shift + 0.3 && shift + 0.3 <= interval[1] ? 1 : 0
      }
      #expect(right > 900, "\(right) of \(trials)")
      #expect(wrong < 900, "\(wrong) of \(trials)")
    }
  }

  @Test func quantilesAmongTheCensoredAreUnknown() throws {
    let stream = try testStream(84)
    let x = (1...40).map { Double($0) } + [Double](repeating: .infinity, count: 20)
    let y = (1...60).map { Double($0) }
    let shifts = try QuantileShift.estimates(x, y, paired: false, stream: stream)
    #expect(shifts[0].estimate != nil)
    #expect(shifts[0].interval != nil)
    #expect(shifts[3].estimate == nil)
    #expect(shifts[3].interval == nil)
    // The quartile itself is known, its interval reaches the censored now and then.
    let near = try QuantileShift.estimates(
      x, y, probabilities: [0.65], paired: false, stream: stream)[0]
    #expect(near.estimate != nil)
    #expect(near.interval == nil)
  }

  @Test func refusesWhatCannotBeCompared() throws {
    let stream = try testStream(85)
    for invalid in [[], [.nan], [-.infinity]] as [[Double]] {
      #expect(throws: SampleError.self) {
        try QuantileShift.estimates(invalid, [1], paired: false, stream: stream)
      }
    }
    #expect(throws: SampleError.self) {
      try QuantileShift.estimates([1, 2], [1], paired: true, stream: stream)
    }
    #expect(throws: SampleError.self) {
      try QuantileShift.estimates([1], [1], probabilities: [1.5], paired: true, stream: stream)
    }
    let single = try QuantileShift.estimates([2], [1], paired: true, stream: stream)
    #expect(single.allSatisfy { $0.estimate == 1 && $0.interval == nil })
  }
}
