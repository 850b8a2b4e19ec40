import Foundation

/// Holds all that `compare` reports: the content of summary.json.
public struct ComparisonSummary: Encodable, Sendable {
  /// Where a result comes from.
  public struct Provenance: Encodable, Sendable {
    /// Version of Escapement.
    public let version: String
    /// Commit it was built from, null when not known.
    public let commit: String?
    /// Version of GSL.
    public let gsl: String
    /// Name of the random generator.
    public let generator: String
    /// The seed.
    public let seed: UInt64

    enum CodingKeys: CodingKey { case version, commit, gsl, generator, seed }

    /// Writes every key, the commit null when not known.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(version, forKey: .version)
      try container.encode(commit, forKey: .commit)
      try container.encode(gsl, forKey: .gsl)
      try container.encode(generator, forKey: .generator)
      try container.encode(seed, forKey: .seed)
    }
  }

  /// What a dynamics cost.
  public struct Timing: Encodable, Sendable {
    /// Steps of all replicas together.
    public let steps: Int
    /// Wall-clock seconds.
    public let seconds: Double
  }

  /// Name and version of this format.
  public let schema = "escapement/comparison/1"
  /// The experiment with its defaults filled in.
  public let experiment: ResolvedValue
  /// Where the result comes from.
  public let provenance: Provenance
  /// Closed forms.
  public let theory: TheorySummary
  /// One entry a dynamics and threshold.
  public let exitTimes: [ExitTimeSummary]
  /// One entry a pair of dynamics and threshold.
  public let comparisons: [PairComparison]
  /// One entry a noisy dynamics and threshold where the SDE's law is known, else none.
  public let law: [LawComparison]
  /// What a reader must know before believing the numbers.
  public let warnings: [String]
  /// Cost by dynamics.
  public let timing: [String: Timing]

  enum CodingKeys: String, CodingKey {
    case schema, experiment, provenance, theory, comparisons, law, warnings, timing
    case exitTimes = "exit_times"
  }
}
