import CKernels
import Testing

/// The kernel of the chain of many students against a plain Swift twin, bit for bit, with every instruction set.
@Suite struct WideChainKernelTests {
  static let levels = (0...esc_best_instruction_set().rawValue).map {
    EscInstructionSet(rawValue: $0)
  }

  /// Draws the numbers of step `n`: the fields from chunks of 32, the rest from the counter.
  private static func numbers(
    _ stream: ScalarStream, _ generators: inout [ScalarGenerator], _ network: EscSquares,
    _ n: UInt64
  ) -> NetworkTwin.Numbers {
    var normals: [Double] = []
    while normals.count < Int(network.width) + 1 {
      let pairs = generators.indices.map { ScalarStream.normals(generators[$0].pair()) }
      normals += pairs.map(\.0) + pairs.map(\.1)
    }
    let word = stream.block(1 << 62 + n)
    let (z, x, _) = ScalarStream.normals(word)
    let rest = esc_stream_chi_square(
      stream.seed, stream.stream, n, network.dimension - network.width - 1, x, word.1 & 0x3fff)
    return NetworkTwin.Numbers(
      teacher: normals[0], noise: z, students: Array(normals[1...Int(network.width)]), rest: rest)
  }

  // Less than a block of sixteen, a whole number of them, one that is cut.
  @Test(
    arguments: levels, [(5, false), (32, false), (41, false), (1, true), (5, true), (40, true)])
  func `a replica moves as its twin does`(
    instructions: EscInstructionSet, item: (width: Int, isMixed: Bool)
  ) {
    let p = item.width
    let stride = Int(esc_wide_stride(UInt64(p)))
    let a = secondLayer(p, slope: 0.02, isMixed: item.isMixed)
    let size = stride + 2 * p * stride + 12 * stride + 64
    withUnsafeTemporaryAllocation(byteCount: 8 * (size + p), alignment: 64) { raw in
      let base = raw.bindMemory(to: Double.self).baseAddress!
      base.initialize(repeating: 0, count: size + p)
      let weights = base + size
      for j in 0..<p { weights[j] = a[j] }
      var network = EscSquares(
        seed: 0x5eed, dimension: 90, width: UInt64(p), learning_rate: 0.1 * Double(p),
        weights: weights,
        label_noise_deviation: 0.3)
      var state = EscWideState()
      state.overlap = base
      state.factor = base + stride
      state.gram = state.factor + p * stride
      state.scratch = state.gram + p * stride
      state.stream = 9 | 2 << 48
      var twin = NetworkTwin(width: p, shift: 3)
      for j in 0..<p {
        state.overlap[j] = twin.m[j]
        for i in 0...j { state.factor[i * stride + j] = twin.b[j][i] }
      }
      esc_wide_begin(&network, &state)
      for j in 0..<p { for l in 0..<j { twin.q[j][l] = state.gram[j * stride + l] } }
      let stream = ScalarStream(seed: network.seed, stream: state.stream)
      var generators = (0..<16).map { stream.generator($0) }
      let steps: UInt64 = 40
      for n in 0..<steps {
        twin.step(network, a, Self.numbers(stream, &generators, network, n), .plain)
      }
      // Two calls: the second goes on where the first left the generators.
      for part in [25, steps - 25] {
        let event = esc_wide_advance(&network, &state, .infinity, -.infinity, part, instructions)
        #expect(event == ESC_EVENT_NONE)
      }
      for j in 0..<p {
        #expect(state.overlap[j].bitPattern == twin.m[j].bitPattern)
        for i in 0...j {
          #expect(state.factor[i * stride + j].bitPattern == twin.b[j][i].bitPattern)
        }
        for l in 0..<j {
          #expect(state.gram[j * stride + l].bitPattern == twin.q[j][l].bitPattern)
        }
      }
    }
  }
}
