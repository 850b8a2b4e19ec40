import Foundation
import GSL
import Testing

@testable import Statistics

/// What may be said of samples of which replicas are censored, at one horizon or at any time.
@Suite struct CensoringTests {
  /// Holds what lifelines answers for textbook data; `data/reference/censored.py` made it.
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    struct Side: Decodable, Sendable {
      let times: [Double]
      let observed: [Bool]
    }

    struct Means: Decodable, Sendable {
      let horizon: Double
      let first: [Double]
      let second: [Double]
    }

    let name: String
    let first: Side
    let second: Side
    let known_until: [Double?]
    let log_rank: [Double]
    let restricted_means: [Means]

    var testDescription: String { name }

    func samples() throws -> (ExitSample, ExitSample) {
      (
        try ExitSample(times: first.times, isObserved: first.observed),
        try ExitSample(times: second.times, isObserved: second.observed)
      )
    }
  }

  private struct Document: Decodable { let cases: [Case] }

  static let cases: [Case] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../data/reference/censored.json").standardizedFileURL
    do {
      return try JSONDecoder().decode(Document.self, from: Data(contentsOf: file)).cases
    } catch {
      fatalError("\(file.path): \(error)")
    }
  }()

  private static func stream(_ replica: Int = 0, seed: UInt64 = 31) throws -> RandomStream {
    try RandomStream(seed: seed, purpose: 3, replica: replica)
  }

  /// Times with what is at most `horizon` seen.
  private func cut(_ times: [Double], at horizon: Double) throws -> ExitSample {
    try ExitSample(
      times: times.map { min($0, horizon) }, isObserved: times.map { $0 < horizon })
  }

  @Test(arguments: cases) func `restricted means and their errors agree with lifelines`(
    _ item: Case
  ) throws {
    let (first, second) = try item.samples()
    for means in item.restricted_means {
      for (sample, expected) in [(first, means.first), (second, means.second)] {
        let times = try sample.pseudoTimes(to: means.horizon)
        #expect(agree(try mean(of: times), expected[0]))
        let n = Double(times.count)
        // Greenwood's sum has no n/(n − 1).
        let error = (try variance(of: times) * (n - 1)).squareRoot() / n
        #expect(agree(error, expected[1]))
        let curve = try KaplanMeier(sample).restrictedMean(to: means.horizon)
        #expect(agree(curve.estimate, expected[0]) && agree(curve.standardError, expected[1]))
      }
      let ratio = try MeanRatio.unpaired(first, second, horizon: means.horizon)
      #expect(agree(ratio.estimate!, means.first[0] / means.second[0]))
    }
    #expect(first.knownUntil == item.known_until[0] && second.knownUntil == item.known_until[1])
    let test = LogRank.test(first, second)
    #expect(agree(test.statistic, item.log_rank[0]) && agree(test.pValue, item.log_rank[1]))
    // Exchanging patients with their censoring gives the same answer as the limit law, roughly.
    let permuted = try LogRank.test(
      first, second, pairing: .independent, permutations: 999, stream: Self.stream())
    #expect(permuted.statistic == test.statistic || agree(permuted.statistic, test.statistic))
    #expect(permuted.pValue < 0.02 && permuted.smallestPValue == 0.001)
  }

  @Test func `with one horizon for all the times are those cut there, bit by bit`() throws {
    let stream = try Self.stream()
    let times = (0..<300).map { _ in 1 - log(1 - stream.uniform()) }
    let sample = try cut(times, at: 2)
    #expect(sample.knownUntil == 2)
    #expect(try sample.pseudoTimes(to: 2) == times.map { min($0, 2) })
    let other = try cut(times.map { 1.1 * $0 }, at: 2)
    let ratio = try MeanRatio.paired(sample, other)
    #expect(ratio == (try MeanRatio.paired(sample, other, horizon: 2)))
    #expect(ratio.horizon == 2)
    #expect(ratio.firstSeen == Double(times.count { $0 < 2 }) / 300)
    // Without any censoring the same machinery gives the times back.
    let whole = try ExitSample(times)
    #expect(whole.knownUntil == nil)
    #expect(try whole.pseudoTimes(to: nil) == times)
  }

  @Test func `pseudo-times of the whole curve are the times, to rounding`() throws {
    let stream = try Self.stream()
    let times = (0..<200).map { _ in 1 - log(1 - stream.uniform()) }
    // One replica that was never watched changes the numbers by its absence alone.
    let late = try ExitSample(times: times + [0], isObserved: times.map { _ in true } + [false])
    let pseudo = try late.pseudoTimes(to: nil)
    #expect(agree(try mean(of: pseudo), try mean(of: times), tolerance: 1e-12))
    let centre = try mean(of: times)
    for (time, value) in zip(times, pseudo) {
      #expect(agree(value - centre, (time - centre) * 201 / 200, tolerance: 1e-9))
    }
  }

  @Test func `one replica censored early does not rule`() throws {
    let first = try ExitSample(
      times: [Double](repeating: 0.9, count: 5) + [Double](repeating: 10, count: 95) + [1],
      isObserved: [Bool](repeating: true, count: 100) + [false])
    let second = try ExitSample(
      [Double](repeating: 0.8, count: 5) + [Double](repeating: 1000, count: 95))
    let ratio = try MeanRatio.unpaired(first, second)
    #expect(abs(ratio.estimate! - 0.01005) < 1e-4)
    #expect(ratio.horizon == nil && ratio.firstSeen == 100 / 101.0)
    #expect(try ratio.verdict(margin: 0.05) == .different)
    // Sabotage: the cut at the earliest censored time.
    let old = try MeanRatio.unpaired(first, second, horizon: 1)
    #expect(old.interval!.lowerBound > 0.95 && old.interval!.upperBound < 1.05)
    #expect(try old.verdict(margin: 0.05) == .undetermined)
    let battery = try TestBattery(
      first, second, pairing: .independent, stream: Self.stream())
    for test in [
      battery.kolmogorovSmirnov, battery.andersonDarling, battery.cramerVonMises, battery.energy,
    ] {
      #expect(test?.pValue == 0.001 && test?.kind == .permutation && test?.isBound == true)
    }
    let measures = try DifferenceMeasures(
      first, second,
      bootstrap: Bootstrap(pairing: .independent, resamples: 199, stream: Self.stream()))
    #expect(abs(measures.wasserstein.estimate! - 940.5) < 0.1)
    #expect(abs(measures.meanDifference.estimate! + 940.5) < 0.1)
    #expect(measures.quantileShifts[2].estimate == -990)
    #expect(measures.largestDistance.estimate! > 0.9)
    #expect(measures.spreadRatio.estimate == nil)
  }

  /// Pairs that share a start, `share` of the slower side beyond the horizon.
  private func pairs(ratio: Double, share: Double, count: Int = 400) throws -> (
    ExitSample, ExitSample
  ) {
    let stream = try Self.stream()
    let starts = (0..<count).map { _ in 1 - log(1 - stream.uniform()) }
    let (x, y) = (
      starts.map { ratio * ($0 + 0.02 * stream.uniform()) },
      starts.map { $0 + 0.02 * stream.uniform() }
    )
    let end = try quantile(ofSorted: y.sorted(), probability: 1 - share)
    return (try cut(x, at: end), try cut(y, at: end))
  }

  @Test func `what is not seen is not called equivalent`() throws {
    let (first, second) = try pairs(ratio: 1, share: 0.8)
    let ratio = try MeanRatio.paired(first, second)
    #expect(ratio.interval!.lowerBound > 0.95 && ratio.interval!.upperBound < 1.05)
    #expect(ratio.equivalenceObstacle == .unseen)
    #expect(try ratio.verdict(margin: 0.05) == .undetermined)
    #expect(try ratio.equivalencePValue(margin: 0.05) == 1)
    #expect(try ratio.replicasNeeded(margin: 0.05) == nil)
    // With two per cent unseen the claim may be made.
    let (near, other) = try pairs(ratio: 1, share: 0.02)
    let seen = try MeanRatio.paired(near, other)
    #expect(seen.horizon != nil && seen.equivalenceObstacle == nil)
    #expect(try seen.verdict(margin: 0.05) == .equivalent)
    let pValue = try #require(try seen.equivalencePValue(margin: 0.05))
    #expect(pValue < 0.05)
  }

  @Test func `a log-rank test that rejects forbids it, with a replica censored and not without`()
    throws
  {
    // Means within two per cent of each other; the laws are told apart by pairs.
    let (first, second) = try pairs(ratio: 1.02, share: 0.02, count: 2000)
    let ratio = try MeanRatio.paired(first, second)
    #expect(ratio.equivalenceObstacle == .logRank && ratio.logRankPValue! < 1e-6)
    #expect(try ratio.verdict(margin: 0.05) == .undetermined)
    let (x, y) = try pairs(ratio: 1.02, share: 0, count: 2000)
    let whole = try MeanRatio.paired(ExitSample(x.times), ExitSample(y.times))
    #expect(whole.logRankPValue == nil)
    #expect(try whole.verdict(margin: 0.05) == .equivalent)
  }

  @Test func `the time needed is that by which nearly all exit`() throws {
    let stream = try Self.stream()
    let times = (0..<4000).map { _ in 1 - log(1 - stream.uniform()) }
    // S(t) = e^(1 − t) is 0.025 at 4.689.
    let sample = try cut(times, at: 2)
    #expect(abs(try sample.timeNeeded(unseen: 0.025)! - 4.689) < 0.3)
    #expect(try cut(times, at: 1.0001).timeNeeded(unseen: 0.025) == nil)
    let whole = try ExitSample(times).timeNeeded(unseen: 0.025)
    #expect(abs(whole! - 4.689) < 0.3)
  }

  // One exit in all lies on either side with the odds of their sizes.
  @Test(arguments: [(20, 200), (150, 20_000), (20_000, 20_000)])
  func `one exit in all has the p-value of a draw`(first: Int, second: Int) throws {
    func sample(_ count: Int, exits: Int) throws -> ExitSample {
      try ExitSample(
        times: (0..<count).map { $0 < exits ? 1 : 2 }, isObserved: (0..<count).map { $0 < exits })
    }
    let battery = try TestBattery(
      sample(first, exits: 1), sample(second, exits: 0), pairing: .independent, permutations: 99,
      stream: Self.stream())
    let expected = first == second ? 1 : Double(first) / Double(first + second)
    for test in [
      battery.andersonDarling, battery.cramerVonMises, battery.energy, battery.logRank,
    ] {
      #expect(test?.kind == .exact)
      #expect(agree(try #require(test).pValue, expected, tolerance: 1e-12))
    }
    #expect(battery.kolmogorovSmirnov?.kind == .upperBound && battery.unavailable.isEmpty)
    #expect(battery.kolmogorovSmirnov!.pValue >= expected)
    // Sabotage: the limit law, for which one exit is none too few.
    if first == 150 {
      let limit = try CramerVonMises.test(
        sample(first, exits: 1), sample(second, exits: 0), method: .asymptotic)
      #expect(limit.pValue < 1e-20 && limit.kind == .asymptotic)
    }
  }

  @Test func `few ways among many equal values are counted as all ways are`() throws {
    let first = try ExitSample(
      times: [1, 2, 5, 5, 5], isObserved: [true, true, false, false, false])
    let second = try ExitSample(
      times: [1.5, 3, 5, 5, 5, 5], isObserved: [true, true, false, false, false, false])
    func battery(_ permutations: Int) throws -> [TestResult?] {
      let all = try TestBattery(
        first, second, pairing: .independent, permutations: permutations, stream: Self.stream())
      return [all.andersonDarling, all.cramerVonMises, all.energy, all.logRank]
    }
    // 462 ways in all, of which 16 differ.
    for (all, few) in zip(try battery(999), try battery(20)) {
      let (all, few) = (try #require(all), try #require(few))
      #expect(all.kind == .exact && few.kind == .exact)
      #expect(agree(all.pValue, few.pValue, tolerance: 1e-12))
    }
    // With fewer permutations than that they are drawn, and say so.
    #expect(try battery(10).allSatisfy { $0?.kind == .permutation })
  }

  @Test func `curves without censoring have the statistics of the samples`() throws {
    for name in ["unequal sizes", "ties", "heavy ties", "censored unequal"] {
      let pair = Reference.pair(name)
      let end = ExitSample.commonEnd(pair.first, pair.second)
      let curves = CensoredOrder(pair.first, pair.second, end: end)
      let relabelled = CurveTest(pairing: .independent, count: 9, stream: try Self.stream())
      let results = [
        (
          try KolmogorovSmirnov.test(curves, relabelled),
          try KolmogorovSmirnov.test(pair.first, pair.second)
        ),
        (
          try CramerVonMises.test(curves, relabelled),
          try CramerVonMises.test(pair.first, pair.second)
        ),
        (
          try AndersonDarling.test(curves, relabelled),
          try AndersonDarling.test(pair.first, pair.second, method: .interpolated)
        ),
      ]
      for (curve, sample) in results {
        #expect(agree(curve.statistic, sample.statistic), "\(name)")
      }
      let energy = try EnergyDistance.test(curves, relabelled)
      #expect(agree(energy.statistic, pair.expected.energyDistance), "\(name)")
      let rank = curves.order.labels.withUnsafeBufferPointer(curves.logRank)
      if end == nil { #expect(agree(rank, pair.expected.logRank.statistic)) }
    }
  }

  /// Exponential exits, a third of them censored at random.
  private static func censored(_ stream: RandomStream, _ count: Int, scale: Double) throws
    -> ExitSample
  {
    let rows = (0..<count).map { _ -> (Double, Bool) in
      let (time, end) = (-scale * log(1 - stream.uniform()), -2 * log(1 - stream.uniform()))
      return (min(time, end), time <= end)
    }
    return try ExitSample(times: rows.map(\.0), isObserved: rows.map(\.1))
  }

  @Test(arguments: [1, 2.5])
  func `tests of randomly censored samples keep their level`(scale: Double) throws {
    var counts = [Int](repeating: 0, count: 4)
    let repetitions = 150
    for replica in 0..<repetitions {
      let stream = try Self.stream(replica, seed: 41)
      let battery = try TestBattery(
        Self.censored(stream, 40, scale: 1), Self.censored(stream, 30, scale: scale),
        pairing: .independent, permutations: 99, stream: stream)
      let tests = [
        battery.kolmogorovSmirnov, battery.andersonDarling, battery.cramerVonMises,
        battery.energy,
      ]
      for (index, test) in tests.enumerated() where try #require(test).pValue <= 0.05 {
        counts[index] += 1
      }
    }
    let spread = (0.05 * 0.95 * Double(repetitions)).squareRoot()
    for count in counts {
      let excess = (Double(count) - 0.05 * Double(repetitions)) / spread
      // The second scale is the sabotage: laws that differ must be found.
      #expect((excess < 4.9) == (scale == 1), "\(counts)")
    }
  }

  @Test func `measures of randomly censored samples find the truth`() throws {
    let stream = try Self.stream(1)
    let (first, second) = (
      try Self.censored(stream, 3000, scale: 1), try Self.censored(stream, 3000, scale: 1.5)
    )
    let measures = try DifferenceMeasures(
      first, second,
      bootstrap: Bootstrap(pairing: .independent, resamples: 99, stream: stream))
    let end = try #require(ExitSample.commonEnd(first, second))
    // ∫ (e^(−t) − e^(−t/1.5)) up to the end, and differences of −log(1 − p).
    let difference = (1 - exp(-end)) - 1.5 * (1 - exp(-end / 1.5))
    #expect(try #require(measures.meanDifference.interval).contains(difference))
    #expect(try #require(measures.meanDifferenceBootstrap).contains(difference))
    #expect(try #require(measures.wasserstein.interval).contains(-difference))
    #expect(try #require(measures.quantileShifts[1].interval).contains(0.5 * log(0.75)))
    #expect(measures.quantileShifts[4].estimate == nil)
    let distance = try #require(measures.largestDistance.interval)
    // max e^(−t/1.5) − e^(−t) is 4/27 at t = 3 log 1.5.
    #expect(distance.contains(4 / 27.0))
    #expect(abs(measures.largestDistance.estimate! - 4 / 27.0) < 0.04)
  }

  @Test func `eigenvalues of any size and number have a law`() throws {
    // The law depends on x/μ alone; rare exits give eigenvalues of 1e-10.
    for eigenvalues in [[1.0], [1, 0.4, 0.1], [1, 0.4, 0.1, 0.05, 0.001]] {
      for x in [0.01, 0.5, 3, 20] {
        let value = try QuadraticLaw.survival(x, eigenvalues: eigenvalues)
        for scale in [1e-12, 1e-6, 1e6] {
          let scaled = try QuadraticLaw.survival(
            scale * x, eigenvalues: eigenvalues.map { scale * $0 })
          #expect(agree(scaled, value, tolerance: 1e-8), "\(eigenvalues), \(x), \(scale)")
        }
        // One that is next to nothing adds next to nothing.
        let more = try QuadraticLaw.survival(x, eigenvalues: eigenvalues + [1e-9])
        #expect(abs(more - value) < 1e-6, "\(eigenvalues), \(x): \(more), \(value)")
      }
    }
    #expect(
      agree(try QuadraticLaw.survival(6.25e-10, eigenvalues: [6.25e-10]), erfc(0.5.squareRoot())))
  }

  @Test func `a p-value says when only a bound is known`() throws {
    #expect(TestResult(statistic: 1, pValue: 0.3, kind: .upperBound).isBound)
    #expect(!TestResult(statistic: 1, pValue: 0.3, kind: .exact).isBound)
    let floor = TestResult(
      statistic: 1, pValue: 0.001, kind: .permutation, smallestPValue: 0.001)
    #expect(floor.isBound)
    #expect(
      !TestResult(statistic: 1, pValue: 0.002, kind: .permutation, smallestPValue: 0.001).isBound)
    let sample = try ExitSample([1, 2, 2, 3])
    #expect(try KolmogorovSmirnov.test(sample, ExitSample([1.5, 4, 5])).kind == .upperBound)
    #expect(try KolmogorovSmirnov.test(ExitSample([1, 2]), ExitSample([1.5, 4])).kind == .exact)
  }
}
