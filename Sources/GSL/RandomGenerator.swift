import CGSL
import CKernels

/// Names a random number generator: Philox, or one of those that ship with GSL.
public struct RandomGenerator: Sendable, Hashable {
  /// Holds GSL's name of the generator, for example "mt19937".
  public let name: String

  /// Is Philox 4x32-10, the default: it has a stream for every (seed, purpose, replica).
  ///
  /// Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
  /// (2011).
  public static let philox = RandomGenerator(
    verified: String(cString: escapement_philox_type().pointee.name))

  /// Lists every generator: Philox first, then GSL's in the order of their names.
  public static let all: [RandomGenerator] =
    [philox]
    + registry.types.keys.filter { $0 != philox.name }.sorted().map(RandomGenerator.init(verified:))

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

  /// Tells whether a stream is addressed by counter and key, and so shares no numbers with
  /// any other stream.
  public var isCounterBased: Bool { self == .philox }

  /// Counts, to about one part in a thousand, the streams that its seeds can start.
  ///
  /// Philox: one for each triple, given here as `Int.max`. GSL's generators: 2³² − 1, less
  /// those that collapse seeds: knuthran, knuthran2002 and uni32 (2³⁰); ranmar and ran3
  /// (about 10⁹); coveyou, fishman18, fishman20, gfsr4, knuthran2, lecuyer21, minstd, ran0, ran1, rand,
  /// the three random8, randu, ranf, the two ranlux, two ranlxd and three ranlxs (about 2³¹);
  /// zuf (31 329), uni (16 382) and slatec (8). An ensemble of n replicas then expects about
  /// n² / 2 · (1 / `startCount` − 2⁻³²) pairs of equal replicas.
  public var startCount: Int {
    isCounterBased ? .max : SeedCollapse.startCounts[name] ?? (1 << 32) - 1
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
    let philox = escapement_philox_type()!
    var types = [String(cString: philox.pointee.name): philox]
    var next = gsl_rng_types_setup()!
    while let type = next.pointee {
      types[String(cString: type.pointee.name)] = type
      next += 1
    }
    return Registry(types: types)
  }()
}
