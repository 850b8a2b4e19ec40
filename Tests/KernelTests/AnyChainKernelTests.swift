import CKernels
import Foundation
import Testing

/// The kernel of the chain of any network against SGD on dense rows in the frame of teacher and students.
@Suite struct AnyChainKernelTests {
  static let sets = (0...esc_best_instruction_set().rawValue).map {
    EscInstructionSet(rawValue: $0)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var kind = ESC_ERF
    var width = 3
    var units = 2
    var isTangential = false
    var keepsNorm = true
    var isSquareLoss = true
    var lookAhead = 0.0
    var layerRate = 0.0
    var normalises = false
    var hasTerms = false
    var hasFrame = false
  }

  static let cases: [Case] = [
    Case(testDescription: "erf"),
    Case(testDescription: "ReLU, free", kind: ESC_RELU, width: 4, units: 1, keepsNorm: false),
    Case(testDescription: "squares, one student", kind: ESC_SQUARE, width: 1, units: 3),
    Case(
      testDescription: "tanh, tangential, teacher's frame", kind: ESC_TANH, isTangential: true,
      keepsNorm: false, hasFrame: true),
    Case(
      testDescription: "sigmoid on the sphere's gradient, both layers", kind: ESC_SIGMOID,
      isTangential: true, layerRate: 0.05, normalises: true),
    Case(
      testDescription: "softplus, ahead, terms", kind: ESC_SOFTPLUS, lookAhead: 0.3,
      hasTerms: true, hasFrame: true),
    Case(
      testDescription: "erf, correlation, both layers", isSquareLoss: false, layerRate: 0.02,
      hasTerms: true),
    Case(testDescription: "cubic polynomial", kind: ESC_POLYNOMIAL, width: 2, lookAhead: -0.1),
  ]

  private static func function(_ kind: EscFunctionKind, _ x: Double) -> (Double, Double) {
    switch kind {
    case ESC_SQUARE: return (x * x, 2 * x)
    case ESC_RELU: return (max(x, 0), x > 0 ? 1 : 0)
    case ESC_ERF:
      return (erf(x / 2.0.squareRoot()), (2 / Double.pi).squareRoot() * exp(-0.5 * x * x))
    case ESC_TANH: return (tanh(x), 1 - tanh(x) * tanh(x))
    case ESC_SIGMOID:
      let value = 1 / (1 + exp(-x))
      return (value, value * (1 - value))
    case ESC_SOFTPLUS: return (max(x, 0) + log1p(exp(-abs(x))), 1 / (1 + exp(-x)))
    // 0.1 x³ − 0.2 x + 0.3.
    default: return (0.1 * x * x * x - 0.2 * x + 0.3, 0.3 * x * x - 0.2)
    }
  }

  private static func kernelFunction(_ kind: EscFunctionKind) -> EscFunction {
    var result = EscFunction()
    result.kind = kind
    if kind == ESC_POLYNOMIAL {
      result.count = 4
      (result.powers.0, result.powers.1, result.powers.2, result.powers.3) = (0.1, 0, -0.2, 0.3)
    }
    return result
  }

  private static let frame = [1.0, 0, 0.4, 0.8]

  /// A replica by rows: C, then the students' own coordinates.
  private struct Twin {
    let item: Case
    var rows: [[Double]]
    var layer: [Double]
    var gram: [[Double]] = []

    init(_ item: Case, shift: Int) {
      self.item = item
      let (p, k) = (item.width, item.units)
      rows = (0..<p).map { j in
        var row = [Double](repeating: 0, count: k + p)
        for i in 0..<(k + j) { row[i] = 0.03 * Double((i + 2 * j + shift) % 7) }
        row[k + j] = 1
        let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let norm: Double = item.keepsNorm ? 1 : 0.8 + 0.1 * Double(j)
        for i in row.indices { row[i] *= norm / length }
        return row
      }
      let middle = Double(p - 1) / 2
      layer = (0..<p).map { j in 1 + 0.2 * (Double(j) - middle) }
      measure()
    }

    private mutating func measure() {
      gram = rows.map { x in rows.map { y in zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } } }
    }

    private func label(_ g: [Double]) -> Double {
      var fields = Array(g.prefix(item.units))
      if item.hasFrame { fields[1] = 0.4 * g[0] + 0.8 * g[1] }
      guard item.hasTerms else {
        return fields.reduce(0) { $0 + function(item.kind, $1).0 } / Double(item.units)
      }
      // 0.7 sgn(λ⋆_0)|λ⋆_1| − 0.2 θ(λ⋆_0).
      let sign = fields[0] > 0 ? 1.0 : -1.0
      return 0.7 * sign * abs(fields[1]) - 0.2 * (fields[0] > 0 ? 1 : 0)
    }

