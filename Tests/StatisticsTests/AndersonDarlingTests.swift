import GSL
import Statistics
import Testing

@Suite struct AndersonDarlingTests {
  @Test(arguments: Reference.pairs) func agreesWithSciPy(pair: Reference.Pair) throws {
    let result = try AndersonDarling.test(pair.first, pair.second, method: .interpolated)
    expectAgreement(result, pair.expected.andersonDarling)
  }

  @Test(arguments: Reference.pairs) func exactPermutationsAgreeWithSciPy(
    pair: Reference.Pair
  ) throws {
    guard let expected = pair.expected.exactPermutation else { return }
    let stream = try RandomStream(seed: 1, purpose: 0, replica: 0)
    let result = try AndersonDarling.test(
      pair.first, pair.second, method: .permutation(count: 20_000, stream: stream))
    #expect(agree(result.pValue, expected.anderson_darling, tolerance: 1e-14))
  }

  @Test func drawnPermutationsApproachTheExact() throws {
    let pair = Reference.pair("small")
    func pValue(_ replica: Int) throws -> Double {
      let stream = try RandomStream(seed: 4, purpose: 0, replica: replica)
      return try AndersonDarling.test(
        pair.first, pair.second, method: .permutation(count: 4000, stream: stream)
      ).pValue
    }
    let exact = pair.expected.exactPermutation!.anderson_darling
    let spread = (exact * (1 - exact) / 4000).squareRoot()
    #expect(abs(try pValue(0) - exact) < 4.9 * spread + 1 / 4000.0)
    #expect(try pValue(0) == pValue(0))
    #expect(try pValue(0) != pValue(1))
  }

  @Test func pairsAreExchangedAsPairs() throws {
    // Every first member exits a little earlier: only the pairing shows it.
    let starts = (0..<8).map { Double($0) }
    let first = try ExitSample(starts)
    let second = try ExitSample(starts.map { $0 + 1.5 })
    let stream = try RandomStream(seed: 1, purpose: 0, replica: 0)
    let method = AndersonDarling.Method.permutation(count: 20_000, stream: stream)
    let paired = try AndersonDarling.test(first, second, pairing: .byStart, method: method)
    // All 2⁸ exchanges are visited; the observed one and its mirror are the most extreme.
    #expect(paired.pValue == 2 / 256.0)
    #expect(try AndersonDarling.test(first, second, method: method).pValue > 0.1)
  }

  @Test func badInputThrows() throws {
    let sample = try ExitSample([1, 1])
    #expect(throws: StatisticsError.allValuesEqual) {
      try AndersonDarling.test(sample, sample, method: .asymptotic)
    }
    let single = try ExitSample([1])
    #expect(throws: StatisticsError.tooFewValues(count: 3, needed: 4)) {
      try AndersonDarling.test(sample, single, method: .asymptotic)
    }
    let other = try ExitSample([1, 2, 3])
    let stream = try RandomStream(seed: 1, purpose: 0, replica: 0)
    #expect(throws: StatisticsError.self) {
      try AndersonDarling.test(
        sample, other, pairing: .byStart, method: .permutation(count: 9, stream: stream))
    }
    #expect(throws: StatisticsError.self) {
      try AndersonDarling.test(sample, other, method: .permutation(count: 0, stream: stream))
    }
  }

  private static func samples(
    _ stream: RandomStream, scale: Double
  ) throws -> (ExitSample, ExitSample) {
    (
      try ExitSample((0..<41).map { _ in stream.uniform() }),
      try ExitSample((0..<37).map { _ in scale * stream.uniform() })
    )
  }

  @Test(arguments: [1, 1.6]) func asymptoticPValuesAreUniform(scale: Double) throws {
    let probability = try Calibration.uniformity { stream in
      let (first, second) = try Self.samples(stream, scale: scale)
      return try AndersonDarling.test(first, second, method: .asymptotic).pValue
    }
    // The second scale is the sabotage: laws that differ must be found.
    #expect((probability > 1e-6) == (scale == 1))
  }

  @Test(arguments: [1, 1.8]) func permutationPValuesAreUniform(scale: Double) throws {
    let probability = try Calibration.uniformity(repetitions: 400) { stream in
      let (first, second) = try Self.samples(stream, scale: scale)
      // The p-values are k/100 with k = 1 … 100: their centres fill the bins evenly.
      return try AndersonDarling.test(
        first, second, method: .permutation(count: 99, stream: stream)
      ).pValue - 0.005
    }
    #expect((probability > 1e-6) == (scale == 1))
  }
}
