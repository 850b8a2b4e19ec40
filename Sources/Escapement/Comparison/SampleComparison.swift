import Dynamics
import GSL
import Statistics

/// Compares two samples of exit times from anywhere.
public struct SampleComparison: Codable, Sendable {
  /// Tests of equal laws.
  public let tests: TestBattery
  /// Why tests are not there, by their names.
  public let testsUnavailable: [String: String]
  /// Distance of the laws, in the unit of the times.
  public let wasserstein: IntervalEstimate
  /// Ratio of the means, first over second; null when a side has no exit, or a mean of 0.
  @Nullable public var meanRatio: PairComparison.Ratio? = nil
  /// Why that is null; null when it is not.
  @Nullable public var noRatioReason: PairComparison.NoRatioReason? = nil
  /// The time up to which both laws are seen, and all but the log-rank test look; null for throughout.
  @Nullable public var restrictedTo: Double? = nil
  /// Fractions of the first and the second side that exited by then.
  public let seen: [Double]
  /// What was compared, with its Kaplan–Meier curve; null in documents of version 0.2.0 and before.
  @Nullable public var samples: [Sample]? = nil

  /// Describes one of the samples.
  public struct Sample: Codable, Sendable {
    /// What it is called: the file it is from.
    public let name: String
    /// How many replicas there are, and how many of them exited.
    public let replicas, exited: Int
    /// The Kaplan–Meier curve in steps: time, survival, lower and upper end of its 95% band.
    public let survival: [[Double]]
  }

  enum CodingKeys: String, CodingKey {
    case tests, wasserstein, seen, samples
    case testsUnavailable = "tests_unavailable"
    case meanRatio = "mean_ratio"
    case noRatioReason = "mean_ratio_unavailable"
    case restrictedTo = "restricted_to"
  }

  /// Tests, measures and judges; `isPaired` when value i of both has the same start, `names` what they are called.
  ///
  /// Throws `StatisticsError` when pairs do not match in number.
  public init(
    _ first: ExitSample, _ second: ExitSample, isPaired: Bool, margin: Double, seed: UInt64 = 1,
    names: [String] = ["first", "second"]
  ) throws {
    let stream = try StreamFamily(seed: seed).stream(for: .statistics, replica: 0)
    let pairing: Pairing = isPaired ? .byStart : .independent
    let relabellings = relabellingCount(first, second)
    tests = try TestBattery(
      first, second, pairing: pairing, permutations: relabellings, stream: stream)
    testsUnavailable = tests.unavailable
    wasserstein = try WassersteinDistance.estimate(
      first, second,
      bootstrap: Bootstrap(pairing: pairing, resamples: relabellings, stream: stream))
    let ratio = try PairComparison.Ratio(
      isPaired ? .paired(first, second) : .unpaired(first, second),
      hasExits: first.exited > 0 && second.exited > 0, margin: margin
    ) { try PairComparison.HorizonNeeded(first, second, nil) }
    let end = [first, second].compactMap(\.knownUntil).min()
    seen = [first.seen(by: end), second.seen(by: end)]
    meanRatio = ratio
    noRatioReason = PairComparison.NoRatioReason(ratio, first, second)
    restrictedTo = end
    samples = try zip(names, [first, second]).map { name, sample in
      Sample(
        name: name, replicas: sample.count, exited: sample.exited,
        survival: try KaplanMeier(sample).steps())
    }
  }
}

/// The relabellings or resamples of a test: some 20 ns for each value, about a second in all.
func relabellingCount(_ first: ExitSample, _ second: ExitSample) -> Int {
  min(999, max(99, 30_000_000 / (first.count + second.count)))
}
