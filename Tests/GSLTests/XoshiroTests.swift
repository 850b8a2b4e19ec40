import CKernels
import GSL
import Testing

@Suite struct XoshiroTests {
  /// Checks the first words after (1, 2, 3, 4) of the authors' program.
  @Test func wordsEqualThePublishedOnes() {
    var state: [UInt64] = [1, 2, 3, 4]
    let words = (0..<10).map { _ in esc_xoshiro_next(&state) }
    #expect(
      words == [
        41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386,
        9_228_616_714_210_784_205, 9_973_669_472_204_895_162, 14_011_001_112_246_962_877,
        12_406_186_145_184_390_807, 15_849_039_046_786_891_736, 10_450_023_813_501_588_000,
      ])
  }

  @Test func goingBackUndoesAStep() {
    var state: [UInt64] = [0x9e37_79b9_7f4a_7c15, 2, .max, 1 << 63]
    var path = [state]
    for _ in 0..<100 {
      _ = esc_xoshiro_next(&state)
      path.append(state)
    }
    for earlier in path.dropLast().reversed() {
      esc_xoshiro_back(&state)
      #expect(state == earlier)
    }
  }

  @Test func aStreamStartsAtItsBlocksOfPhilox() throws {
    let (seed, replica, purpose): (UInt64, UInt64, UInt16) = (0x299f_31d0_a409_3822, 77, 3)
    var state: [UInt64] = [0, 0, 0, 0]
    for half: UInt64 in 0..<2 {
      let counter: [UInt32] = [0x2000_0000, UInt32(half), UInt32(replica), UInt32(purpose) << 16]
      var block: [UInt32] = [0, 0, 0, 0]
      escapement_philox_block(counter, [0xa409_3822, 0x299f_31d0], &block)
      state[2 * Int(half)] = UInt64(block[0]) << 32 | UInt64(block[1])
      state[2 * Int(half) + 1] = UInt64(block[2]) << 32 | UInt64(block[3])
    }
    let bits = try RandomStream(seed: seed, purpose: purpose, replica: Int(replica))
    let uniforms = try RandomStream(seed: seed, purpose: purpose, replica: Int(replica))
    for _ in 0..<100 {
      let word = esc_xoshiro_next(&state)
      #expect(bits.bits() == UInt(word >> 32))
      #expect(uniforms.uniform() == Double(word >> 11) * 0x1p-53)
    }
  }
}
