// The streams of random_stream.h in plain Swift: generators, blocks, normals, one number at a time.
import CKernels

/// Makes the random stream of one replica.
struct ScalarStream {
  var seed: UInt64
  var stream: UInt64

  /// Returns the block of two words at `index`: Philox 4×32-10 with counter words
  /// (high and low half of the index, low and high half of the stream) and the seed as key.
  func block(_ index: UInt64) -> (UInt64, UInt64) {
    var c0 = UInt32(truncatingIfNeeded: index >> 32), c1 = UInt32(truncatingIfNeeded: index)
    var c2 = UInt32(truncatingIfNeeded: stream), c3 = UInt32(truncatingIfNeeded: stream >> 32)
    var k0 = UInt32(truncatingIfNeeded: seed), k1 = UInt32(truncatingIfNeeded: seed >> 32)
    for _ in 0..<10 {
      let p0 = UInt64(0xd251_1f53) * UInt64(c0), p1 = UInt64(0xcd9e_8d57) * UInt64(c2)
      c0 = UInt32(p1 >> 32) ^ c1 ^ k0
      c2 = UInt32(p0 >> 32) ^ c3 ^ k1
      c1 = UInt32(truncatingIfNeeded: p1)
      c3 = UInt32(truncatingIfNeeded: p0)
      k0 &+= 0x9e37_79b9
      k1 &+= 0xbb67_ae85
    }
    return (UInt64(c0) << 32 | UInt64(c1), UInt64(c2) << 32 | UInt64(c3))
  }

  /// Returns generator `number` at its start.
  func generator(_ number: UInt64 = 0) -> ScalarGenerator {
    let (first, second) = (block(1 << 61 + 2 * number), block(1 << 61 + 2 * number + 1))
    return ScalarGenerator(state: [first.0, first.1, second.0, second.1])
  }

  /// Returns −2 log u.
  static func minusTwoLog(_ u: Double) -> Double {
    let t = u.bitPattern &+ (0x3ff0_0000_0000_0000 - 0x3fe6_a09e_667f_3bcd)
    let m = Double(bitPattern: (t & 0xf_ffff_ffff_ffff) + 0x3fe6_a09e_667f_3bcd)
    let e = Double(bitPattern: t >> 52 | 0x4330_0000_0000_0000) - (4503599627370496.0 + 1023.0)
    let s = (m - 1) / (m + 1), z = s * s, z2 = z * z
    let p01 = -0x1.5555555552d50p+0 * z + -0x1.0000000000001p+2
    let p23 = -0x1.249240b87155dp-1 * z + -0x1.999999a435066p-1
    let p45 = -0x1.732320a9c93b0p-2 * z + -0x1.c722cceee92f4p-2
    let p46 = p45 + -0x1.58d5d4a93822dp-2 * z2
    let p = (p01 + p23 * z2) + p46 * (z2 * z2)
    return e * -0x1.62e42fefa39efp+0 + s * p
  }

  /// Returns two standard normals and the sum of their squares.
  static func normals(_ word: (UInt64, UInt64)) -> (Double, Double, square: Double) {
    let one: UInt64 = 0x3ff0_0000_0000_0000
    let square = minusTwoLog(2 - Double(bitPattern: (word.0 & 0xf_ffff_ffff_ffff) | one))
    let r = square.squareRoot()
    let y = Double(bitPattern: (word.1 & 0xf_ffff_ffff_c000) | one) - 1.5, t = y * y
    let cosine: [Double] = [
      0x1.f3dbcea61b1a4p-22, -0x1.a6c9c1be9eb49p-16, 0x1.e1f4fb60281f6p-11,
      -0x1.55d3c7dbfd139p-6, 0x1.03c1f081b0780p-2, -0x1.3bd3cc9be458bp+0, 1,
    ]
    let sine: [Double] = [
      0x1.e3f38399551bfp-25, -0x1.e30071afc3e59p-19, 0x1.50782fda12d96p-13,
      -0x1.32d2cce2e5b19p-8, 0x1.466bc677587f8p-4, -0x1.4abbce625be41p-1, 0x1.921fb54442d18p+0,
    ]
    var c = cosine[0], s = sine[0]
    for k in 1..<7 {
      c = c * t + cosine[k]
      s = s * t + sine[k]
    }
    s = s * y
    if word.1 >> 63 == 1 { c = -c }
    let swapped = word.1 >> 62 & 1 == 1
    return (r * (swapped ? s : c), r * (swapped ? c : s), square)
  }

  /// Returns two standard normals in single precision from two halves of words.
  static func singleNormals(radius: UInt32, angle: UInt32) -> (Float, Float) {
    let v = Float(Int32(bitPattern: radius >> 1)) + 0.5
    let t = v.bitPattern &+ (0x3f80_0000 - 0x3f35_04f3)
    let m = Float(bitPattern: (t & 0x7f_ffff) + 0x3f35_04f3)
    let e = Float(Int32(bitPattern: t >> 23)) - 158
    let q = (m - 1) / (m + 1)
    let p = horner(
      q * q, [-0x1.326cfep-1, -0x1.9957acp-1, -0x1.555588p+0, -0x1.000000p+2])
    let r = (e * -0x1.62e430p+0 + q * p).squareRoot()
    let y = Float(Int32(bitPattern: angle | 1)) * 0x1p-32
    var c = horner(y * y, [-0x1.4e5e06p-6, 0x1.03af58p-2, -0x1.3bd392p+0, 1])
    let s = y * horner(y * y, [-0x1.2d9b40p-8, 0x1.465ec4p-4, -0x1.4abbbap-1, 0x1.921fb6p+0])
    if radius & 1 == 1 { c = -c }
    return angle & 1 == 1 ? (r * s, r * c) : (r * c, r * s)
  }

  private static func horner(_ x: Float, _ coefficients: [Float]) -> Float {
    coefficients.dropFirst().reduce(coefficients[0]) { $0 * x + $1 }
  }

  /// Returns 1/√q.
  static func inverseRoot(_ q: Double) -> Double {
    var y = Double(bitPattern: 0x5fe6_eb50_c7b5_37a9 &- (q.bitPattern >> 1))
    let half = 0.5 * q
    for _ in 0..<4 { y = y * (1.5 - half * (y * y)) }
    return y
  }
}

/// Makes the words of one generator: xoshiro256++.
struct ScalarGenerator {
  var state: [UInt64]

  /// Returns the next word.
  mutating func next() -> UInt64 {
    func rotated(_ x: UInt64, _ count: UInt64) -> UInt64 { x << count | x >> (64 - count) }
    let word = rotated(state[0] &+ state[3], 23) &+ state[0]
    let shifted = state[1] << 17
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = rotated(state[3], 45)
    return word
  }

  /// Returns the next two words.
  mutating func pair() -> (UInt64, UInt64) {
    let first = next()
    return (first, next())
  }
}

/// A second layer of `count` weights near 1, or with both signs and zeros, the first negative.
func secondLayer(_ count: Int, slope: Double, isMixed: Bool) -> [Double] {
  (0..<count).map { j in
    let size = 1 - slope * Double(j)
    return isMixed ? [-1, 1, 0][j % 3] * size : size
  }
}
