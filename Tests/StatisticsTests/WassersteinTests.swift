import GSL
import Testing

@testable import Statistics

@Suite struct WassersteinTests {
  @Test(arguments: Reference.values.twoSamples)
  func agreesWithSciPy(_ reference: Reference.TwoSamples) throws {
    let distance = try Wasserstein(reference.first, reference.second)
    #expect(agree(distance.estimate, reference.wasserstein))
    let bounded = try Wasserstein(
      reference.first, reference.second, paired: false, resamples: 99, stream: testStream(71))
    #expect(bounded.estimate == distance.estimate)
    guard let interval = bounded.interval else {
      #expect(min(reference.first.count, reference.second.count) == 1)
      return
    }
    #expect(interval[0] >= 0)
    #expect(interval[0] <= distance.estimate)
    #expect(interval[1] >= distance.estimate)
  }

  /// Counts how often the interval holds the distance of two laws shifted by `shift`.
  private func coverage(
    _ purpose: UInt16, shift: Double, paired: Bool, claimed: Double
  ) throws -> RateCheck {
    let stream = try testStream(purpose)
    let covered = try (0..<1_000).count { _ in
      let starts = (0..<60).map { _ in stream.gaussian() }
      let x = starts.map { $0 + 0.2 * stream.gaussian() }
      let y = starts.map {
        shift + (paired ? $0 : stream.gaussian()) + 0.2 * stream.gaussian()
      }
      let interval = try #require(
        try Wasserstein(x, y, paired: paired, resamples: 199, stream: stream).interval)
      return interval[0] <= claimed && claimed <= interval[1]
    }
    return RateCheck(successes: covered, trials: 1_000, probability: 0.95)
  }

  /// 199 resamples and n = 60 leave the level within a few per cent.
  @Test(arguments: [true, false]) func intervalCovers(_ paired: Bool) throws {
    let shift = 1.0
    let check = try coverage(72, shift: shift, paired: paired, claimed: shift)
    #expect(check.successes > 900, "\(check)")
    let sabotage = try coverage(73, shift: shift, paired: paired, claimed: paired ? 1.1 : 1.6)
    #expect(sabotage.successes < 900, "\(sabotage)")
  }

  @Test func pairsNarrowTheInterval() throws {
    let stream = try testStream(74)
    let x = (0..<200).map { _ in stream.gaussian() }
    let y = x.map { $0 + 1 + 0.05 * stream.gaussian() }
    func width(paired: Bool) throws -> Double {
      let result = try Wasserstein(x, y, paired: paired, stream: stream)
      let interval = try #require(result.interval)
      return interval[1] - interval[0]
    }
    #expect(try width(paired: true) < width(paired: false) / 5)
  }

  /// Equal laws are called different in 5% of the trials at most, different ones more often.
  @Test(arguments: [true, false]) func equalLawsReachZero(_ paired: Bool) throws {
    let (stream, trials) = (try testStream(75), 1_000)
    func differing(scale: Double) throws -> RateCheck {
      let count = try (0..<trials).count { _ in
        let x = (0..<100).map { _ in stream.gaussian() }
        let y = x.map { scale * (paired ? (0.8 * $0 + 0.6 * stream.gaussian()) : stream.gaussian()) }
        let result = try Wasserstein(x, y, paired: paired, resamples: 99, stream: stream)
        return result.interval?[0] != 0
      }
      return RateCheck(successes: count, trials: trials, probability: 0.05)
    }
    let equal = try differing(scale: 1)
    #expect(equal.successes < trials / 10, "\(equal)")
    let different = try differing(scale: 2)
    #expect(different.successes > trials / 2, "\(different)")
  }

  @Test func refusesWhatCannotBeCompared() throws {
    for invalid in [[], [.nan], [1, .infinity]] as [[Double]] {
      #expect(throws: SampleError.self) { try Wasserstein(invalid, [1]) }
      #expect(throws: SampleError.self) { try Wasserstein([1], invalid) }
    }
    let stream = try testStream(76)
    #expect(throws: SampleError.self) {
      try Wasserstein([1, 2], [1], paired: true, stream: stream)
    }
    #expect(throws: SampleError.self) {
      try Wasserstein([1], [1], paired: true, level: 1, stream: stream)
    }
    #expect(throws: SampleError.self) {
      try Wasserstein([1], [1], paired: true, resamples: 0, stream: stream)
    }
    #expect(try Wasserstein([1], [3], paired: true, stream: stream).interval == nil)
    #expect(try Wasserstein([1, 1], [3, 3], paired: true, stream: stream).interval == [2, 2])
  }
}
