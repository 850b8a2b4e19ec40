import CGSL
import CKernels

/// Names a random number generator: xoshiro256++, Philox, or one of those that ship with GSL.
public struct RandomGenerator: Sendable, Hashable {
  /// Holds GSL's name of the generator, for example "mt19937".
  public let name: String

  /// Is xoshiro256++, the default: its streams start where Philox 4x32-10 says for the
  /// (seed, purpose, replica), and the vector kernels draw from the same.
  ///
  /// Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2021).
  public static let xoshiro = RandomGenerator(
    verified: String(cString: escapement_xoshiro_type().pointee.name))

  /// Is Philox 4x32-10: a counter, with a stream for every (seed, purpose, replica).
  ///
  /// Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
  /// (2011).
  public static let philox = RandomGenerator(
    verified: String(cString: escapement_philox_type().pointee.name))

  /// Lists every generator: xoshiro256++ and Philox first, then GSL's in the order of their names.
  public static let all: [RandomGenerator] =
    keyed
    + registry.types.keys.filter { name in !keyed.contains { $0.name == name } }
    .sorted().map(RandomGenerator.init(verified:))

  private static let keyed = [xoshiro, philox]

  /// Finds the generator called `name`.
  ///
  /// Throws `GSLError` when there is none; the reason lists the valid names.
  public init(named name: String) throws {
    guard Self.registry.types[name] != nil else {
      let names = Self.all.map(\.name).joined(separator: ", ")
      throw GSLError.invalid(
        "RandomGenerator", "no generator is named '\(name)'; choose one of \(names)")
    }
    self.name = name
  }

  /// Tells whether every (seed, purpose, replica) has a stream of its own: disjoint from all
  /// others (Philox), or with a chance below 2⁻⁷⁰ of any overlap (xoshiro256++).
  public var isKeyed: Bool { Self.keyed.contains(self) }

  /// Counts, to about one part in a thousand, the streams that its seeds can start.
  ///
  /// Keyed generators: one for each triple, given here as `Int.max`. GSL's generators: 2³² − 1, less
  /// those that collapse seeds: knuthran, knuthran2002 and uni32 (2³⁰); ranmar and ran3
  /// (about 10⁹); coveyou, fishman18, fishman20, gfsr4, knuthran2, lecuyer21, minstd, ran0, ran1, rand,
  /// the three random8, randu, ranf, the two ranlux, two ranlxd and three ranlxs (about 2³¹);
  /// zuf (31 329), uni (16 382) and slatec (8). An ensemble of n replicas then expects about
  /// n² / 2 · (1 / `startCount` − 2⁻³²) pairs of equal replicas.
  public var startCount: Int {
    isKeyed ? .max : SeedCollapse.startCounts[name] ?? (1 << 32) - 1
  }

  /// Tells whether distinct 32-bit seeds can start one stream; see `startCount`.
  public var collapsesSeeds: Bool { SeedCollapse.startCounts[name] != nil }

  private init(verified name: String) {
    self.name = name
  }

  var type: UnsafePointer<gsl_rng_type> {
    // Both initialisers admit only names that the registry holds.
    Self.registry.types[name]!
  }

  /// Tells whether GSL's ziggurat is right on this generator.
  ///
  /// It needs 24 bits at once, and returns 0 for ever from fewer (slatec, uni). It takes the
  /// layer from the lowest bits, which in the others named here have short periods or
  /// correlations: 6 · 10⁵ normals then miss their variance or their distribution.
  var suitsZiggurat: Bool {
    let type = type.pointee
    return type.max - type.min >= 0x00FF_FFFF && !Self.weakLowBits.contains(name)
  }

  private static let weakLowBits: Set<String> = [
    "borosh13", "coveyou", "r250", "rand", "random8-bsd", "random8-glibc2", "random8-libc5",
    "randu", "transputer", "vax", "waterman14",
  ]

  /// Maps names to GSL's descriptions, which GSL never writes after `gsl_rng_types_setup`.
  private struct Registry: @unchecked Sendable {
    let types: [String: UnsafePointer<gsl_rng_type>]
  }

  private static let registry: Registry = {
    handlerIsOff
    var types: [String: UnsafePointer<gsl_rng_type>] = [:]
    for type in [escapement_xoshiro_type()!, escapement_philox_type()!] {
      types[String(cString: type.pointee.name)] = type
    }
    var next = gsl_rng_types_setup()!
    while let type = next.pointee {
      types[String(cString: type.pointee.name)] = type
      next += 1
    }
    return Registry(types: types)
  }()
}
