import CKernels
import Testing

/// Overlaps, factor and Gram matrix of one replica, lower triangles by rows: the twin of both kernels
/// of the chain of p students.
struct NetworkTwin {
  var m: [Double]
  var b: [[Double]]
  var q: [[Double]]

  /// The numbers of a step: fields g_t and g, noise z, and ρ².
  struct Numbers {
    let teacher: Double
    let noise: Double
    let students: [Double]
    let rest: Double
  }

  /// How a kernel takes 1/√q, and √D with the two quotients of a rotation.
  struct Roots: Sendable {
    let inverse: @Sendable (Double) -> Double
    let rotation:
      @Sendable (_ x: Double, _ y: Double) -> (root: Double, cosine: Double, sine: Double)

    /// Those of squares_chain_kernel.h.
    static let newton = Roots(inverse: { ScalarStream.inverseRoot($0) }) { x, y in
      let square = x * x + y * y
      let v = ScalarStream.inverseRoot(square)
      return (square * v, x * v, y * v)
    }

    /// Those of wide_chain_kernel.h.
    static let plain = Roots(inverse: { 1 / $0.squareRoot() }) { x, y in
      let root = (x * x + y * y).squareRoot()
      return (root, x / root, y / root)
    }
  }

  /// Unit rows: m and two entries of B.
  init(width p: Int, shift: Int) {
    m = (0..<p).map { 0.01 * Double(($0 + shift) % 20) }
    b = Array(repeating: Array(repeating: 0, count: p), count: p)
    q = b
    for j in 0..<p {
      if j > 0 { b[j][j - 1] = 0.1 }
      b[j][j] = (1 - m[j] * m[j] - (j > 0 ? 0.01 : 0)).squareRoot()
    }
  }

  /// Takes a step the way squares_chain_kernel.h says.
  mutating func step(_ network: EscSquares, _ a: [Double], _ numbers: Numbers, _ roots: Roots) {
    let p = m.count
    let (width, d) = (Double(p), Double(network.dimension))
    let (gt, g) = (numbers.teacher, numbers.students)
    var s = [Double](repeating: 0, count: p)
    for j in 0..<p { for i in 0...j { s[j] += b[j][i] * g[i] } }
    let field = (0..<p).map { m[$0] * gt + s[$0] }
    var t = [Double](repeating: 0, count: p + 1)
    t[p] = numbers.rest
    for i in stride(from: p, to: 0, by: -1) { t[i - 1] = t[i] + g[i - 1] * g[i - 1] }
    let square = t[0]
    let norm = gt * gt + square
    var sum = 0.0
    for j in 0..<p { sum += (a[j] * field[j]) * field[j] }
    let error = (gt * gt - sum / width) + network.label_noise_deviation * numbers.noise
    let gain = 2 * (network.learning_rate / width)
    let h = (0..<p).map { ((gain * a[$0]) / d * error) * field[$0] }
    let scale = (0..<p).map {
      roots.inverse(1 + h[$0] * ((field[$0] + field[$0]) + h[$0] * norm))
    }
    for j in 0..<p { m[j] = scale[j] * (m[j] + h[j] * gt) }
    let inverse = roots.inverse(square)
    let r = square * inverse
    var w = (0..<p).map { h[$0] * r + s[$0] * inverse }
    for i in 0..<p {
      let v = roots.inverse(t[i] * t[i + 1])
      let (alpha, beta) = (t[i + 1] * v, g[i] * v)
      let (root, cosine, sine) = roots.rotation(b[i][i] * alpha, w[i])
      b[i][i] = scale[i] * root
      for j in (i + 1)..<max(p, i + 1) {
        s[j] = s[j] - b[j][i] * g[i]
        let column = b[j][i] * alpha - s[j] * beta
        b[j][i] = scale[j] * (cosine * column + sine * w[j])
        w[j] = cosine * w[j] - sine * column
      }
    }
    for j in 0..<p {
      for l in 0..<j {
        let cross = (h[j] * field[l] + h[l] * field[j]) + (h[j] * h[l]) * norm
        q[j][l] = (scale[j] * scale[l]) * (q[j][l] + cross)
      }
    }
  }
}

/// The kernel of the chain of p students against a plain Swift twin, bit for bit, with every instruction set.
@Suite struct NetworkChainKernelTests {
  static let levels = (0...esc_best_instruction_set().rawValue).map {
    EscInstructionSet(rawValue: $0)
  }

