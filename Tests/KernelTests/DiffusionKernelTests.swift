import CKernels
import Foundation
import Testing

/// The diffusion kernel against a plain Swift twin, bit for bit, with every instruction set of this machine.
@Suite struct DiffusionKernelTests {
  static let levels = (0...esc_best_instruction_set().rawValue).map {
    EscInstructionSet(rawValue: $0)
  }

  private struct End: Equatable {
    let overlap: UInt64
    let step: UInt64
    let event: UInt8
  }

  private static let drift = [1.6, -1.9, 0.2, 0.05, -0.01]
  private static let variance = [48.0, -70, 30, -8, 0.5]

  /// Steps the overlap until an event, the way sde_kernel.h says.
  private static func twin(
    _ diffusion: EscDiffusion, overlap: Double, stream: UInt64, boundary: Double, horizon: UInt64
  ) -> End {
    let numbers = ScalarStream(seed: diffusion.seed, stream: stream)
    var generator = numbers.generator()
    var pair = (0.0, 0.0, square: 0.0)
    let p = drift.map { diffusion.step * $0 }
    let scale = diffusion.step * diffusion.scale
    let v = variance.map { scale * $0 }
    func polynomial(_ c: [Double], _ t: Double) -> Double {
      (((c[4] * t + c[3]) * t + c[2]) * t + c[1]) * t + c[0]
    }
    var m = overlap
    var step: UInt64 = 0
    while step < horizon {
      if step & 1 == 0 { pair = ScalarStream.normals(generator.pair()) }
      let spread = polynomial(v, m * m)
      let noise = (spread > 0 ? spread : 0).squareRoot() * (step & 1 == 0 ? pair.0 : pair.1)
      let pull = m * polynomial(p, m * m)
      var next = m + (pull + noise)
      func pullAt(_ m: Double) -> Double { m * polynomial(p, m * m) }
      switch diffusion.scheme {
      case 1: next = m + (0.5 * (pull + pullAt(next)) + noise)
      case 2:
        let moved = m + noise
        let k2 = pullAt(m + 0.5 * pull)
        let k3 = pullAt(moved + 0.5 * k2)
        let k4 = pullAt(moved + k3)
        next = m + ((1 / 6.0) * ((pull + k4) + 2 * (k2 + k3)) + noise)
      default: break
      }
      let boundary = boundary + diffusion.shift * (spread > 0 ? spread : 0).squareRoot()
      let gap = boundary - abs(m)
      let e = (gap + gap) * (boundary - abs(next))
      let index = 1 << 63 | step
      step += 1
      m = next
      if !(abs(next) < boundary) {
        return End(overlap: m.bitPattern, step: step, event: UInt8(ESC_EVENT_CROSSED.rawValue))
      }
      if diffusion.bridge != 0, e < 38 * spread {
        let u = (Double(numbers.block(index).0 >> 11) + 0.5) * 0x1p-53
        if exp(-(e / spread)) > u {
          return End(overlap: m.bitPattern, step: step, event: UInt8(ESC_EVENT_BRIDGED.rawValue))
        }
      }
    }
    return End(overlap: m.bitPattern, step: step, event: UInt8(ESC_EVENT_HORIZON.rawValue))
  }

  @Test(arguments: levels, [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 0), (2, 1)])
  func `every lane ends as its twin does`(instructions: EscInstructionSet, flags: (Int, Int)) {
    let count = Int(ESC_LANES)
    var diffusion = EscDiffusion()
    diffusion.seed = 0xfeed_beef
    diffusion.scale = 0.1 / 300
    diffusion.step = 1.0 / 64
    diffusion.shift = flags.0 == 2 ? 0.3 : 0
    diffusion.bridge = Int32(min(flags.0, 1))
    diffusion.scheme = Int32(flags.1)
    withUnsafeMutableBytes(of: &diffusion.drift) {
      for (i, value) in Self.drift.enumerated() {
        $0.storeBytes(of: value, toByteOffset: 8 * i, as: Double.self)
      }
    }
    withUnsafeMutableBytes(of: &diffusion.variance) {
      for (i, value) in Self.variance.enumerated() {
        $0.storeBytes(of: value, toByteOffset: 8 * i, as: Double.self)
      }
    }
    var lanes = EscDiffusionLanes()
    func put<Field, Value>(_ field: inout Field, _ lane: Int, _ value: Value) {
      withUnsafeMutableBytes(of: &field) {
        $0.storeBytes(of: value, toByteOffset: lane * MemoryLayout<Value>.stride, as: Value.self)
      }
    }
    func take<Field, Value>(_ field: Field, _ lane: Int, _: Value.Type) -> Value {
      withUnsafeBytes(of: field) {
        $0.load(fromByteOffset: lane * MemoryLayout<Value>.stride, as: Value.self)
      }
    }
    for lane in 0..<count {
      put(&lanes.overlap, lane, 0.01 * Double(lane))
      put(&lanes.boundary, lane, 0.4)
      put(&lanes.stream, lane, UInt64(lane) | 3 << 48)
      // Odd and even horizons, some before and some after the typical exit.
      put(&lanes.horizon, lane, UInt64(31 + 17 * lane))
    }
    var pending = Set(0..<count)
    var kinds: Set<UInt8> = []
    while !pending.isEmpty {
      let events = esc_diffusion_advance(&diffusion, &lanes, 1000, instructions)
      for lane in pending where events >> UInt32(lane) & 1 == 1 {
        let expected = Self.twin(
          diffusion, overlap: 0.01 * Double(lane), stream: UInt64(lane) | 3 << 48, boundary: 0.4,
          horizon: UInt64(31 + 17 * lane))
        let found = End(
          overlap: take(lanes.overlap, lane, Double.self).bitPattern,
          step: take(lanes.step, lane, UInt64.self), event: take(lanes.event, lane, UInt8.self))
        #expect(found == expected)
        kinds.insert(found.event)
        pending.remove(lane)
        put(&lanes.overlap, lane, 0.0)
        put(&lanes.boundary, lane, Double.infinity)
        put(&lanes.horizon, lane, UInt64.max)
      }
    }
    #expect(kinds.count >= 2)
  }
}
