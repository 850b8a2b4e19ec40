import GSL
import Testing

@testable import Statistics

@Suite struct CramerVonMisesTests {
  @Test(arguments: Reference.pairs) func agreesWithSciPy(pair: Reference.Pair) throws {
    let (first, second, expected) = (pair.first, pair.second, pair.expected)
    let (x, y, _) = try ExitSample.comparableTimes(first, second)
    let isTied = Set(x + y).count < x.count + y.count
    let comparisons = [
      (try CramerVonMises.test(first, second, method: .asymptotic), expected.cvmAsymptotic),
      (try CramerVonMises.test(first, second), expected.cvmAutomatic),
      (try CramerVonMises.test(second, first), expected.cvmAutomatic),
    ]
    for (result, expected) in comparisons {
      #expect(agree(result.statistic, expected.statistic))
      // SciPy ends its series early and loses the digits of small p-values; the integral that
      // stands in for it with ties is good to 1e-8.
      #expect(abs(result.pValue - expected.pValue) < (isTied ? 1e-7 : 1e-9))
    }
  }

  @Test func exactAndAsymptoticMeet() throws {
    let first = try ExitSample((0..<14).map { Double($0 * 7 % 17) })
    let second = try ExitSample((0..<15).map { Double($0 * 5 % 17) + 1.5 })
    let exact = try CramerVonMises.test(first, second, method: .exact)
    let asymptotic = try CramerVonMises.test(first, second, method: .asymptotic)
    #expect(exact.statistic == asymptotic.statistic)
    #expect(abs(exact.pValue - asymptotic.pValue) < 0.02)
  }

  @Test func badInputThrows() throws {
    let single = try ExitSample([1])
    let pair = try ExitSample([1, 2])
    #expect(throws: StatisticsError.tooFewValues(count: 1, needed: 2)) {
      try CramerVonMises.test(pair, single)
    }
    let large = try ExitSample((0..<60).map { Double($0) })
    #expect(throws: StatisticsError.self) {
      try CramerVonMises.test(large, large, method: .exact)
    }
  }

  @Test(arguments: [1, 1.6]) func pValuesAreUniform(scale: Double) throws {
    let probability = try Calibration.uniformity { stream in
      let first = try ExitSample((0..<41).map { _ in stream.uniform() })
      let second = try ExitSample((0..<37).map { _ in scale * stream.uniform() })
      return try CramerVonMises.test(first, second).pValue
    }
    // The second scale is the sabotage: laws that differ must be found.
    #expect((probability > 1e-6) == (scale == 1))
  }

  // Four of five replicas censored, and times on a coarse grid.
  @Test(arguments: [true, false]) func pValuesAreUniformWithTies(censored: Bool) throws {
    func uniformity(_ pValue: (TestResult) throws -> Double) throws -> Double {
      try Calibration.uniformity { stream in
        func sample(_ count: Int) throws -> ExitSample {
          let times = (0..<count).map { _ in stream.uniform() }
          if censored {
            return try ExitSample(
              times: times.map { min($0, 0.2) }, isObserved: times.map { $0 < 0.2 })
          }
          return try ExitSample(times.map { ($0 * 12).rounded(.up) })
        }
        return try pValue(CramerVonMises.test(sample(230), sample(170)))
      }
    }
    #expect(try uniformity(\.pValue) > 1e-6)
    // Sabotage: the law without ties, for which censored values leave too little.
    let ignoringTies = try uniformity { try QuadraticLaw.cramerVonMisesSurvival($0.statistic) }
    #expect((ignoringTies < 1e-6) == censored)
  }

  @Test func unequalSizesUnderHeavyCensoringAreNoDifference() throws {
    func sample(_ count: Int) throws -> ExitSample {
      let times = (1...count).map { Double($0) / Double(count) }
      return try ExitSample(times: times.map { min($0, 0.1) }, isObserved: times.map { $0 < 0.1 })
    }
    #expect(try CramerVonMises.test(sample(20), sample(2000)).pValue > 0.3)
  }
}
