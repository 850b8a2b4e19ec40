import Testing

@testable import GSL

@Suite struct StreamSeedTests {
  @Test func seedsOfOneRunDiffer() throws {
    for experimentSeed: UInt64 in [0, 1, .max] {
      let seeds = StreamSeed(experimentSeed: experimentSeed)
      var seen: Set<UInt32> = []
      for purpose: UInt16 in [0, 1, 15] {
        for replica in 0..<5_000 {
          seen.insert(try seeds.seed(purpose: purpose, replica: replica))
        }
      }
      #expect(seen.count == 15_000)
    }
  }

  @Test func theIndexThatMapsTo0TakesTheReservedImage() throws {
    let seeds = StreamSeed(experimentSeed: 77)
    let index = seeds.preimage(of: 0)
    #expect(seeds.permuted(index) == 0)
    let seed = try seeds.seed(purpose: UInt16(index >> 28), replica: Int(index & 0xFFF_FFFF))
    #expect(seed == seeds.permuted(StreamSeed.reserved))
    #expect(seed != 0)
  }

  @Test func thePermutationHasAnInverse() {
    let seeds = StreamSeed(experimentSeed: 123)
    for index in stride(from: UInt32(0), to: UInt32.max - 400_000, by: 400_009) {
      #expect(seeds.preimage(of: seeds.permuted(index)) == index)
    }
  }

  @Test func everyExperimentSeedSelectsAnotherPermutation() throws {
    var first: Set<UInt32> = []
    for experimentSeed: UInt64 in 0..<1_000 {
      first.insert(StreamSeed(experimentSeed: experimentSeed << 32).permuted(1))
    }
    #expect(first.count > 990)
  }
}
