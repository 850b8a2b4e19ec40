import CKernels
import Testing

/// The kernel of the SDE of p students against a plain Swift twin, bit for bit, with every instruction set.
@Suite struct NetworkDiffusionKernelTests {
  static let levels = (0...esc_best_instruction_set().rawValue).map {
    EscInstructionSet(rawValue: $0)
  }

  /// Overlaps of students that are nearly orthogonal to each other; lane 3's last two are one
  /// student, so that its Ω is singular.
  private static func start(_ p: Int, lane: Int) -> [[Double]] {
    var rows: [[Double]] = []
    for j in 0..<p {
      var row = [0.01 * Double(lane + j)]
      for l in 0..<j { row.append(0.02 * Double(j - l) / Double(lane + 1)) }
      rows.append(row + [1])
    }
    if lane == 3 { rows[p - 1] = rows[p - 2] + [1] }
    return rows
  }

  @Test(
    arguments: levels,
    [
      (2, 1, false), (3, 0, false), (4, 2, false), (5, 1, false), (8, 1, false), (2, 1, true),
      (3, 2, true), (8, 1, true),
    ])
  func `a replica moves as its twin does`(
    instructions: EscInstructionSet, item: (width: Int, scheme: Int32, isMixed: Bool)
  ) {
    let (p, count) = (item.width, Int(ESC_LANES))
    let size = Int(esc_squares_diffusion_size(UInt64(p)))
    let a = secondLayer(p, slope: 0.1, isMixed: item.isMixed)
    withUnsafeTemporaryAllocation(byteCount: 8 * (size + p), alignment: 64) { raw in
      let base = raw.bindMemory(to: Double.self).baseAddress!
      base.initialize(repeating: 0, count: size + p)
      let weights = base + size
      for j in 0..<p { weights[j] = a[j] }
      var constants = EscSquaresDiffusion(
        seed: 0x5eed, width: UInt64(p), dimension: 60, learning_rate: 0.1 * Double(p),
        weights: weights,
        label_noise: 0.09, step: 1.0 / 64, shift: 0, bridge: 1, scheme: item.scheme,
        finite_size: min(item.scheme, 1))
      var lanes = EscSquaresDiffusionLanes()
      lanes.overlaps = base
      lanes.scratch = base + p * (p + 3) / 2 * count
      func put<Field, Value>(_ field: inout Field, _ lane: Int, _ value: Value) {
        withUnsafeMutableBytes(of: &field) {
          $0.storeBytes(
            of: value, toByteOffset: lane * MemoryLayout<Value>.stride, as: Value.self)
        }
      }
      func take<Field>(_ field: Field, _ lane: Int) -> Double {
        withUnsafeBytes(of: field) { $0.load(fromByteOffset: lane * 8, as: Double.self) }
      }
      var twins: [NetworkDiffusionTwin] = []
      for lane in 0..<count {
        let state = Self.start(p, lane: lane)
        for (i, value) in state.joined().enumerated() { base[i * count + lane] = value }
        put(&lanes.target, lane, -Double.infinity)
        put(&lanes.horizon, lane, UInt64.max)
        put(&lanes.stream, lane, UInt64(lane) | 3 << 48)
        esc_squares_diffusion_begin(&constants, &lanes, Int32(lane))
        twins.append(
          NetworkDiffusionTwin(constants, a: a, state: state, stream: UInt64(lane) | 3 << 48))
      }
      // In two calls, since a generator must stand right between them.
      for steps in [5, 20] as [UInt64] {
        #expect(esc_squares_diffusion_advance(&constants, &lanes, steps, instructions) == 0)
        for lane in 0..<count {
          for _ in 0..<steps { twins[lane].step() }
          let found = (0..<(p * (p + 3) / 2)).map { base[$0 * count + lane].bitPattern }
          #expect(found == twins[lane].state.joined().map(\.bitPattern))
          #expect(take(lanes.risk, lane).bitPattern == twins[lane].risk.bitPattern)
          #expect(take(lanes.spread, lane).bitPattern == twins[lane].spread.bitPattern)
        }
      }
    }
  }
}
