import GSL

/// Holds the outcome of every test for a difference of two laws.
public struct TestBattery: Sendable, Hashable, Encodable {
  /// Is the test by the largest distance.
  public let kolmogorovSmirnov: TestResult
  /// Is the test that counts the tails; nil with fewer than four values or a single one.
  public let andersonDarling: TestResult?
  /// Is the test by the integrated square; nil when a sample has one replica.
  public let cramerVonMises: TestResult?
  /// Is the test by the energy distance.
  public let energy: TestResult
  /// Is the test by observed and expected exits.
  public let logRank: TestResult

  /// Tests whether `first` and `second` were drawn from one law, in five ways.
  ///
  /// Anderson–Darling and energy relabel the values `permutations` times, with `stream`, as
  /// `pairing` says. The other p-values take the samples as independent: for pairs that rise and
  /// fall together they are too large. A p-value is one of five looks at one sample: to claim a
  /// difference from the smallest, adjust it (`AdjustedPValues.holm`).
  ///
  /// Cost: O(n log n + `permutations` n), about 20 ns for each value and permutation, and the
  /// exact Kolmogorov–Smirnov law up to 10 000 values. Throws `StatisticsError` when pairs do not match or `permutations` < 1.
  public init(
    _ first: ExitSample, _ second: ExitSample, pairing: Pairing, permutations: Int = 999,
    stream: RandomStream
  ) throws {
    kolmogorovSmirnov = try KolmogorovSmirnov.test(first, second)
    andersonDarling = try Self.optional {
      try AndersonDarling.test(
        first, second, pairing: pairing,
        method: .permutation(count: permutations, stream: stream))
    }
    cramerVonMises = try Self.optional { try CramerVonMises.test(first, second) }
    energy = try EnergyDistance.test(
      first, second, pairing: pairing, permutations: permutations, stream: stream)
    logRank = LogRank.test(first, second)
  }

  /// Returns nil where the sample is too small or too even for a test, and throws other errors.
  private static func optional(_ test: () throws -> TestResult) throws -> TestResult? {
    do {
      return try test()
    } catch StatisticsError.tooFewValues, StatisticsError.allValuesEqual {
      return nil
    }
  }

  enum CodingKeys: String, CodingKey {
    case kolmogorovSmirnov = "kolmogorov_smirnov"
    case andersonDarling = "anderson_darling"
    case cramerVonMises = "cramer_von_mises"
    case energy
    case logRank = "log_rank"
  }

  /// Encodes each test by its name; one that is not defined is null.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kolmogorovSmirnov, forKey: .kolmogorovSmirnov)
    try container.encode(andersonDarling, forKey: .andersonDarling)
    try container.encode(cramerVonMises, forKey: .cramerVonMises)
    try container.encode(energy, forKey: .energy)
    try container.encode(logRank, forKey: .logRank)
  }
}
