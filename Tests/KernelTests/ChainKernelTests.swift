import CKernels
import Foundation
import Testing

/// The chain kernel against a plain Swift twin, bit for bit, with every instruction set of this machine.
@Suite struct ChainKernelTests {
  static let levels = (0...esc_best_instruction_set().rawValue).map {
    EscInstructionSet(rawValue: $0)
  }

  /// Steps the overlap until an exit, the way chain_kernel.h says.
  static func twin(
    _ chain: EscChain, overlap: Double, stream: UInt64, boundary: Double, horizon: UInt64
  ) -> (overlap: Double, step: UInt64) {
    let numbers = ScalarStream(seed: chain.seed, stream: stream)
    var generator = numbers.generator()
    let gain = 2 * chain.learning_rate * chain.weight / Double(chain.dimension)
    let shape = 0.5 * Double(chain.dimension - 2) - 1.0 / 3.0
    let slope = 1 / (9 * shape).squareRoot(), widest = 8.491 * slope
    let offset = cbrt(2 * shape), tilt = offset * slope
    let guarded = 0.75 * shape * 16384 * (slope * slope) * (slope * slope) / (1 - widest)
    var m = overlap, step: UInt64 = 0
    while step < horizon && abs(m) < boundary {
      let (g1, g2, square) = ScalarStream.normals(generator.pair())
      let word = generator.pair()
      var (z, x, _) = ScalarStream.normals(word)
      z = chain.label_noise_deviation * z
      var w = offset + tilt * x
      if !(Double(word.1 & 0x3fff) > guarded * ((x * x) * (x * x))) {
        w = exact(numbers, step, x, word.1 & 0x3fff, shape, offset, tilt)
      }
      let norm = square + (w * w) * w
      let rest = 1 - m * m, b = (rest > 0 ? rest : 0).squareRoot()
      let field = m * g1 + b * g2
      let error = (g1 * g1 - (chain.weight * field) * field) + z
      let h = (gain * error) * field
      let q = 1 + h * ((field + field) + h * norm)
      m = (m + h * g1) * ScalarStream.inverseRoot(q)
      step += 1
    }
    return (m, step)
  }

  /// Marsaglia and Tsang's exact test on the first pair and fresh ones; returns the cube root.
  static func exact(
    _ numbers: ScalarStream, _ step: UInt64, _ first: Double, _ bits: UInt64, _ shape: Double,
    _ offset: Double, _ tilt: Double
  ) -> Double {
    var x = first, spare = bits, index = 1 << 63 | step << 8
    var tail = numbers.block(index).0 >> 25
    while true {
      let u = Double(0x20_0000_0000_0000 - (spare << 39 | tail)) * 0x1p-53
      let w = offset + tilt * x, v = (w * w) * w / (2 * shape)
      if w > 0 {
        let ratio =
          0.5 * x * x + shape * (1 - v) - 0.5 * shape * ScalarStream.minusTwoLog(v)
        if -0.5 * ScalarStream.minusTwoLog(u) < ratio { return w }
      }
      let fresh = numbers.block(index + 1)
      x = ScalarStream.normals(fresh).0
      spare = fresh.1 & 0x3fff
      index += 2
      tail = numbers.block(index).0 >> 25
    }
  }

  @Test(arguments: levels, [UInt64(30), 100, 3000])
  func matchesTwin(instructions: EscInstructionSet, dimension: UInt64) {
    var chain = EscChain(
      seed: 0x1234_5678_9abc, dimension: dimension, learning_rate: 0.1, weight: 1,
      label_noise_deviation: 0.1)
    var lanes = EscChainLanes()
    let count = Int(ESC_LANES)
    func fill<T>(_ field: inout T, _ value: (Int) -> Double) {
      withUnsafeMutableBytes(of: &field) { bytes in
        let numbers = bytes.bindMemory(to: Double.self)
        for lane in 0..<count { numbers[lane] = value(lane) }
      }
    }
    func fillWords<T>(_ field: inout T, _ value: (Int) -> UInt64) {
      withUnsafeMutableBytes(of: &field) { bytes in
        let numbers = bytes.bindMemory(to: UInt64.self)
        for lane in 0..<count { numbers[lane] = value(lane) }
      }
    }
    fill(&lanes.overlap) { 0.01 * Double($0) }
    fill(&lanes.boundary) { _ in 0.9 }
    fillWords(&lanes.stream) { UInt64($0) | 7 << 48 }
    fillWords(&lanes.horizon) { 200 + UInt64($0) * 3 }
    var pending = UInt32(1 << count - 1)
    while pending != 0 {
      let events = esc_chain_advance(&chain, &lanes, 1000, instructions)
      for lane in 0..<count where (events & pending) >> UInt32(lane) & 1 == 1 {
        pending &= ~(1 << UInt32(lane))
        let expected = Self.twin(
          chain, overlap: 0.01 * Double(lane), stream: UInt64(lane) | 7 << 48, boundary: 0.9,
          horizon: 200 + UInt64(lane) * 3)
        withUnsafeMutableBytes(of: &lanes.overlap) { bytes in
          let numbers = bytes.bindMemory(to: Double.self)
          #expect(numbers[lane].bitPattern == expected.overlap.bitPattern)
          numbers[lane] = 0
        }
        withUnsafeMutableBytes(of: &lanes.step) { bytes in
          #expect(bytes.bindMemory(to: UInt64.self)[lane] == expected.step)
        }
        withUnsafeMutableBytes(of: &lanes.horizon) { bytes in
          bytes.bindMemory(to: UInt64.self)[lane] = .max
        }
        withUnsafeMutableBytes(of: &lanes.boundary) { bytes in
          bytes.bindMemory(to: Double.self)[lane] = .infinity
        }
      }
    }
  }
}
