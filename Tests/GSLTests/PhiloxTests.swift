import CKernels
import GSL
import Testing

@Suite struct PhiloxTests {
  private func block(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
    var result: [UInt32] = [0, 0, 0, 0]
    escapement_philox_block(counter, key, &result)
    return result
  }

  /// Checks the vectors that the authors publish with their code (Random123, kat_vectors).
  @Test func blocksEqualThePublishedVectors() {
    #expect(
      block([0, 0, 0, 0], [0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    #expect(
      block([.max, .max, .max, .max], [.max, .max])
        == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
    #expect(
      block([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0])
        == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
  }

  @Test func aStreamReadsItsBlocksInOrder() throws {
    let seed: UInt64 = 0x299f_31d0_a409_3822
    let stream = try RandomStream(
      generator: .philox, seed: seed, purpose: 0x0370, replica: 0x7344_1319_8a2e)
    for index: UInt32 in 0..<40 {
      let expected = block([index, 0, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0])
      let read = (0..<4).map { _ in UInt32(stream.bits()) }
      #expect(read == expected)
    }
  }
}