    /// Takes a step on x = (g, ρ) in as many axes and one more.
    mutating func step(_ g: [Double], noise: Double, rest: Double, _ net: EscNetwork) {
      let (p, d) = (item.width, Double(net.dimension))
      let x = g + [rest.squareRoot()]
      let norm = x.reduce(0) { $0 + $1 * $1 }
      let fields = rows.map { row in zip(row, x).reduce(0) { $0 + $1.0 * $1.1 } }
      let label = label(g) + net.label_noise_deviation * noise
      func pushes(_ at: [Double]) -> (values: [Double], pushes: [Double], error: Double) {
        let sigma = at.map { function(item.kind, $0) }
        let output = zip(layer, sigma).reduce(0) { $0 + $1.0 * $1.1.0 } / Double(p)
        let error = item.isSquareLoss ? label - output : label
        return (sigma.map(\.0), (0..<p).map { layer[$0] * error * sigma[$0].1 }, error)
      }
      var now = pushes(fields)
      if item.lookAhead != 0 {
        now = pushes((0..<p).map { fields[$0] + item.lookAhead * norm / d * now.pushes[$0] })
      }
      for j in 0..<p {
        let u = net.push_rate * now.pushes[j] / d
        let kept = item.isTangential ? 1 - u * fields[j] / gram[j][j] : 1
        rows[j] = rows[j].map { kept * $0 } + [0]
        for i in x.indices { rows[j][i] += u * x[i] }
        if item.keepsNorm {
          let length = rows[j].reduce(0) { $0 + $1 * $1 }.squareRoot()
          rows[j] = rows[j].map { $0 / length }
        }
        layer[j] += net.layer_rate * now.error * now.values[j]
      }
      if item.normalises {
        let total = layer.reduce(0, +)
        layer = layer.map { $0 * Double(p) / total }
      }
      measure()
      turn()
    }

