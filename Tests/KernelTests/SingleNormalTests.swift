import CKernels
import Foundation
import GSL
import Testing

/// Normals made in single precision: their arithmetic, their bounds and their law.
@Suite struct SingleNormalTests {
  static let levels = (0...esc_best_instruction_set().rawValue).map {
    EscInstructionSet(rawValue: $0)
  }

  private static func pair(_ radius: UInt32, _ angle: UInt32) -> (Float, Float) {
    var out: [Float] = [0, 0]
    esc_stream_single_normals(radius, angle, &out)
    return (out[0], out[1])
  }

  /// Writes chunks of normals of a stream.
  private static func normals(
    _ chunks: Int, seed: UInt64, instructions: EscInstructionSet = esc_best_instruction_set()
  )
    -> [Double]
  {
    var generators = EscGenerators()
    for i in 0..<16 { esc_generator_start(&generators, Int32(i), seed, 9, UInt64(i)) }
    var out = [Double](repeating: 0, count: 32 * chunks)
    // Two calls: the second goes on where the first left the generators.
    out.withUnsafeMutableBufferPointer {
      let first = chunks / 3
      esc_normals(&generators, ESC_SINGLE, UInt64(first), $0.baseAddress!, instructions)
      esc_normals(
        &generators, ESC_SINGLE, UInt64(chunks - first), $0.baseAddress! + 32 * first, instructions)
    }
    return out
  }

  static let edges: [UInt32] = [
    0, 1, 2, 3, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xb504_f333, 0xb504_f335, 0xffff_fffe, .max,
  ]

