import CKernels
import Testing

/// Adds accumulators up by halving: i with i + n/2.
private func halved(_ values: [Double]) -> Double {
  var sums = values
  var count = sums.count
  while count > 1 {
    count /= 2
    for i in 0..<count { sums[i] += sums[i + count] }
  }
  return sums[0]
}

/// The sixteen pairs of a chunk in single precision and their sums of squares.
private func singleChunk(_ generators: inout [ScalarGenerator]) -> [(
  Double, Double, square: Double
)] {
  let halves = generators.indices.flatMap { b in
    let word = generators[b].next()
    return [UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32)]
  }
  return (0..<16).map { b in
    let pair = ScalarStream.singleNormals(radius: halves[b], angle: halves[16 + b])
    let (x, y) = (Double(pair.0), Double(pair.1))
    return (x, y, square: x * x + y * y)
  }
}

/// Full SGD's kernel against a plain Swift twin, bit for bit, with every instruction set.
@Suite struct WeightsKernelTests {
  static let levels = (0...esc_best_instruction_set().rawValue).map {
    EscInstructionSet(rawValue: $0)
  }

  /// A replica of full SGD, students by rows.
  private struct Twin {
    var v: [[Double]]
    var scale: [Double]
    var pending: [Double]
    var m: [Double]
    var gram: [[Double]]
    var old: [Double]

    /// Rows of squared norm d from `start`, padded to whole chunks.
    init(_ start: [[Double]], dimension d: Int) {
      let padding = [Double](repeating: 0, count: (d + 31) / 32 * 32 - d)
      v = start.map { row in
        let padded = row + padding
        var total = [Double](repeating: 0, count: 32)
        for i in padded.indices { total[i % 32] += padded[i] * padded[i] }
        let factor = (Double(d) / halved(total)).squareRoot()
        return padded.map { $0 * factor }
      }
      scale = start.map { _ in 1 }
      pending = start.map { _ in 0 }
      m = v.map { $0[0] * (1 / Double(d).squareRoot()) }
      gram = start.map { _ in [Double](repeating: 0, count: start.count) }
      old = v[0].map { _ in 0 }
    }

    /// Takes step `n` the way sgd_kernel.h says; fewer than 1024 of them.
    mutating func step(
      _ sgd: EscSquares, _ a: [Double], _ stream: ScalarStream,
      _ generators: inout [ScalarGenerator], _ n: UInt64, _ precision: EscPrecision
    ) {
      let (d, p) = (Int(sgd.dimension), v.count)
      let root = Double(d).squareRoot()
      let inverse = 1 / root
      var fresh = [Double](repeating: 0, count: old.count)
      var norm = [Double](repeating: 0, count: 16)
      for c in 0..<old.count / 32 {
        let pairs =
          precision == ESC_SINGLE
          ? singleChunk(&generators)
          : (0..<16).map { ScalarStream.normals(generators[$0].pair()) }
        for (b, pair) in pairs.enumerated() {
          let (first, second) = (32 * c + b, 32 * c + 16 + b)
          fresh[first] = first < d ? pair.0 : 0
          fresh[second] = second < d ? pair.1 : 0
          norm[b] +=
            32 * c + 32 > d
            ? fresh[first] * fresh[first] + fresh[second] * fresh[second] : pair.square
        }
      }
      let length = halved(norm)
      let noises = ScalarStream.normals(stream.block(1 << 62 | n / 2))
      let z = n % 2 == 0 ? noises.0 : noises.1
      var field = [Double](repeating: 0, count: p)
      var output = 0.0
      for j in 0..<p {
        var dots = [Double](repeating: 0, count: 32)
        for i in v[j].indices {
          v[j][i] = v[j][i] + pending[j] * old[i]
          dots[i % 32] += v[j][i] * fresh[i]
        }
        field[j] = (scale[j] * halved(dots)) * inverse
        output += (a[j] * field[j]) * field[j]
      }
      let error = (fresh[0] * fresh[0] - output / Double(p)) + sgd.label_noise_deviation * z
      var h = [Double](repeating: 0, count: p)
      var s = h
      for j in 0..<p {
        let gain = 2 * (sgd.learning_rate / Double(p)) * a[j] / Double(d)
        h[j] = (gain * error) * field[j]
        let q = 1 + h[j] * ((field[j] + field[j]) + h[j] * length)
        s[j] = 1 / q.squareRoot()
        pending[j] = (h[j] * root) / scale[j]
        scale[j] = p == 1 ? scale[j] / q.squareRoot() : scale[j] * s[j]
        m[j] = (scale[j] * (v[j][0] + pending[j] * fresh[0])) * inverse
      }
      for j in 0..<p {
        for l in 0..<p {
          let cross = (h[j] * field[l] + h[l] * field[j]) + (h[j] * h[l]) * length
          gram[j][l] = (s[j] * s[l]) * (gram[j][l] + cross)
        }
      }
      old = fresh
    }
  }