    /// Puts the rows back on the first p axes beside the teacher's: Cholesky's factor of the rest of Q.
    private mutating func turn() {
      let (p, k) = (item.width, item.units)
      var next = rows.map { Array($0.prefix(k)) + Array(repeating: 0, count: p) }
      for j in 0..<p {
        for i in 0...j {
          var sum = gram[j][i]
          for l in 0..<(k + i) { sum -= next[j][l] * next[i][l] }
          next[j][k + i] = i == j ? sum.squareRoot() : sum / next[i][k + i]
        }
      }
      rows = next
    }
  }

  /// The largest distance of a lane from its twin after some steps, the twin at `rate` times the rate.
  private func distance(
    _ item: Case, _ instructions: EscInstructionSet, watchesRisk: Bool = false, rate: Double = 1
  ) -> Double {
    let (p, k, count) = (item.width, item.units, Int(ESC_LANES))
    var functions = [Self.kernelFunction(item.kind)]
    if item.hasTerms {
      functions = [ESC_SIGN, ESC_ABSOLUTE, ESC_STEP].map(Self.kernelFunction)
    }
    let directions: [UInt64] = [0, 1, 0]
    let (places, ends): ([UInt64], [UInt64]) = ([0, 1, 2], [2, 3])
    let coefficients = [0.7, -0.2]
    let unit = [Double](repeating: 1, count: k)
    return functions.withUnsafeBufferPointer { functions in
      directions.withUnsafeBufferPointer { directions in
        places.withUnsafeBufferPointer { places in
          ends.withUnsafeBufferPointer { ends in
            coefficients.withUnsafeBufferPointer { coefficients in
              Self.frame.withUnsafeBufferPointer { frame in
                unit.withUnsafeBufferPointer { unit in
                  var net = EscNetwork()
                  net.seed = 0x5eed
                  net.dimension = 30
                  (net.width, net.units) = (UInt64(p), UInt64(k))
                  (net.push_rate, net.layer_rate) = (0.3, item.layerRate)
                  net.label_noise_deviation = 0.2
                  net.look_ahead = item.lookAhead
                  net.is_square_loss = item.isSquareLoss ? 1 : 0
                  net.normalises_layer = item.normalises ? 1 : 0
                  net.is_tangential = item.isTangential ? 1 : 0
                  net.keeps_norm = item.keepsNorm ? 1 : 0
                  net.activation = Self.kernelFunction(item.kind)
                  net.target.functions = functions.baseAddress
                  net.target.frame = item.hasFrame ? frame.baseAddress : nil
                  if item.hasTerms {
                    net.target.directions = directions.baseAddress
                    (net.target.factor_count, net.target.term_count) = (3, 2)
                    net.target.coefficients = coefficients.baseAddress
                    (net.target.places, net.target.ends) = (places.baseAddress, ends.baseAddress)
                  }
                  net.risk.unit_squares = unit.baseAddress
                  net.risk.constant = 1
                  (net.risk.student, net.risk.teacher) = (ESC_PAIR_ARCSINE, ESC_PAIR_ARCSINE)
                  return distance(
                    item, &net, instructions, watchesRisk: watchesRisk, rate: rate, count)
                }
              }
            }
          }
        }
      }
    }
  }

  private func distance(
    _ item: Case, _ net: inout EscNetwork, _ instructions: EscInstructionSet, watchesRisk: Bool,
    rate: Double, _ count: Int
  ) -> Double {
    let (p, k) = (item.width, item.units)
    let size = Int(esc_network_lanes_size(&net))
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 8 * size, alignment: 64)
      .bindMemory(to: Double.self, capacity: size)
    memory.initialize(repeating: 0, count: size)
    defer { memory.deallocate() }
    var lanes = EscNetworkLanes()
    lanes.watches_risk = watchesRisk ? 1 : 0
    esc_network_lanes_open(&net, &lanes, memory)
    var twins = (0..<count).map { Twin(item, shift: $0) }
    func put<Field, Value>(_ field: inout Field, _ lane: Int, _ value: Value) {
      withUnsafeMutableBytes(of: &field) {
        $0.storeBytes(of: value, toByteOffset: lane * MemoryLayout<Value>.stride, as: Value.self)
      }
    }
    for lane in 0..<count {
      var index = 0
      for i in 0..<p {
        lanes.layer[i * count + lane] = twins[lane].layer[i]
        for r in 0..<k { lanes.axes[(i * k + r) * count + lane] = twins[lane].rows[i][r] }
        for j in i..<p {
          lanes.factor[index * count + lane] = twins[lane].rows[j][k + i]
          index += 1
        }
      }
      esc_network_begin(&net, &lanes, Int32(lane), instructions)
      put(&lanes.target, lane, -Double.infinity)
      put(&lanes.horizon, lane, UInt64.max)
      put(&lanes.stream, lane, UInt64(lane) | 2 << 48)
    }
    let steps: UInt64 = 60
    // Two calls: the second goes on where the first left the generators.
    for part in [steps - 25, 25] {
      if esc_network_advance(&net, &lanes, part, instructions) != 0 { return .infinity }
    }
    var other = net
    other.push_rate *= rate
    var largest = 0.0
    for lane in 0..<count {
      let stream = ScalarStream(seed: net.seed, stream: UInt64(lane) | 2 << 48)
      var generator = stream.generator()
      for n in 0..<steps {
        let word = generator.pair()
        let (x, noise, _) = ScalarStream.normals(word)
        var g: [Double] = []
        while g.count < k + p {
          let pair = ScalarStream.normals(generator.pair())
          g += [pair.0, pair.1]
        }
        let rest = esc_stream_chi_square(
          net.seed, stream.stream, n, net.dimension - net.width - net.units, x, word.1 & 0x3fff)
        twins[lane].step(Array(g.prefix(k + p)), noise: noise, rest: rest, other)
      }
      let twin = twins[lane]
      var index = 0
      for i in 0..<p {
        largest = max(largest, abs(lanes.layer[i * count + lane] - twin.layer[i]))
        for r in 0..<k {
          largest = max(largest, abs(lanes.axes[(i * k + r) * count + lane] - twin.rows[i][r]))
        }
        for j in i..<p {
          largest = max(largest, abs(lanes.factor[index * count + lane] - twin.rows[j][k + i]))
          largest = max(largest, abs(lanes.gram[index * count + lane] - twin.gram[j][i]))
          index += 1
        }
      }
    }
    return largest
  }

  @Test(arguments: sets, cases) func `lanes move as dense rows do`(
    instructions: EscInstructionSet, item: Case
  ) {
    #expect(distance(item, instructions) < 1e-10)
    #expect(distance(item, instructions, rate: 1.0001) > 1e-8)
  }

  @Test(arguments: cases) func `watching the risk changes no step`(item: Case) {
    #expect(distance(item, esc_best_instruction_set(), watchesRisk: true) < 1e-10)
  }
}
