import GSL
import Statistics
import Testing

@Suite struct CramerVonMisesTests {
  @Test(arguments: Reference.pairs) func agreesWithSciPy(pair: Reference.Pair) throws {
    let (first, second, expected) = (pair.first, pair.second, pair.expected)
    let comparisons = [
      (try CramerVonMises.test(first, second, method: .asymptotic), expected.cvmAsymptotic),
      (try CramerVonMises.test(first, second), expected.cvmAutomatic),
      (try CramerVonMises.test(second, first), expected.cvmAutomatic),
    ]
    for (result, expected) in comparisons {
      #expect(agree(result.statistic, expected.statistic))
      // SciPy ends its series early and loses the digits of small p-values.
      #expect(abs(result.pValue - expected.pValue) < 1e-9)
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
}
