import GSL
import Statistics
import Testing

@Suite struct EnergyDistanceTests {
  @Test(arguments: Reference.pairsOfTimes) func agreesWithSciPy(pair: Reference.Pair) throws {
    let distance = try EnergyDistance.distance(pair.first, pair.second)
    #expect(agree(distance, pair.expected.energyDistance))
    guard let expected = pair.expected.exactPermutation else { return }
    let stream = try RandomStream(seed: 1, purpose: 0, replica: 0)
    let result = try EnergyDistance.test(
      pair.first, pair.second, permutations: 20_000, stream: stream)
    #expect(result.statistic == distance)
    #expect(agree(result.pValue, expected.energy, tolerance: 1e-14))
  }

  @Test func equalSamplesAreNoDifference() throws {
    let sample = try ExitSample([2, 2, 2])
    let stream = try RandomStream(seed: 1, purpose: 0, replica: 0)
    let result = try EnergyDistance.test(sample, sample, stream: stream)
    #expect(result.statistic == 0 && result.pValue == 1)
  }

  @Test(arguments: [1, 1.8]) func pValuesAreUniform(scale: Double) throws {
    let probability = try Calibration.uniformity(repetitions: 400) { stream in
      let first = try ExitSample((0..<41).map { _ in stream.uniform() })
      let second = try ExitSample((0..<37).map { _ in scale * stream.uniform() })
      // The p-values are k/100 with k = 1 … 100: their centres fill the bins evenly.
      return try EnergyDistance.test(first, second, permutations: 99, stream: stream).pValue
        - 0.005
    }
    // The second scale is the sabotage: laws that differ must be found.
    #expect((probability > 1e-6) == (scale == 1))
  }

  /// Draws pairs with a common start; `shift` moves the second of each pair.
  private static func pairedPValue(_ stream: RandomStream, shift: Double) throws -> Double {
    let starts = (0..<20).map { _ in 3 * stream.gaussian() }
    let first = try ExitSample(starts.map { $0 + stream.gaussian() })
    let second = try ExitSample(starts.map { $0 + shift + stream.gaussian() })
    return try EnergyDistance.test(
      first, second, pairing: .byStart, permutations: 99, stream: stream
    ).pValue - 0.005
  }

  @Test(arguments: [0, 0.6]) func pairedPValuesAreUniform(shift: Double) throws {
    let probability = try Calibration.uniformity(repetitions: 400) {
      try Self.pairedPValue($0, shift: shift)
    }
    #expect((probability > 1e-6) == (shift == 0))
  }
}
