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

  private init(verified name: String) {
    self.name = name
  }

  var type: UnsafePointer<gsl_rng_type> {
    // Both initialisers admit only names that the registry holds.
    Self.registry.types[name]!
  }

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
