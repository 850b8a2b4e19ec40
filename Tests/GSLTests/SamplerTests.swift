import GSL
import Testing

/// Holds the samplers to their distributions; each check is also shown to fail on a sampler
/// that is wrong by little.
@Suite struct SamplerTests {
  private static let draws = 600_000

  /// Includes two on which GSL's ziggurat is wrong: "slatec" has 22 bits, and the lowest bits of
  /// "transputer" have short periods.
  private static let names = [
    "xoshiro256++", "philox4x32-10", "mt19937", "taus2", "slatec", "transputer",
  ]

  private func stream(_ name: String, replica: Int) throws -> RandomStream {
    try RandomStream(
      generator: RandomGenerator(named: name), seed: 20_230_518, purpose: 1, replica: replica)
  }

  @Test(arguments: names)
  func gaussians(_ name: String) throws {
    var sample = Array(repeating: 0.0, count: Self.draws)
    let stream = try stream(name, replica: 1)
    sample.withUnsafeMutableBufferPointer { stream.fillGaussian($0) }
    let check = try SampleCheck.gaussian(sample)
    #expect(check.passes, "\(check)")
    let wider = try SampleCheck.gaussian(sample.map { $0 * 1.02.squareRoot() })
    #expect(!wider.passes, "a variance of 1.02 passes: \(wider)")
    let shifted = try SampleCheck.gaussian(sample.map { $0 + 0.02 })
    #expect(!shifted.passes, "a mean of 0.02 passes: \(shifted)")
  }

  @Test func fillingEqualsDrawing() throws {
    let drawn = try stream("xoshiro256++", replica: 2)
    let filling = try stream("xoshiro256++", replica: 2)
    var buffer = Array(repeating: 0.0, count: 1_001)
    buffer.withUnsafeMutableBufferPointer { filling.fillGaussian($0) }
    for value in buffer {
      #expect(value == drawn.gaussian())
    }
    #expect(filling.bits() == drawn.bits())
  }

  @Test(arguments: names, [0.3, 1, 1.5, 2, 5, 1_000])
  func chiSquares(_ name: String, _ degreesOfFreedom: Double) throws {
    let draws = Self.draws / 6
    let stream = try stream(name, replica: 3)
    let sample = (0..<draws).map { _ in stream.chiSquare(degreesOfFreedom: degreesOfFreedom) }
    let check = try SampleCheck.chiSquare(sample, degreesOfFreedom: degreesOfFreedom)
    #expect(check.passes, "\(check)")
    let wrong = (0..<draws).map { _ in stream.chiSquare(degreesOfFreedom: degreesOfFreedom + 1) }
    let failing = try SampleCheck.chiSquare(wrong, degreesOfFreedom: degreesOfFreedom)
    #expect(!failing.passes, "one degree too many passes: \(failing)")
  }

  @Test func gammaHasItsScale() throws {
    let stream = try stream("xoshiro256++", replica: 4)
    let sample = (0..<100_000).map { _ in stream.gamma(shape: 2.5, scale: 3) * 2 / 3 }
    #expect(try SampleCheck.chiSquare(sample, degreesOfFreedom: 5).passes)
  }

  @Test func chiSquareOf0DegreesIs0AndOfFewerIsNotANumber() throws {
    let stream = try stream("xoshiro256++", replica: 5)
    #expect(stream.chiSquare(degreesOfFreedom: 0) == 0)
    for invalid in [-1, -.infinity, .infinity, Double.nan] {
      #expect(stream.chiSquare(degreesOfFreedom: invalid).isNaN)
      #expect(stream.gamma(shape: 1, scale: invalid).isNaN)
    }
  }
}