  struct Case: Sendable, CustomStringConvertible {
    let dimension: Int
    let width: Int
    let isSingle: Bool
    var isMixed = false
    var description: String {
      "d = \(dimension), p = \(width), \(isSingle ? "single" : "double") precision"
        + (isMixed ? ", both signs" : "")
    }
  }

  // A whole number of chunks, one that is cut, less than one chunk, and more than one block of rows;
  // one student and several.
  static let cases = [false, true].flatMap { isSingle in
    [(64, 1), (75, 1), (7, 1), (64, 2), (75, 3), (70, 8), (256, 2), (300, 3), (500, 5)].map {
      Case(dimension: $0.0, width: $0.1, isSingle: isSingle)
    }
      + [(64, 1), (75, 3), (70, 8)].map {
        Case(dimension: $0.0, width: $0.1, isSingle: isSingle, isMixed: true)
      }
  }

  @Test(arguments: levels, cases)
  func `a replica moves as its twin does`(instructions: EscInstructionSet, item: Case) {
    let (d, p) = (item.dimension, item.width)
    let precision = item.isSingle ? ESC_SINGLE : ESC_DOUBLE
    let stride = Int(esc_sgd_stride(UInt64(d)))
    let start = (0..<p).map { row in
      (0..<d).map { column -> Double in
        let number = column * (row + 1) % 5
        return 1 + 0.1 * Double(number)
      }
    }
    let a = secondLayer(p, slope: 0.1, isMixed: item.isMixed)
    let steps: UInt64 = 77
    let numbers = (p + 2) * stride + p * (p + 40)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: numbers) { memory in
      memory.initialize(repeating: 0)
      var next = memory.baseAddress!
      func take(_ count: Int) -> UnsafeMutablePointer<Double> {
        defer { next += count }
        return next
      }
      var state = EscSgdState()
      state.vectors = take(p * stride)
      state.input = take(2 * stride)
      state.scratch = take(32 * p)
      state.gram = take(p * p)
      state.scale = take(p)
      state.pending = take(p)
      state.overlap = take(p)
      state.stream = 5 | 4 << 48
      let weights = take(p)
      for j in 0..<p { weights[j] = a[j] }
      var network = EscSquares(
        seed: 0xabcdef, dimension: UInt64(d), width: UInt64(p), learning_rate: 0.1 * Double(p),
        weights: weights, label_noise_deviation: 0.3)
      for j in 0..<p { for i in 0..<d { state.vectors[j * stride + i] = start[j][i] } }
      esc_sgd_begin(&network, &state, instructions)
      var twin = Twin(start, dimension: d)
      for j in 0..<p { for l in 0..<p { twin.gram[j][l] = state.gram[j * p + l] } }
      let stream = ScalarStream(seed: network.seed, stream: state.stream)
      var generators = (0..<16).map { stream.generator($0) }
      for n in 0..<steps { twin.step(network, a, stream, &generators, n, precision) }
      // Two calls: the second goes on where the first left the generators.
      for part in [50, steps - 50] {
        let event = esc_sgd_advance(
          &network, &state, precision, .infinity, -.infinity, part, instructions)
        #expect(event == ESC_EVENT_NONE)
      }
      for j in 0..<p {
        #expect(state.overlap[j].bitPattern == twin.m[j].bitPattern)
        #expect(state.scale[j].bitPattern == twin.scale[j].bitPattern)
        // For one student Q is 1 and not followed.
        for l in 0..<p where p > 1 {
          #expect(state.gram[j * p + l].bitPattern == twin.gram[j][l].bitPattern)
        }
      }
    }
  }

  /// The rows of any network: updates, products and inputs, each row with a push of its own.
  @Test(arguments: levels, cases)
  func `rows move and are projected as their twins are`(
    instructions: EscInstructionSet, item: Case
  ) {
    let (d, p) = (item.dimension, item.width)
    let stride = Int(esc_sgd_stride(UInt64(d)))
    let precision = item.isSingle ? ESC_SINGLE : ESC_DOUBLE
    var memory = [Double](repeating: 0, count: (2 * p + 3) * stride + 40 * p)
    memory.withUnsafeMutableBufferPointer { buffer in
      var next = buffer.baseAddress!
      func take(_ count: Int) -> UnsafeMutablePointer<Double> {
        defer { next += count }
        return next
      }
      var rows = EscRows(
        dimension: UInt64(d), width: UInt64(p), vectors: take(p * stride), pending: take(p),
        product: take(p), scratch: take(32 * p))
      let inputs = [take(stride), take(stride)]
      let sums = take(p * stride)
      let factor = take(p)
      let stream = ScalarStream(seed: 77, stream: 5 | 4 << 48)
      var generators = EscGenerators()
      for lane in 0..<16 {
        esc_generator_start(&generators, Int32(lane), stream.seed, stream.stream, UInt64(lane))
      }
      var plain = (0..<16).map { stream.generator(UInt64($0)) }
      var v = [[Double]](repeating: [Double](repeating: 0, count: stride), count: p)
      for j in 0..<p {
        for i in 0..<d {
          let number = i * (j + 1) % 5
          v[j][i] = 1 + 0.1 * Double(number)
          rows.vectors[j * stride + i] = v[j][i]
        }
      }
      var last = [Double](repeating: 0, count: stride)
      for n in 0..<5 {
        for j in 0..<p { rows.pending[j] = 0.01 * Double(j + n) }
        var fresh = [Double](repeating: 0, count: stride)
        var norm = [Double](repeating: 0, count: 16)
        for c in 0..<stride / 32 {
          let pairs =
            item.isSingle
            ? singleChunk(&plain) : (0..<16).map { ScalarStream.normals(plain[$0].pair()) }
          for (b, pair) in pairs.enumerated() {
            let (first, second) = (32 * c + b, 32 * c + 16 + b)
            fresh[first] = first < d ? pair.0 : 0
            fresh[second] = second < d ? pair.1 : 0
            norm[b] +=
              32 * c + 32 > d
              ? fresh[first] * fresh[first] + fresh[second] * fresh[second] : pair.square
          }
        }
        let length = esc_rows_draw(
          &rows, &generators, precision, inputs[n % 2], inputs[(n + 1) % 2], instructions)
        #expect(length.bitPattern == halved(norm).bitPattern)
        for j in 0..<p {
          var dots = [Double](repeating: 0, count: 32)
          for i in 0..<stride {
            v[j][i] = v[j][i] + rows.pending[j] * last[i]
            dots[i % 32] += v[j][i] * fresh[i]
          }
          #expect(rows.product[j].bitPattern == halved(dots).bitPattern)
        }
        last = fresh
      }
      // The same without a draw, and what ends a batch.
      for j in 0..<p { (rows.pending[j], factor[j]) = (0.3, 1 + 0.01 * Double(j)) }
      let x = inputs[1]
      esc_rows_pass(&rows, x, x, instructions)
      esc_rows_gather(&rows, factor, x, sums, instructions)
      esc_rows_settle(&rows, x, factor, instructions)
      esc_rows_add(&rows, factor, sums, instructions)
      for j in 0..<p {
        var dots = [Double](repeating: 0, count: 32)
        for i in 0..<stride {
          v[j][i] = v[j][i] + 0.3 * last[i]
          dots[i % 32] += v[j][i] * last[i]
          v[j][i] = factor[j] * (v[j][i] + 0.3 * last[i])
          v[j][i] = factor[j] * v[j][i] + factor[j] * last[i]
          #expect(rows.vectors[j * stride + i].bitPattern == v[j][i].bitPattern)
          #expect(sums[j * stride + i] == 0)
        }
        #expect(rows.product[j].bitPattern == halved(dots).bitPattern)
        let row = rows.vectors + j * stride
        let product = esc_rows_product(&rows, row, x, instructions)
        var sums = [Double](repeating: 0, count: 32)
        for i in 0..<stride { sums[i % 32] += v[j][i] * last[i] }
        #expect(product.bitPattern == halved(sums).bitPattern)
      }
    }
  }
}
