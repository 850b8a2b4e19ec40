import GSL
import Statistics
import Testing

@Suite struct DifferenceMeasuresTests {
  private func samples() throws -> (ExitSample, ExitSample) {
    let stream = try RandomStream(seed: 8, purpose: 0, replica: 0)
    let starts = (0..<60).map { _ in 2 + 0.3 * stream.gaussian() }
    return (
      try ExitSample(starts.map { 2 * $0 }),
      try ExitSample(starts.map { $0 - 0.1 * stream.gaussian() })
    )
  }

  @Test func eachMeasureIsThatOfItsOwnEstimator() throws {
    let (first, second) = try samples()
    func bootstrap() throws -> Bootstrap {
      try Bootstrap(
        pairing: .byStart, resamples: 499,
        stream: RandomStream(seed: 9, purpose: 0, replica: 0))
    }
    let measures = try DifferenceMeasures(first, second, bootstrap: bootstrap())
    #expect(
      measures.wasserstein
        == (try WassersteinDistance.estimate(first, second, bootstrap: bootstrap())))
    for (probability, shift) in zip(DifferenceMeasures.probabilities, measures.quantileShifts) {
      #expect(
        shift
          == (try QuantileShift.estimate(
            first, second, probability: probability, bootstrap: bootstrap())))
    }
    #expect(measures.largestDistance == (try LargestDistance.estimate(first, second)))
    let mean = try bootstrap().estimate(first, second) {
      try GSL.mean(of: $0) - GSL.mean(of: $1)
    }
    let interval = try #require(measures.meanDifferenceBootstrap)
    #expect(agree(interval.lowerBound, mean.interval!.lowerBound))
    #expect(agree(interval.upperBound, mean.interval!.upperBound))
    let spread = try bootstrap().estimate(first, second) {
      (try variance(of: $0) / variance(of: $1)).squareRoot()
    }
    #expect(agree(measures.spreadRatio.estimate!, spread.estimate!))
    #expect(agree(measures.spreadRatio.interval!.lowerBound, spread.interval!.lowerBound))
    #expect(agree(measures.spreadRatio.interval!.upperBound, spread.interval!.upperBound))
  }

  @Test func withoutSpreadThereIsNoRatioOfSpreads() throws {
    let constant = try ExitSample([2, 2, 2])
    let stream = try RandomStream(seed: 9, purpose: 0, replica: 0)
    let measures = try DifferenceMeasures(
      constant, ExitSample([1, 2, 3]),
      bootstrap: Bootstrap(pairing: .independent, resamples: 99, stream: stream))
    #expect(measures.spreadRatio.estimate == nil && measures.spreadRatio.interval == nil)
    #expect(measures.meanDifferenceBootstrap == nil)
  }

  @Test func oneSampleDifferenceIsThatOfStudent() throws {
    let shift = try MeanDifference.oneSample(ExitSample([1, 2, 3, 6]), against: 2)
    #expect(shift.estimate == 1)
    // 1 ± t(3, 0.975) √(14/3/4).
    #expect(agree(shift.interval!.upperBound, 1 + 3.1824463052842638 * (14 / 12.0).squareRoot()))
    #expect(try MeanDifference.oneSample(ExitSample([3]), against: 2).interval == nil)
    let censored = try ExitSample(times: [1, 3, 3], isObserved: [true, false, false])
    #expect(agree(try MeanDifference.oneSample(censored, against: 5).estimate!, -2 / 3.0))
    #expect(throws: StatisticsError.self) {
      try MeanDifference.oneSample(censored, against: .nan)
    }
  }
}