  @Test func `a pair equals its twin, bit for bit`() {
    var generator = ScalarStream(seed: 3, stream: 4).generator()
    var words = SingleNormalTests.edges.flatMap { radius in
      SingleNormalTests.edges.map { (radius, $0) }
    }
    words += (0..<10_000).map { _ in
      let word = generator.next()
      return (UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32))
    }
    for (radius, angle) in words {
      let (x, y) = SingleNormalTests.pair(radius, angle)
      let twin = ScalarStream.singleNormals(radius: radius, angle: angle)
      #expect(x.bitPattern == twin.0.bitPattern && y.bitPattern == twin.1.bitPattern)
    }
  }

  @Test(arguments: levels)
  func `chunks are the pairs of the generators' halves`(instructions: EscInstructionSet) {
    let stream = ScalarStream(seed: 11, stream: 9)
    var generators = (0..<16).map { stream.generator($0) }
    let values = SingleNormalTests.normals(50, seed: 11, instructions: instructions)
    for c in 0..<50 {
      let words = generators.indices.map { generators[$0].next() }
      func half(_ b: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: words[b / 2] >> (b % 2 == 0 ? 0 : 32))
      }
      for b in 0..<16 {
        let twin = ScalarStream.singleNormals(radius: half(b), angle: half(16 + b))
        #expect(values[32 * c + b] == Double(twin.0))
        #expect(values[32 * c + 16 + b] == Double(twin.1))
      }
    }
  }

  @Test func `a pair is near the exact one`() {
    var generator = ScalarStream(seed: 5, stream: 6).generator()
    for i in 0..<100_000 {
      let word = generator.next()
      // Half of them in the tail.
      let radius = UInt32(truncatingIfNeeded: word) >> (i % 2 == 0 ? 0 : UInt32(i / 2 % 31))
      let angle = UInt32(truncatingIfNeeded: word >> 32)
      let square = -2 * log((Double(radius >> 1) + 0.5) * 0x1p-31)
      let turn = Double(Int32(bitPattern: angle | 1)) * 0x1p-32 * .pi / 2
      let cosine = radius & 1 == 1 ? -cos(turn) : cos(turn)
      let (c, s) = angle & 1 == 1 ? (sin(turn), cosine) : (cosine, sin(turn))
      let (x, y) = SingleNormalTests.pair(radius, angle)
      // u is rounded to 24 bits, which shows where it is near 1.
      let bound = 4e-7 * square.squareRoot() + min(2.5e-4, 1e-7 / square.squareRoot())
      #expect(abs(Double(x) - square.squareRoot() * c) < bound)
      #expect(abs(Double(y) - square.squareRoot() * s) < bound)
    }
  }

  @Test func `the support ends at the square root of 64 log 2`() {
    let end: Double = (64 * log(2.0)).squareRoot()
    let largest = SingleNormalTests.pair(0, 0)
    #expect(abs(Double(largest.0) - end) < 1e-6 && abs(largest.1) < 1e-8)
    #expect(SingleNormalTests.pair(1, 0).0 == -largest.0)
    #expect(SingleNormalTests.pair(0, 1).1 == largest.0)
    // The shortest: u = 1.
    #expect(SingleNormalTests.pair(.max, 12345) == (0, 0))
  }

  // Midpoints of 2²⁰ strata of either word; a stratum at u = 0 leaves an error of the order of 2⁻²⁰.
  @Test func `moments over the strata of the words are right`() {
    let count = 1 << 20
    var radii = (0.0, 0.0)
    var angles = (0.0, 0.0, 0.0)
    for i in 0..<count {
      let word = UInt32(i) << 12 | 0x800
      // An angle of nearly 0 leaves r; the radius of u = e^(−1/2) is 1.
      let r = Double(SingleNormalTests.pair(word, 0).0)
      radii.0 += r * r
      radii.1 += r * r * r * r
      let (c, s) = SingleNormalTests.pair(0x9b45_97e2, word)
      angles.0 += Double(s)
      angles.1 += Double(c * c + s * s)
      angles.2 += Double(c * c)
    }
    let n = Double(count)
    #expect(abs(radii.0 / n - 2) < 2e-6)
    #expect(abs(radii.1 / n - 8) < 1e-4)
    #expect(abs(angles.0 / n) < 1e-6)
    #expect(abs(angles.1 / n - 1) < 4e-7)
    // The mean of cos² over |angle| < π/4.
    #expect(abs(angles.2 / n - (0.5 + 1 / .pi)) < 1e-6)
  }

  /// The smallest of eleven p-values, times eleven: six moments, two correlations of squares within
  /// a chunk, two of neighbours, and the histogram with its tails.
  private func pValue(_ change: (UnsafeMutableBufferPointer<Double>) -> Void = { _ in }) throws
    -> Double
  {
    let width = 16.0, last = 13 * 16
    var counts = [Int](repeating: 0, count: last + 1)
    var sums = [Double](repeating: 0, count: 10)
    var chunks = 0
    for seed: UInt64 in 0..<64 {
      var values = SingleNormalTests.normals(1 << 16, seed: 100 + seed)
      values.withUnsafeMutableBufferPointer { x in
        change(x)
        for c in stride(from: 0, to: x.count, by: 32) {
          for i in c..<c + 32 {
            let square = x[i] * x[i], cube = square * x[i]
            sums[0] += x[i]
            sums[1] += square - 1
            sums[2] += cube
            sums[3] += square * square - 3
            sums[4] += cube * square
            sums[5] += cube * cube - 15
            counts[min(max(Int((x[i] + 6.5) * width), 0), last)] += 1
          }
          for i in c..<c + 16 {
            let (a, b) = (x[i] * x[i], x[i + 16] * x[i + 16])
            sums[6] += (a - 1) * (b - 1)
            sums[7] += x[i] * x[i + 16]
          }
          for i in stride(from: c, to: c + 32, by: 2) {
            sums[8] += x[i] * x[i + 1]
            sums[9] += (x[i] * x[i] - 1) * (x[i + 1] * x[i + 1] - 1)
          }
        }
        chunks += x.count / 32
      }
    }
    let total = 32 * Double(chunks)
    let variances = [1.0, 2, 15, 96, 945, 10170, 2, 0.5, 0.5, 2]
    var smallest = 1.0
    for (sum, variance) in zip(sums, variances) {
      smallest = min(smallest, erfc(abs(sum) / (2 * variance * total).squareRoot()))
    }
    // A bin of which fewer than five are expected goes together with its neighbours.
    var bins: [(found: Double, expected: Double)] = [(0, 0)]
    func cumulative(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }
    for (i, count) in counts.enumerated() {
      let low = i == 0 ? -Double.infinity : Double(i) / width - 6.5
      let high = i == last ? Double.infinity : Double(i + 1) / width - 6.5
      // On the right from the far side, where a difference of cumulatives would lose its digits.
      let probability =
        low > 0 ? cumulative(-low) - cumulative(-high) : cumulative(high) - cumulative(low)
      if bins[bins.count - 1].expected >= 5 { bins.append((0, 0)) }
      bins[bins.count - 1].found += Double(count)
      bins[bins.count - 1].expected += total * probability
    }
    let rest = bins.removeLast()
    bins[bins.count - 1].found += rest.found
    bins[bins.count - 1].expected += rest.expected
    let statistic = bins.reduce(0) { sum, bin in
      sum + (bin.found - bin.expected) * (bin.found - bin.expected) / bin.expected
    }
    let histogram = try ChiSquareDistribution(degreesOfFreedom: Double(bins.count - 1))
      .survival(statistic)
    return 11 * min(smallest, histogram)
  }

  @Test func `134 million of them are normal`() throws {
    #expect(try pValue() > 1e-6)
  }

  @Test func `normals too wide by 0.05% are seen`() throws {
    #expect(try pValue { x in for i in x.indices { x[i] *= 1.0005 } } < 1e-6)
  }

  @Test func `a support that ends at 5 is seen`() throws {
    #expect(try pValue { x in for i in x.indices { x[i] = min(max(x[i], -5), 5) } } < 1e-6)
  }

  @Test func `halves of a chunk that are equal once in a thousand are seen`() throws {
    let seen = try pValue { x in
      for c in stride(from: 0, to: x.count, by: 32_000) {
        for i in c..<c + 16 { x[i + 16] = x[i] }
      }
    }
    #expect(seen < 1e-6)
  }
}
