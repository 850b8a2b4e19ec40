import Foundation
import GSL
import Statistics
import Testing

@Suite struct KaplanMeierTests {
  @Test(arguments: Reference.pairs) func agreesWithSciPy(pair: Reference.Pair) throws {
    for (sample, expected) in zip([pair.first, pair.second], pair.expected.kaplanMeier ?? []) {
      let curve = KaplanMeier(sample)
      #expect(curve.times == expected.times && curve.atRisk == expected.at_risk)
      #expect(curve.exits == expected.exits)
      #expect(zip(curve.survival, expected.survival).allSatisfy { agree($0, $1) })
      let bands: [(String, KaplanMeier.Band)] = [("linear", .linear), ("log-log", .logLog)]
      for (name, band) in bands {
        let intervals = try curve.band(band, confidenceLevel: 0.9)
        let wanted = expected.bands[name]!
        #expect(intervals.count == wanted.count)
        for (interval, wanted) in zip(intervals, wanted) {
          #expect((interval == nil) == (wanted == nil))
          guard let interval, let wanted else { continue }
          #expect(agree(interval.lowerBound, wanted[0]) && agree(interval.upperBound, wanted[1]))
        }
      }
    }
  }

  @Test func evaluatesAsASteps() throws {
    let curve = KaplanMeier(try ExitSample([1, 2, 4, 8]))
    let values = [0.5, 1, 1.5, 2, 7, 8, 9].map { curve.survival(at: $0) }
    #expect(values == [1, 0.75, 0.75, 0.5, 0.25, 0, 0])
  }

  @Test(arguments: Reference.pairs) func restrictedMeanIsThatOfRestrictedTimes(
    pair: Reference.Pair
  ) throws {
    for sample in [pair.first, pair.second] {
      let horizon = sample.earliestCensoring ?? 5
      let times = try sample.restrictedTimes(to: horizon)
      let result = try KaplanMeier(sample).restrictedMean(to: horizon)
      #expect(agree(result.estimate, try mean(of: times)))
      // Greenwood's sum has the divisor n where the variance has n − 1.
      let n = Double(times.count)
      let error = (try variance(of: times) * (n - 1) / n / n).squareRoot()
      #expect(agree(result.standardError, error))
    }
  }

  @Test func restrictedMeanBeyondTheCurveThrows() throws {
    let curve = KaplanMeier(try ExitSample(times: [1, 3], isObserved: [true, false]))
    #expect(throws: StatisticsError.self) { try curve.restrictedMean(to: 4) }
    #expect(throws: StatisticsError.self) { try curve.restrictedMean(to: .nan) }
    #expect(try curve.restrictedMean(to: 0.5).estimate == 0.5)
    let whole = KaplanMeier(try ExitSample([1, 3]))
    #expect(try whole.restrictedMean(to: 10).estimate == 2)
  }

  /// Tells whether a band covers the survival function of exponential times at 1; `censor`
  /// treats the censored as exits when false.
  private static func covers(_ stream: RandomStream, censor: Bool) throws -> Bool {
    var (times, isObserved) = ([Double](), [Bool]())
    for _ in 0..<100 {
      let exit = -log(stream.uniformPositive())
      let end = 3 * stream.uniform()
      times.append(min(exit, end))
      isObserved.append(exit < end || !censor)
    }
    let curve = KaplanMeier(try ExitSample(times: times, isObserved: isObserved))
    let index = curve.times.lastIndex { $0 <= 1 }!
    return try curve.band(.logLog)[index]!.contains(exp(-1))
  }

  @Test func bandsCover() throws {
    let score = try Calibration.score(probability: 0.95, repetitions: 1000) {
      try Self.covers($0, censor: true)
    }
    #expect(abs(score) < 4.9)
  }

  @Test func takingTheCensoredForExitsIsFound() throws {
    let score = try Calibration.score(probability: 0.95, repetitions: 1000) {
      try Self.covers($0, censor: false)
    }
    #expect(abs(score) > 4.9)
  }
}
