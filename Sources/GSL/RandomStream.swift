import CGSL
import CKernels

/// Draws random numbers from one stream: that of a seed, a purpose and a replica.
///
/// A stream belongs to one task at a time.
public final class RandomStream {
  /// Names the generator behind the stream.
  public let generator: RandomGenerator

  @usableFromInline let handle: UnsafeMutablePointer<gsl_rng>

  /// Is false for generators of fewer than 24 bits, on which GSL's ziggurat returns 0.
  @usableFromInline let hasZigguratRange: Bool

  /// Opens the stream of (`seed`, `purpose`, `replica`) at its start.
  ///
  /// With Philox, all triples with 0 ≤ `replica` < 2⁴⁸ have disjoint streams of 2⁶⁶ words for
  /// each 64-bit `seed`. GSL's own generators take seeds of 32 bits: `purpose` < 16 and
  /// 0 ≤ `replica` < 2²⁸ (the last replica of purpose 15 excepted) get distinct seeds within a
  /// run, but all experiments draw them from one pool of 2³². Distinct seeds may start the
  /// same cycle at nearby places.
  ///
  /// Throws `GSLError` for a purpose or a replica out of these ranges.
  public init(
    generator: RandomGenerator = .philox, seed: UInt64, purpose: UInt16, replica: Int
  ) throws {
    handlerIsOff
    let shortSeed: UInt32?
    if generator.isCounterBased {
      guard replica >= 0, replica < 1 << 48 else {
        throw GSLError.invalid("RandomStream", "replicas lie in 0..<2^48")
      }
      shortSeed = nil
    } else {
      shortSeed = try StreamSeed(experimentSeed: seed).seed(purpose: purpose, replica: replica)
    }
    let type = generator.type
    self.generator = generator
    hasZigguratRange = type.pointee.max - type.pointee.min >= 0x00FF_FFFF
    handle = try allocated(gsl_rng_alloc(type), "gsl_rng_alloc")
    if let shortSeed {
      gsl_rng_set(handle, UInt(shortSeed))
    } else {
      escapement_philox_key(handle, seed, purpose, UInt64(replica))
    }
  }

  deinit {
    gsl_rng_free(handle)
  }

  /// Draws an integer, uniform over the generator's own range (32 bits for Philox).
  @inlinable
  public func bits() -> UInt {
    gsl_rng_get(handle)
  }

  /// Draws a uniform number in [0, 1), of 53 bits for Philox.
  @inlinable
  public func uniform() -> Double {
    gsl_rng_uniform(handle)
  }

  /// Draws a uniform number in (0, 1).
  @inlinable
  public func uniformPositive() -> Double {
    gsl_rng_uniform_pos(handle)
  }

  /// Draws a Gaussian number of mean 0 and variance 1.
  ///
  /// Source: the ziggurat of Marsaglia and Tsang (2000) as GSL has it; the polar method for
  /// generators of fewer than 24 bits, on which that one fails.
  @inlinable
  public func gaussian() -> Double {
    hasZigguratRange ? gsl_ran_gaussian_ziggurat(handle, 1) : gsl_ran_gaussian(handle, 1)
  }

  /// Fills `buffer` with Gaussian numbers, the same as repeated calls of `gaussian`.
  @inlinable
  public func fillGaussian(_ buffer: UnsafeMutableBufferPointer<Double>) {
    for index in buffer.indices {
      buffer[index] = gaussian()
    }
  }

  /// Draws from the chi-square distribution; 0 at 0 degrees.
  ///
  /// Any real `degreesOfFreedom` ≥ 0 is valid; the answer to another is not a number.
  public func chiSquare(degreesOfFreedom: Double) -> Double {
    degreesOfFreedom == 0 ? 0 : gamma(shape: degreesOfFreedom / 2, scale: 2)
  }

  /// Draws from the gamma distribution of mean `shape` · `scale`.
  ///
  /// Both must be positive and finite; the answer to others is not a number.
  /// Source: Marsaglia and Tsang (2000) as GSL has it; Knuth's methods for generators of fewer
  /// than 24 bits.
  public func gamma(shape: Double, scale: Double) -> Double {
    guard shape > 0, shape.isFinite, scale > 0, scale.isFinite else { return .nan }
    return hasZigguratRange
      ? gsl_ran_gamma(handle, shape, scale) : gsl_ran_gamma_knuth(handle, shape, scale)
  }
}
