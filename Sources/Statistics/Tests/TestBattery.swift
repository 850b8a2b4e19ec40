import GSL

/// Holds the outcome of every test for a difference of two laws.
public struct TestBattery: Sendable, Hashable, Codable {
  /// Is the test by the largest distance.
  public let kolmogorovSmirnov: TestResult?
  /// Is the test that counts the tails; nil with fewer than four values or a single one.
  public let andersonDarling: TestResult?
  /// Is the test by the integrated square; nil when a sample has one replica.
  public let cramerVonMises: TestResult?
  /// Is the test by the energy distance.
  public let energy: TestResult?
  /// Is the test by observed and expected exits.
  public let logRank: TestResult?
  /// Says by a test's name in JSON why it is nil.
  public let unavailable: [String: String]
  /// Is the time up to which all but the log-rank test look; nil for throughout.
  public let horizon: Double?

  /// Counts the exits that chance must give the smaller side for a limit law to be used: with fewer,
  /// Cramér–von Mises and log-rank relabel too.
  public static let fewestExpectedExits = 20.0

  /// Tests whether `first` and `second` were drawn from one law, in five ways.
  ///
  /// Anderson–Darling and energy relabel the values `permutations` times, with `stream`, as
  /// `pairing` says; so do Cramér–von Mises and log-rank where fewer than ``fewestExpectedExits`` are to
  /// be expected on a side. The other p-values take the samples as independent: for pairs that rise
  /// and fall together they are too large. A p-value is one of five looks at one sample: to claim a
  /// difference from the smallest, adjust it (`AdjustedPValues.holm`).
  ///
  /// The law is seen up to the time up to which both samples know it (`ExitSample.knownUntil`). Where
  /// replicas are censored before, all but log-rank compare Kaplan–Meier curves and relabel replicas
  /// with their censoring, which is right if what censors is the same on both sides. A test that cannot
  /// be computed is nil, with the reason in ``unavailable``: none takes the others with it.
  ///
  /// Cost: O(n log n + `permutations` n), about 20 ns for each value and permutation (60 ns with
  /// replicas censored early), and the exact Kolmogorov–Smirnov law up to 10 000 values. Throws
  /// `StatisticsError` when pairs do not match or `permutations` < 1.
  public init(
    _ first: ExitSample, _ second: ExitSample, pairing: Pairing, permutations: Int = 999,
    stream: RandomStream
  ) throws {
    try require(
      (1...1_000_000_000).contains(permutations), "permutations", Double(permutations), "1 to 10^9")
    try pairing.check(first.count, second.count)
    let end = ExitSample.commonEnd(first, second)
    var tests = Available()
    let relabelled = CurveTest(pairing: pairing, count: permutations, stream: stream)
    let exits = Self.exits(first, by: end) + Self.exits(second, by: end)
    let share =
      Double(min(first.count, second.count)) / Double(first.count + second.count)
    let isFew = share * Double(exits) < Self.fewestExpectedExits
    if first.isCensored(before: end) || second.isCensored(before: end) {
      let curves = CensoredOrder(first, second, end: end)
      kolmogorovSmirnov = tests.result(.kolmogorovSmirnov) {
        try KolmogorovSmirnov.test(curves, relabelled)
      }
      andersonDarling = tests.result(.andersonDarling) {
        try AndersonDarling.test(curves, relabelled)
      }
      cramerVonMises = tests.result(.cramerVonMises) { try CramerVonMises.test(curves, relabelled) }
      energy = tests.result(.energy) { try EnergyDistance.test(curves, relabelled) }
    } else {
      kolmogorovSmirnov = tests.result(.kolmogorovSmirnov) {
        try KolmogorovSmirnov.test(first, second)
      }
      andersonDarling = tests.result(.andersonDarling) {
        try AndersonDarling.test(
          first, second, pairing: pairing,
          method: .permutation(count: permutations, stream: stream))
      }
      // Without ties the exact law of few values is known.
      let isSmall =
        max(first.count, second.count) <= 20
        && Set(first.times + second.times).count == first.count + second.count
      cramerVonMises = tests.result(.cramerVonMises) {
        try CramerVonMises.test(
          first, second,
          method: isFew && !isSmall
            ? .permutation(pairing: pairing, count: permutations, stream: stream) : .automatic)
      }
      energy = tests.result(.energy) {
        try EnergyDistance.test(
          first, second, pairing: pairing, permutations: permutations, stream: stream)
      }
    }
    logRank = tests.result(.logRank) {
      isFew
        ? try LogRank.test(
          first, second, pairing: pairing, permutations: permutations, stream: stream)
        : LogRank.test(first, second)
    }
    unavailable = tests.reasons
    horizon = end
  }

