import CKernels
import Testing

/// Full SGD's kernel for p = 1 against a plain Swift twin, bit for bit, at every level.
@Suite struct WeightsKernelTests {
  static let levels = (0...esc_best_level().rawValue).map { EscLevel(rawValue: $0) }

  /// Adds accumulators up by halving: i with i + n/2.
  private static func halved(_ values: [Double]) -> Double {
    var sums = values
    var count = sums.count
    while count > 1 {
      count /= 2
      for i in 0..<count { sums[i] += sums[i + count] }
    }
    return sums[0]
  }

  /// Overlap and scale after `steps` steps, the way sgd_kernel.h says; fewer than 1024 of them.
  private static func twin(
    _ sgd: EscNetwork, weight a: Double, start: [Double], stream: UInt64, steps: UInt64
  ) -> (overlap: Double, scale: Double) {
    let d = Int(sgd.dimension)
    let chunks = (d + 31) / 32
    let numbers = ScalarStream(seed: sgd.seed, stream: stream)
    var generators = (0..<16).map { numbers.generator($0) }
    let root = Double(d).squareRoot()
    let inverse = 1 / root
    let gain = 2 * sgd.rate * a / Double(d)
    var v = start + [Double](repeating: 0, count: 32 * chunks - d)
    var total = [Double](repeating: 0, count: 32)
    for i in v.indices { total[i % 32] += v[i] * v[i] }
    let factor = (Double(d) / halved(total)).squareRoot()
    v = v.map { $0 * factor }
    var (scale, pending, m) = (1.0, 0.0, v[0] * inverse)
    var old = [Double](repeating: 0, count: v.count)
    for n in 0..<steps {
      var fresh = [Double](repeating: 0, count: v.count)
      var norm = [Double](repeating: 0, count: 16)
      for c in 0..<chunks {
        for b in 0..<16 {
          let pair = ScalarStream.normals(generators[b].pair())
          let (first, second) = (32 * c + b, 32 * c + 16 + b)
          fresh[first] = first < d ? pair.0 : 0
          fresh[second] = second < d ? pair.1 : 0
          norm[b] +=
            32 * c + 32 > d
            ? fresh[first] * fresh[first] + fresh[second] * fresh[second] : pair.square
        }
      }
      var dots = [Double](repeating: 0, count: 32)
      for i in v.indices {
        v[i] = v[i] + pending * old[i]
        dots[i % 32] += v[i] * fresh[i]
      }
      let noises = ScalarStream.normals(numbers.block(1 << 62 | n / 2))
      let z = n % 2 == 0 ? noises.0 : noises.1
      let field = (scale * halved(dots)) * inverse
      let error = (fresh[0] * fresh[0] - (a * field) * field) + sgd.noise * z
      let h = (gain * error) * field
      let q = 1 + h * ((field + field) + h * halved(norm))
      pending = (h * root) / scale
      scale = scale / q.squareRoot()
      m = (scale * (v[0] + pending * fresh[0])) * inverse
      old = fresh
    }
    return (m, scale)
  }

  // A whole number of chunks, one that is cut, and less than one chunk.
  @Test(arguments: levels, [64, 75, 7])
  func `a replica moves as its twin does`(level: EscLevel, dimension: Int) {
    let stride = Int(esc_sgd_stride(UInt64(dimension)))
    let start = (0..<dimension).map { 1 + 0.1 * Double($0 % 5) }
    let steps: UInt64 = 77
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 3 * stride + 64) { memory in
      memory.initialize(repeating: 0)
      let base = memory.baseAddress!
      let weight = base + 3 * stride
      weight.pointee = 0.9
      var network = EscNetwork(
        seed: 0xabcdef, dimension: UInt64(dimension), width: 1, rate: 0.1, weights: weight,
        noise: 0.3)
      var state = EscSgdState()
      state.vectors = base
      state.input = base + stride
      state.scale = base + 3 * stride + 8
      state.pending = base + 3 * stride + 16
      state.overlap = base + 3 * stride + 24
      state.gram = base + 3 * stride + 28
      state.scratch = base + 3 * stride + 32
      state.stream = 5 | 4 << 48
      for i in 0..<dimension { base[i] = start[i] }
      esc_sgd_begin(&network, &state, level)
      // Two calls: the second goes on where the first left the generators.
      for part in [50, steps - 50] {
        let event = esc_sgd_advance(&network, &state, .infinity, -.infinity, part, level)
        #expect(event == ESC_EVENT_NONE)
      }
      let expected = Self.twin(
        network, weight: 0.9, start: start, stream: 5 | 4 << 48, steps: steps)
      #expect(state.overlap[0].bitPattern == expected.overlap.bitPattern)
      #expect(state.scale[0].bitPattern == expected.scale.bitPattern)
    }
  }
}
