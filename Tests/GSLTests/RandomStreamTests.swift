import Testing

@testable import GSL

@Suite struct RandomStreamTests {
  private struct Block: Hashable {
    let words: [UInt]
  }

  private func words(_ stream: RandomStream, _ count: Int) -> [UInt] {
    (0..<count).map { _ in stream.bits() }
  }

  @Test func aStreamIsReproducible() throws {
    for generator in RandomGenerator.all {
      let first = try RandomStream(generator: generator, seed: 9, purpose: 3, replica: 12)
      let second = try RandomStream(generator: generator, seed: 9, purpose: 3, replica: 12)
      #expect(words(first, 50) == words(second, 50), "\(generator.name)")
    }
  }

  @Test(arguments: [RandomGenerator.xoshiro, .philox])
  func streamsShareNoBlock(generator: RandomGenerator) throws {
    var blocks: Set<Block> = []
    var count = 0
    for seed: UInt64 in [0, 1, 1 << 32, .max] {
      for purpose: UInt16 in [0, 1, 2, .max] {
        for replica in [0, 1, 2, 65_536, 1 << 32, (1 << 48) - 1] {
          let stream = try RandomStream(
            generator: generator, seed: seed, purpose: purpose, replica: replica)
          for _ in 0..<16 {
            blocks.insert(Block(words: words(stream, 4)))
            count += 1
          }
        }
      }
    }
    #expect(blocks.count == count)
  }

  @Test(arguments: [RandomGenerator.xoshiro, .philox])
  func everyBitIsSetHalfTheTime(generator: RandomGenerator) throws {
    let stream = try RandomStream(generator: generator, seed: 5, purpose: 0, replica: 0)
    let draws = 100_000
    var counts = Array(repeating: 0, count: 32)
    for _ in 0..<draws {
      let word = stream.bits()
      for bit in 0..<32 where word >> UInt(bit) & 1 == 1 {
        counts[bit] += 1
      }
    }
    let standardError = (Double(draws) / 4).squareRoot()
    // Thirty-two comparisons share the budget of 10⁻⁶.
    let largestScore = NormalDistribution.survivalQuantile(0.5e-6 / 32)
    for count in counts {
      #expect(abs(Double(count) - Double(draws) / 2) < largestScore * standardError)
    }
  }

  @Test func uniformsFillTheUnitInterval() throws {
    for name in ["xoshiro256++", "philox4x32-10", "mt19937", "taus2", "ranlxd2"] {
      let generator = try RandomGenerator(named: name)
      let stream = try RandomStream(generator: generator, seed: 1, purpose: 0, replica: 4)
      let sample = (0..<100_000).map { _ in stream.uniform() }
      #expect(sample.allSatisfy { $0 >= 0 && $0 < 1 })
      func check(_ sample: [Double]) throws -> Bool {
        try SampleCheck(
          sample, mean: 0.5, variance: 1.0 / 12, excessKurtosis: -1.2, cumulative: { $0 }
        ).passes
      }
      #expect(try check(sample), "\(name)")
      #expect(try !check(sample.map { $0 * 0.98 }), "\(name): the check has no power")
    }
  }

  @Test func uniformsOfPhiloxHave53BitsFromTwoWords() throws {
    let bits = try RandomStream(generator: .philox, seed: 1, purpose: 2, replica: 3)
    let uniforms = try RandomStream(generator: .philox, seed: 1, purpose: 2, replica: 3)
    for _ in 0..<100 {
      let low = bits.bits()
      let high = bits.bits()
      #expect(uniforms.uniform() == Double((high << 32 | low) >> 11) * 0x1p-53)
    }
  }

  @Test func positiveUniformsAreNever0() throws {
    // Of all generators this one has the fewest values, 0 among them.
    let stream = try RandomStream(
      generator: RandomGenerator(named: "uni"), seed: 1, purpose: 0, replica: 0)
    for _ in 0..<100_000 {
      let value = stream.uniformPositive()
      #expect(value > 0 && value < 1)
    }
  }

  @Test func aReplicaOutOfRangeThrows() throws {
    #expect(throws: GSLError.self) { try RandomStream(seed: 1, purpose: 0, replica: -1) }
    #expect(throws: GSLError.self) { try RandomStream(seed: 1, purpose: 0, replica: 1 << 48) }
    let twister = try RandomGenerator(named: "mt19937")
    for (purpose, replica) in [(16, 0), (0, 1 << 28), (0, -1), (15, (1 << 28) - 1)] {
      #expect(throws: GSLError.self) {
        try RandomStream(
          generator: twister, seed: 1, purpose: UInt16(purpose), replica: replica)
      }
    }
  }
}