  private static func exits(_ sample: ExitSample, by end: Double?) -> Int {
    zip(sample.times, sample.isObserved).count { $0 <= end ?? .infinity && $1 }
  }

  /// Gathers why tests have no result.
  private struct Available {
    var reasons: [String: String] = [:]

    mutating func result(_ key: CodingKeys, _ test: () throws -> TestResult) -> TestResult? {
      do {
        let result = try test()
        if result.statistic.isFinite, result.pValue.isFinite { return result }
        reasons[key.rawValue] = "its statistic is beyond all numbers"
      } catch {
        reasons[key.rawValue] = "\(error)"
      }
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

  /// Reads the tests; why others are not there, and the horizon, are not among them.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func test(_ key: CodingKeys) throws -> TestResult? {
      try container.decodeIfPresent(TestResult.self, forKey: key)
    }
    kolmogorovSmirnov = try test(.kolmogorovSmirnov)
    andersonDarling = try test(.andersonDarling)
    cramerVonMises = try test(.cramerVonMises)
    energy = try test(.energy)
    logRank = try test(.logRank)
    (unavailable, horizon) = ([:], nil)
  }

  /// The tests' names in files and for people, in the order of tables.
  public static let titles: [(name: String, title: String)] = [
    (CodingKeys.kolmogorovSmirnov, "Kolmogorov–Smirnov"),
    (.andersonDarling, "Anderson–Darling"), (.cramerVonMises, "Cramér–von Mises"),
    (.energy, "energy"), (.logRank, "log-rank"),
  ].map { ($0.rawValue, $1) }

  /// The tests in the order of ``titles``; nil where one is not defined.
  public var inOrder: [TestResult?] {
    [kolmogorovSmirnov, andersonDarling, cramerVonMises, energy, logRank]
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

/// Relabels the replicas of two Kaplan–Meier curves.
struct CurveTest {
  let pairing: Pairing
  let count: Int
  let stream: RandomStream

  /// Returns the probability of a statistic of the gaps at least as large as that of the samples.
  func pValue(
    _ curves: CensoredOrder, _ statistic: ([Double]) -> Double
  ) throws -> Permutation.PValue {
    try Permutation.pValue(curves.order, pairing: pairing, count: count, stream: stream) {
      statistic(curves.gaps($0))
    }
  }
}

/// Holds the outcome of a test of the hypothesis that two laws are equal.
public struct TestResult: Sendable, Hashable, Codable {
  /// Says how a p-value was got, and so what it is worth.
  public enum Kind: String, Sendable, Hashable, Codable {
    /// Counts every way that the values can fall.
    case exact
    /// Takes the limit law of many values.
    case asymptotic
    /// Relabels at random: at least `smallestPValue`, however different the samples.
    case permutation
    /// Takes ties for values in a random order: the p-value is at most this.
    case upperBound = "upper-bound"
  }

  /// Is the test's statistic, in the convention that the test documents.
  public let statistic: Double
  /// Is the probability, if the laws are equal, of a statistic at least as extreme.
  public let pValue: Double
  /// Says how `pValue` was got; nil when it was read from elsewhere.
  public let kind: Kind?
  /// Is the smallest p-value that the test can give, 1/(N + 1) for N relabellings; nil but for `permutation`.
  public let smallestPValue: Double?

  /// Joins a statistic and its p-value.
  public init(
    statistic: Double, pValue: Double, kind: Kind? = nil, smallestPValue: Double? = nil
  ) {
    self.statistic = statistic
    self.pValue = pValue
    self.kind = kind
    self.smallestPValue = smallestPValue
  }

  /// Whether all that is known is that the p-value is at most `pValue`: it is a bound, or the floor of
  /// the relabellings.
  public var isBound: Bool {
    kind == .upperBound && pValue < 1 || smallestPValue.map { pValue <= $0 } ?? false
  }

  enum CodingKeys: String, CodingKey {
    case statistic
    case pValue = "p_value"
    case kind = "p_value_kind"
    case smallestPValue = "smallest_p_value"
  }
}