  /// Draws the numbers of step `n`.
  private static func numbers(
    _ stream: ScalarStream, _ generator: inout ScalarGenerator, _ network: EscSquares, _ n: UInt64
  ) -> NetworkTwin.Numbers {
    let first = ScalarStream.normals(generator.pair())
    let word = generator.pair()
    let second = ScalarStream.normals(word)
    var g = [second.1]
    while g.count < Int(network.width) {
      let pair = ScalarStream.normals(generator.pair())
      g += [pair.0, pair.1]
    }
    let rest = esc_stream_chi_square(
      stream.seed, stream.stream, n, network.dimension - network.width - 1, second.0,
      word.1 & 0x3fff)
    return NetworkTwin.Numbers(teacher: first.0, noise: first.1, students: g, rest: rest)
  }

  @Test(
    arguments: levels,
    [(2, false), (3, false), (5, false), (17, false), (1, true), (2, true), (8, true), (17, true)])
  func `a replica moves as its twin does`(
    instructions: EscInstructionSet, item: (width: Int, isMixed: Bool)
  ) {
    let p = item.width
    let count = Int(ESC_LANES)
    let triangle = p * (p + 1) / 2
    let size = Int(esc_squares_lanes_size(UInt64(p)))
    let a = secondLayer(p, slope: 0.05, isMixed: item.isMixed)
    withUnsafeTemporaryAllocation(byteCount: 8 * (size + p), alignment: 64) { raw in
      let base = raw.bindMemory(to: Double.self).baseAddress!
      base.initialize(repeating: 0, count: size + p)
      let weights = base + size
      for j in 0..<p { weights[j] = a[j] }
      var network = EscSquares(
        seed: 0x5eed, dimension: 60, width: UInt64(p), learning_rate: 0.1 * Double(p),
        weights: weights,
        label_noise_deviation: 0.3)
      var lanes = EscSquaresLanes()
      lanes.overlap = base
      lanes.factor = base + p * count
      lanes.gram = base + (p + triangle) * count
      lanes.scratch = base + (p + 2 * triangle) * count
      var replicas: [NetworkTwin] = []
      for lane in 0..<count {
        var replica = NetworkTwin(width: p, shift: lane)
        for j in 0..<p { lanes.overlap[j * count + lane] = replica.m[j] }
        var index = 0
        for i in 0..<p {
          for j in i..<p {
            lanes.factor[index * count + lane] = replica.b[j][i]
            index += 1
          }
        }
        esc_squares_begin(&network, &lanes, Int32(lane))
        for j in 0..<p {
          for l in 0...j { replica.q[j][l] = lanes.gram[(j * (j + 1) / 2 + l) * count + lane] }
        }
        replicas.append(replica)
        func put<Field, Value>(_ field: inout Field, _ value: Value) {
          withUnsafeMutableBytes(of: &field) {
            $0.storeBytes(
              of: value, toByteOffset: lane * MemoryLayout<Value>.stride, as: Value.self)
          }
        }
        put(&lanes.target, -Double.infinity)
        put(&lanes.boundary, Double.infinity)
        put(&lanes.horizon, UInt64.max)
        put(&lanes.stream, UInt64(lane) | 2 << 48)
      }
      let steps: UInt64 = 40
      // Two calls: the second goes on where the first left the generators.
      for part in [steps - 15, 15] {
        #expect(esc_squares_advance(&network, &lanes, part, instructions) == 0)
      }
      for lane in 0..<count {
        let numbers = ScalarStream(seed: network.seed, stream: UInt64(lane) | 2 << 48)
        var generator = numbers.generator()
        for n in 0..<steps {
          replicas[lane].step(network, a, Self.numbers(numbers, &generator, network, n), .newton)
        }
        for j in 0..<p {
          let overlap = lanes.overlap[j * count + lane]
          #expect(overlap.bitPattern == replicas[lane].m[j].bitPattern)
          for l in 0..<j {
            let gram = lanes.gram[(j * (j + 1) / 2 + l) * count + lane]
            #expect(gram.bitPattern == replicas[lane].q[j][l].bitPattern)
          }
        }
        var index = 0
        for i in 0..<p {
          for j in i..<p {
            let factor = lanes.factor[index * count + lane]
            #expect(factor.bitPattern == replicas[lane].b[j][i].bitPattern)
            index += 1
          }
        }
      }
    }
  }
}
