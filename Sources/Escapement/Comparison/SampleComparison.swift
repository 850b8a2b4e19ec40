import Dynamics
import GSL
import Statistics

/// Compares two samples of exit times from anywhere.
public struct SampleComparison: Encodable, Sendable {
  /// Tests of equal laws.
  public let tests: TestBattery
  /// Distance of the laws, in the unit of the times.
  public let wasserstein: IntervalEstimate
  /// Ratio of the means, first over second; null when a side has no exit, or a mean of 0.
  public let meanRatio: PairComparison.Ratio?
  /// Why that is null; null when it is not.
  public let noRatioReason: PairComparison.NoRatioReason?
  /// The time up to which both laws are seen, and all but the log-rank test look; null for throughout.
  public let restrictedTo: Double?
  /// Fractions of the first and the second side that exited by then.
  public let seen: [Double]

  enum CodingKeys: String, CodingKey {
    case tests, wasserstein, seen
    case testsUnavailable = "tests_unavailable"
    case meanRatio = "mean_ratio"
    case noRatioReason = "mean_ratio_unavailable"
    case restrictedTo = "restricted_to"
  }

  /// Writes every key, the ratio null when there is none.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(tests, forKey: .tests)
    try container.encode(wasserstein, forKey: .wasserstein)
    try container.encode(meanRatio, forKey: .meanRatio)
    try container.encode(noRatioReason, forKey: .noRatioReason)
    try container.encode(tests.unavailable, forKey: .testsUnavailable)
    try container.encode(restrictedTo, forKey: .restrictedTo)
    try container.encode(seen, forKey: .seen)
  }

  /// Tests, measures and judges; `isPaired` when value i of both has the same start.
  ///
  /// Throws `StatisticsError` when pairs do not match in number.
  public init(
    _ first: ExitSample, _ second: ExitSample, isPaired: Bool, margin: Double, seed: UInt64 = 1
  ) throws {
    let stream = try StreamFamily(seed: seed).stream(for: .statistics, replica: 0)
    let pairing: Pairing = isPaired ? .byStart : .independent
    let relabellings = relabellingCount(first, second)
    tests = try TestBattery(
      first, second, pairing: pairing, permutations: relabellings, stream: stream)
    wasserstein = try WassersteinDistance.estimate(
      first, second,
      bootstrap: Bootstrap(pairing: pairing, resamples: relabellings, stream: stream))
    meanRatio = try PairComparison.Ratio(
      isPaired ? .paired(first, second) : .unpaired(first, second),
      hasExits: first.exited > 0 && second.exited > 0, margin: margin
    ) { try PairComparison.HorizonNeeded(first, second, nil) }
    noRatioReason = PairComparison.NoRatioReason(meanRatio, first, second)
    restrictedTo = [first, second].compactMap(\.knownUntil).min()
    seen = [first.seen(by: restrictedTo), second.seen(by: restrictedTo)]
  }
}

/// The relabellings or resamples of a test: some 20 ns for each value, about a second in all.
func relabellingCount(_ first: ExitSample, _ second: ExitSample) -> Int {
  min(999, max(99, 30_000_000 / (first.count + second.count)))
}
