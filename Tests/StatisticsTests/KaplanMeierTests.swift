import Foundation
import GSL
import Testing

@testable import Statistics

@Suite struct KaplanMeierTests {
  @Test(arguments: Reference.values.censoredSamples)
  func agreesWithSciPy(_ reference: Reference.CensoredSamples) throws {
    for side in [reference.first, reference.second] {
      let curve = KaplanMeier(try CensoredSample(times: side.times, observed: side.observed))
      let expected = side.kaplanMeier
      #expect(curve.times == expected.times)
      for (value, other) in zip(curve.survival, expected.survival) {
        #expect(agree(value, other))
      }
      let bands = try curve.bands()
      for index in curve.times.indices {
        // SciPy's S may end at a rounding error instead of 0.
        if curve.survival[index] == 0 {
          #expect(curve.variance[index] == nil)
          #expect(bands[index] == nil)
          continue
        }
        let variance = try #require(curve.variance[index])
        #expect(agree(variance, try #require(expected.variance[index])))
        guard let band = bands[index] else {
          #expect(curve.survival[index] == 1)
          continue
        }
        #expect(agree(band.lower, try #require(expected.lower[index])))
        #expect(agree(band.upper, try #require(expected.upper[index])))
      }
    }
  }

  @Test func withoutCensoringItIsTheEmpiricalOne() throws {
    let times = [3.0, 1, 2, 2, 5]
    let curve = KaplanMeier(try CensoredSample(exitTimes: times, horizon: .infinity))
    #expect(curve.times == [1, 2, 3, 5])
    #expect(curve.atRisk == [5, 4, 2, 1])
    #expect(curve.exits == [1, 2, 1, 1])
    for (time, survival) in [(0.5, 1.0), (1, 0.8), (2.5, 0.4), (4, 0.2), (5, 0), (9, 0)] {
      #expect(agree(try #require(curve.survival(at: time)), survival))
    }
    #expect(try curve.quantile(0.6) == 2)
    #expect(try curve.quantile(0.61) == 3)
    #expect(try curve.quantile(1) == 5)
    #expect(curve.survival(at: .nan) == nil)
    let summary = try SampleSummary(times, horizon: 10)
    let mean = try curve.restrictedMean(to: 10)
    #expect(agree(mean.estimate, try #require(summary.mean)))
    #expect(agree(try #require(mean.standardError), try #require(summary.standardError)))
  }

  @Test func atOneHorizonTheMeanIsTheRestrictedOne() throws {
    let times = [3.0, .infinity, 2, 2, 5, .infinity, 1]
    let curve = KaplanMeier(try CensoredSample(exitTimes: times, horizon: 4))
    let summary = try SampleSummary(times, horizon: 4)
    let mean = try curve.restrictedMean(to: 4)
    #expect(agree(mean.estimate, try #require(summary.restrictedMean)))
    #expect(agree(try #require(mean.standardError), try #require(summary.standardError)))
    #expect(curve.survival(at: 4.5) == nil)
    #expect(try curve.quantile(0.7) == nil)
    #expect(throws: SampleError.self) { try curve.restrictedMean(to: 4.5) }
  }

  @Test func allCensoredSurvive() throws {
    let curve = KaplanMeier(try CensoredSample(exitTimes: [.infinity, .infinity], horizon: 2))
    #expect(curve.survival == [1])
    #expect(try curve.bands() == [nil])
    #expect(try curve.quantile(0.5) == nil)
    let mean = try curve.restrictedMean(to: 2)
    #expect(mean.estimate == 2)
    #expect(mean.standardError == 0)
    let one = KaplanMeier(try CensoredSample(exitTimes: [1], horizon: 2))
    #expect(try one.restrictedMean(to: 2).standardError == nil)
  }

  /// The bands hold S(t) with their probability; those of S(1.25 t) do not.
  @Test func bandsCover() throws {
    let stream = try testStream(61)
    let (trials, time) = (4_000, 0.8)
    var (right, wrong) = (0, 0)
    for _ in 0..<trials {
      let exits = (0..<200).map { _ in stream.gamma(shape: 1, scale: 1) }
      let ends = exits.map { _ in 0.3 + 2 * stream.uniform() }
      let sample = try CensoredSample(
        times: zip(exits, ends).map { min($0, $1) }, observed: zip(exits, ends).map { $0 <= $1 })
      let curve = KaplanMeier(sample)
      let index = try #require(curve.times.lastIndex { $0 <= time })
      let band = try #require(try curve.bands()[index])
      right += band.lower <= exp(-time) && exp(-time) <= band.upper ? 1 : 0
      wrong += band.lower <= exp(-1.25 * time) && exp(-1.25 * time) <= band.upper ? 1 : 0
    }
    let check = RateCheck(successes: right, trials: trials, probability: 0.95)
    #expect(check.passes, "\(check)")
    let sabotage = RateCheck(successes: wrong, trials: trials, probability: 0.95)
    #expect(!sabotage.passes, "\(sabotage)")
  }

  @Test func refusesProbabilitiesOutOfRange() throws {
    let curve = KaplanMeier(try CensoredSample(exitTimes: [1, 2], horizon: 3))
    for invalid in [-0.1, 1.1, .nan] {
      #expect(throws: SampleError.self) { try curve.quantile(invalid) }
      #expect(throws: SampleError.self) { try curve.bands(level: invalid) }
      #expect(throws: SampleError.self) { try curve.restrictedMean(to: -1) }
    }
  }
}
