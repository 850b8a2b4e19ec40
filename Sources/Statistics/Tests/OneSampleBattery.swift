import Foundation

/// Holds the tests of one sample against a law that is known without Monte Carlo error.
public struct OneSampleBattery: Sendable, Hashable, Codable {
  /// Is the test by the largest distance.
  public let kolmogorovSmirnov: TestResult
  /// Is the test by the integrated square; nil when a replica is censored or the law too rough.
  public let cramerVonMises: TestResult?
  /// Is the test that counts the tails; nil when a replica is censored or the law too rough.
  public let andersonDarling: TestResult?
  /// Is the largest distance between the distribution functions of the sample's law and the known
  /// one, with an interval that holds for any law and size.
  public let largestDistance: IntervalEstimate
  /// Says by a test's name in JSON why it failed; a test that a censored replica rules out is not among
  /// them.
  public let unavailable: [String: String]

  /// Tests whether `sample` was drawn from the law with the given `survival` function.
  ///
  /// `lattice` is the spacing of the times if they are multiples of one, else 0: a replica seen at t
  /// then exited somewhere in (t − `lattice`, t]. Statistics: D = sup |F_n − F|; W² = 1/(12n) +
  /// Σ (u_i − (2i − 1)/(2n))²; A² = −n − Σ (2i − 1)/n [log u_i + log(1 − u_(n+1−i))] with u = F at the
  /// middle of the lattice's cell. The p-value of D is exact, of W² that of the limit at the
  /// standardised statistic, of A² that of the limit; both are good to 0.01 from ten values on.
  ///
  /// `lawError` bounds the error of `survival`: D is tested less that much and its interval is wider by as
  /// much; W² and A², which have no such bound, are given only where it is below 0.02/√n.
  ///
  /// Censored samples are compared up to their earliest censored time, by D alone, whose p-value is
  /// then too large. Interval of the distance: D ± √(log(2/α)/(2n)). Cost: O(n log n) and n calls of
  /// `survival`, 2n on a lattice. Throws what `survival` throws. Sources: Stephens (1974);
  /// Massart (1990). D and its p-value agree with SciPy's `kstest`, W² with `cramervonmises`.
  public init(
    _ sample: ExitSample, lattice: Double = 0, lawError: Double = 0,
    confidenceLevel: Double = 0.95, survival: (Double) throws -> Double
  ) throws {
    try require(lawError >= 0 && lawError <= 1, "lawError", lawError, "a probability")
    try require(lattice >= 0 && lattice.isFinite, "lattice", lattice, "a spacing of at least 0")
    try require(
      confidenceLevel > 0 && confidenceLevel < 1, "confidenceLevel", confidenceLevel,
      "a number between 0 and 1")
    let n = Double(sample.count)
    let end = sample.earliestCensoring
    // One array holds the exits, then what the law leaves beyond each: samples can be large.
    var beyond = zip(sample.times, sample.isObserved).lazy.filter { time, isObserved in
      isObserved && time <= end ?? .infinity
    }.map(\.0).sorted()
    let exited = beyond.count
    var distance = 0.0
    for index in beyond.indices {
      let later = try survival(beyond[index])
      let earlier = lattice > 0 ? try survival(beyond[index] - lattice) : later
      let above = Double(index + 1) / n - (1 - later)
      let below = (1 - earlier) - Double(index) / n
      distance = max(distance, above, below)
      // The law ends where the table of its curve ends; a logarithm must not.
      beyond[index] = min(max(0.5 * (later + earlier), 1e-16), 1 - 1e-16)
    }
    if let end { distance = max(distance, 1 - (try survival(end)) - Double(exited) / n) }
    kolmogorovSmirnov = TestResult(
      statistic: distance,
      pValue: try KolmogorovDistribution.survival(
        max(distance - lawError, 0), count: sample.count),
      kind: end == nil && lattice == 0 && lawError == 0 ? .exact : .upperBound)
    let reach = (log(2 / (1 - confidenceLevel)) / (2 * n)).squareRoot() + lawError
    largestDistance = IntervalEstimate(
      estimate: distance, interval: max(distance - reach, 0)...min(distance + reach, 1),
      confidenceLevel: confidenceLevel)
    guard end == nil, lawError * n.squareRoot() <= 0.02 else {
      (cramerVonMises, andersonDarling, unavailable) = (nil, nil, [:])
      return
    }
    var (square, tails) = (1 / (12 * n), 0.0)
    for index in beyond.indices {
      let rank = Double(2 * index + 1)
      let gap = (1 - beyond[index]) - rank / (2 * n)
      square += gap * gap
      tails += rank / n * (log1p(-beyond[index]) + log(beyond[beyond.count - 1 - index]))
    }
    // Mean and variance of W² are brought to those of the limit, 1/6 and 1/45.
    let corrected = 1 / 6.0 + (square - 1 / 6.0) / (1 - 0.75 / n).squareRoot()
    var reasons: [String: String] = [:]
    func result(
      _ key: CodingKeys, _ statistic: Double, _ at: Double, _ law: (Double) throws -> Double
    ) -> TestResult? {
      do {
        return TestResult(statistic: statistic, pValue: try law(at), kind: .asymptotic)
      } catch {
        reasons[key.rawValue] = "\(error)"
        return nil
      }
    }
    cramerVonMises = result(
      .cramerVonMises, square, corrected, QuadraticLaw.cramerVonMisesSurvival)
    andersonDarling = result(
      .andersonDarling, -n - tails, -n - tails, QuadraticLaw.andersonDarlingSurvival)
    unavailable = reasons
  }

  enum CodingKeys: String, CodingKey {
    case kolmogorovSmirnov = "kolmogorov_smirnov"
    case cramerVonMises = "cramer_von_mises"
    case andersonDarling = "anderson_darling"
  }

  /// Reads the tests alone: files have the distance, of which nothing is known then, beside them.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kolmogorovSmirnov = try container.decode(TestResult.self, forKey: .kolmogorovSmirnov)
    cramerVonMises = try container.decodeIfPresent(TestResult.self, forKey: .cramerVonMises)
    andersonDarling = try container.decodeIfPresent(TestResult.self, forKey: .andersonDarling)
    largestDistance = IntervalEstimate(estimate: nil, interval: nil, confidenceLevel: 0.95)
    unavailable = [:]
  }

  /// Encodes each test by its name; one that is not defined is null.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kolmogorovSmirnov, forKey: .kolmogorovSmirnov)
    try container.encode(cramerVonMises, forKey: .cramerVonMises)
    try container.encode(andersonDarling, forKey: .andersonDarling)
  }
}
