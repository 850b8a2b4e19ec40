import Foundation
import GSL
import Statistics
import Testing

@Suite struct MeanRatioTests {
  @Test(arguments: Reference.pairs) func agreesWithSciPy(pair: Reference.Pair) throws {
    for (level, expected) in pair.expected.meanRatios {
      let level = Double(level)!
      let horizon = [pair.first, pair.second].compactMap(\.earliestCensoring).min()
      var results = [
        // SciPy's values are of times cut at the earliest censored one.
        "unpaired": try MeanRatio.unpaired(
          pair.first, pair.second, horizon: horizon, confidenceLevel: level),
        "one_sample": try MeanRatio.oneSample(
          pair.first, against: 4, horizon: horizon, confidenceLevel: level),
      ]
      if pair.first.count == pair.second.count {
        results["paired"] = try MeanRatio.paired(
          pair.first, pair.second, horizon: horizon, confidenceLevel: level)
      }
      #expect(Set(results.keys) == Set(expected.keys))
      for (name, result) in results {
        let wanted = expected[name]!
        #expect(agree(result.estimate!, wanted.estimate), "\(name)")
        #expect(result.horizon == horizon)
        #expect((result.interval == nil) == (wanted.interval == nil), "\(name)")
        guard let interval = result.interval, let wanted = wanted.interval else { continue }
        #expect(agree(interval.lowerBound, wanted[0]), "\(name)")
        #expect(agree(interval.upperBound, wanted[1]), "\(name)")
      }
    }
  }

  @Test func withoutSpreadThereIsNoInterval() throws {
    let constant = try ExitSample([2, 2, 2])
    let other = try ExitSample([1, 2, 3])
    let single = try ExitSample([4])
    let results = [
      try MeanRatio.paired(other, other),
      try MeanRatio.paired(constant, ExitSample([1, 1, 1])),
      try MeanRatio.unpaired(constant, other),
      try MeanRatio.unpaired(other, single),
      try MeanRatio.paired(single, single),
      try MeanRatio.oneSample(constant, against: 2),
      try MeanRatio.oneSample(single, against: 2),
    ]
    for result in results {
      #expect(result.estimate != nil && result.interval == nil)
      #expect(try result.verdict(margin: 0.05) == .undetermined)
    }
  }

  @Test func withoutPositiveMeansThereIsNoRatio() throws {
    let zero = try ExitSample([0, 0, 0])
    let other = try ExitSample([1, 2, 3])
    let results = [
      try MeanRatio.unpaired(zero, other), try MeanRatio.paired(other, zero),
      try MeanRatio.oneSample(other, against: -1),
      try MeanRatio.unpaired(other, ExitSample([-1, -2, -4])),
    ]
    for result in results {
      #expect(result.estimate == nil && result.interval == nil)
      #expect(try result.verdict(margin: 0.5) == .undetermined)
    }
  }

  @Test func aMeanNearZeroHasNoFiniteInterval() throws {
    let nearZero = try ExitSample([-1, 1.0001])
    #expect(try MeanRatio.oneSample(nearZero, against: 1).interval == nil)
  }

  @Test func badInputThrows() throws {
    let sample = try ExitSample([1, 2, 3])
    #expect(throws: StatisticsError.self) { try MeanRatio.paired(sample, ExitSample([1, 2])) }
    for level in [0, 1, -0.1, .nan] {
      #expect(throws: StatisticsError.self) {
        try MeanRatio.unpaired(sample, sample, confidenceLevel: level)
      }
    }
    #expect(throws: StatisticsError.self) {
      try MeanRatio.oneSample(sample, against: .infinity)
    }
  }

  @Test func encodesEstimateAndInterval() throws {
    let whole = try MeanRatio.unpaired(ExitSample([1, 2, 3]), ExitSample([2, 3, 5]))
    let data = try JSONEncoder().encode(whole)
    let decoded = try JSONDecoder().decode(Reference.Interval.self, from: data)
    #expect(decoded.estimate == whole.estimate)
    #expect(decoded.interval == [whole.interval!.lowerBound, whole.interval!.upperBound])
    let bare = try MeanRatio.unpaired(ExitSample([1]), ExitSample([2]))
    let text = String(decoding: try JSONEncoder().encode(bare), as: UTF8.self)
    #expect(text.contains("\"interval\":null"))
  }

  /// Draws 40 pairs that share a start, as the same gain in both, and noise of their own.
  private static func pairs(_ stream: RandomStream) throws -> (ExitSample, ExitSample) {
    let starts = (0..<40).map { _ in 3 + 0.5 * stream.gaussian() }
    return (
      try ExitSample(starts.map { 1.2 * $0 + 0.2 * stream.gaussian() }),
      try ExitSample(starts.map { $0 + 0.2 * stream.gaussian() })
    )
  }

  @Test func pairedIntervalsCover() throws {
    let score = try Calibration.score(probability: 0.95) { stream in
      let (first, second) = try Self.pairs(stream)
      return try MeanRatio.paired(first, second).interval!.contains(1.2)
    }
    #expect(abs(score) < 4.9)
  }

  @Test func ignoringThePairsIsFound() throws {
    let score = try Calibration.score(probability: 0.95) { stream in
      let (first, second) = try Self.pairs(stream)
      return try MeanRatio.unpaired(first, second).interval!.contains(1.2)
    }
    #expect(abs(score) > 4.9)
  }

  private static func independent(_ stream: RandomStream) throws -> (ExitSample, ExitSample) {
    (
      try ExitSample((0..<12).map { _ in 3 + 0.6 * stream.gaussian() }),
      try ExitSample((0..<30).map { _ in 2 + 0.2 * stream.gaussian() })
    )
  }

  @Test func unpairedIntervalsCover() throws {
    let score = try Calibration.score(probability: 0.9) { stream in
      let (first, second) = try Self.independent(stream)
      return try MeanRatio.unpaired(first, second, confidenceLevel: 0.9).interval!.contains(1.5)
    }
    #expect(abs(score) < 4.9)
  }

  @Test func takingASampleForANumberIsFound() throws {
    let score = try Calibration.score(probability: 0.9) { stream in
      let (first, second) = try Self.independent(stream)
      return try MeanRatio.oneSample(second, against: mean(of: first.times), confidenceLevel: 0.9)
        .interval!.contains(2 / 3.0)
    }
    #expect(abs(score) > 4.9)
  }

  @Test func oneSampleIntervalsCover() throws {
    let score = try Calibration.score(probability: 0.95) { stream in
      let (first, _) = try Self.independent(stream)
      return try MeanRatio.oneSample(first, against: 2).interval!.contains(1.5)
    }
    #expect(abs(score) < 4.9)
  }
}
