import CGSL
import CKernels

/// Draws random numbers from one stream: that of a seed, a purpose and a replica.
///
/// A stream belongs to one task at a time.
public final class RandomStream {
  /// Names the generator behind the stream.
  public let generator: RandomGenerator

  @usableFromInline let handle: UnsafeMutablePointer<gsl_rng>

  @usableFromInline let usesZiggurat: Bool

  /// Opens the stream of (`seed`, `purpose`, `replica`) at its start.
  ///
  /// Triples with 0 ≤ `replica` < 2⁴⁸ have streams of their own for each 64-bit `seed`: with
  /// Philox disjoint ones of 2⁶⁶ words, with xoshiro256++ stretches of a cycle of 2²⁵⁶ − 1 words
  /// that start at random places, so that any two of 2⁶⁴ streams of 2⁵⁰ words meet with a
  /// probability below 2⁻⁷⁸. GSL's own generators take seeds of 32 bits: `purpose` < 16 and
  /// 0 ≤ `replica` < 2²⁸ (the last replica of purpose 15 excepted) get distinct seeds within a
  /// run, but all experiments draw them from one pool of 2³², and some generators start one
  /// stream from several seeds (`RandomGenerator.startCount`). Distinct seeds often start one
  /// cycle at different places, and nothing keeps these apart.
  ///
  /// Throws `GSLError` for a purpose or a replica out of these ranges.
  public init(
    generator: RandomGenerator = .xoshiro, seed: UInt64, purpose: UInt16, replica: Int
  ) throws {
    handlerIsOff
    let shortSeed: UInt32?
    if generator.isKeyed {
      guard replica >= 0, replica < 1 << 48 else {
        throw GSLError.invalid("RandomStream", "replicas lie in 0..<2^48")
      }
      shortSeed = nil
    } else {
      let seed = try StreamSeed(experimentSeed: seed).seed(purpose: purpose, replica: replica)
      shortSeed = SeedCollapse.folded(seed, for: generator.name)
    }
    self.generator = generator
    usesZiggurat = generator.suitsZiggurat
    handle = try allocated(gsl_rng_alloc(generator.type), "gsl_rng_alloc")
    if let shortSeed {
      gsl_rng_set(handle, UInt(shortSeed))
    } else {
      let key = generator == .xoshiro ? escapement_xoshiro_key : escapement_philox_key
      key(handle, seed, purpose, UInt64(replica))
    }
  }

  /// Goes to the start of another stream of the same generator, which must be keyed, with `replica` in its range.
  public func restart(seed: UInt64, purpose: UInt16, replica: Int) {
    precondition(
      generator.isKeyed && (0..<1 << 48).contains(replica), "a keyed generator, replicas below 2^48"
    )
    let key = generator == .xoshiro ? escapement_xoshiro_key : escapement_philox_key
    key(handle, seed, purpose, UInt64(replica))
  }

  deinit {
    gsl_rng_free(handle)
  }

  /// Shows the generator's state, to be copied or replaced by one of a stream on the same generator.
  ///
  /// For keyed generators any bytes are a state; what GSL's generators do with others is not defined.
  public func withState<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    try body(
      UnsafeMutableRawBufferPointer(start: gsl_rng_state(handle), count: gsl_rng_size(handle)))
  }

  /// Draws an integer, uniform over the generator's own range (32 bits for the keyed ones).
  @inlinable
  public func bits() -> UInt {
    gsl_rng_get(handle)
  }

  /// Draws a uniform number in [0, 1), of 53 bits for the keyed generators.
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
  /// generators whose lowest bits are weak or which have fewer than 24. Cost: about 10 ns on
  /// the keyed generators. Accuracy: values lie on a grid of about 2⁻²⁴. On the three random32, samples of
  /// 6 · 10⁵ fail tests of distribution all the same.
  @inlinable
  public func gaussian() -> Double {
    usesZiggurat ? gsl_ran_gaussian_ziggurat(handle, 1) : gsl_ran_gaussian(handle, 1)
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
  /// Source: Marsaglia and Tsang (2000) as GSL has it; Knuth's methods for the generators on
  /// which `gaussian` is polar. On randu and the three random32, samples of 2 · 10⁵ fail tests of
  /// distribution now and then.
  public func gamma(shape: Double, scale: Double) -> Double {
    guard shape > 0, shape.isFinite, scale > 0, scale.isFinite else { return .nan }
    return usesZiggurat
      ? gsl_ran_gamma(handle, shape, scale) : gsl_ran_gamma_knuth(handle, shape, scale)
  }
}
