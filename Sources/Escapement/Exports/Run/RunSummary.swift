import Dynamics
import Foundation
import Statistics

/// Holds what exports need of a run's summary.json; keys of later versions do no harm.
public struct RunSummary: Decodable, Sendable {
  /// Where a result comes from.
  public struct Provenance: Decodable, Sendable {
    let version: String
    let commit: String?
    let gsl: String
    let generator: String
    let seed: UInt64

    /// Reads where a result comes from; throws `DecodingError` also for a word that is not plain.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      func word(_ key: CodingKeys, _ text: String) throws -> String {
        guard isPlainWord(text) else {
          throw DecodingError.dataCorruptedError(
            forKey: key, in: container, debugDescription: "not a plain word")
        }
        return text
      }
      version = try word(.version, container.decode(String.self, forKey: .version))
      commit = try container.decodeIfPresent(String.self, forKey: .commit).map {
        try word(.commit, $0)
      }
      gsl = try word(.gsl, container.decode(String.self, forKey: .gsl))
      generator = try word(.generator, container.decode(String.self, forKey: .generator))
      seed = try container.decode(UInt64.self, forKey: .seed)
    }

    private enum CodingKeys: String, CodingKey { case version, commit, gsl, generator, seed }
  }

  /// Closed forms; exit times by threshold.
  public struct Theory: Decodable, Sendable {
    let growthRate: Double?
    let criticalLearningRate: Double?
    let optimalLearningRate: Double?
    let annealedExitTime: [String: Double?]?
    let quenchedExitTime: [String: Double?]?
    let linearisedExitTime: [String: Double?]?
    let gainFromWidth: Double?
    let largestGainFromWidth: Double?
    let plateau: Double?

    enum CodingKeys: String, CodingKey {
      case growthRate = "growth_rate"
      case criticalLearningRate = "critical_learning_rate"
      case optimalLearningRate = "optimal_learning_rate"
      case annealedExitTime = "annealed_exit_time"
      case quenchedExitTime = "quenched_exit_time"
      case linearisedExitTime = "linearised_exit_time"
      case gainFromWidth = "gain_from_width"
      case largestGainFromWidth = "largest_gain_from_width"
      case plateau
    }
  }

  /// Summary of one dynamics at one exit rule.
  public struct ExitTime: Decodable, Sendable {
    let dynamics: String
    let criterion: String?
    let threshold: Double
    let replicas: Int
    let exited: Int
    let censored: Int
    let diverged: Int
    let mean: Double?
    let restrictedMean: Double?
    let standardError: Double?
    let standardDeviation: Double?
    let quantiles: [String: Double?]?
    let meanSamples: Double?

    enum CodingKeys: String, CodingKey {
      case dynamics, criterion, threshold, replicas, exited, censored, diverged, mean, quantiles
      case restrictedMean = "restricted_mean"
      case standardError = "standard_error"
      case standardDeviation = "standard_deviation"
      case meanSamples = "mean_samples"
    }
  }

  /// A test of equal laws.
  public struct Test: Decodable, Sendable {
    let statistic: Double?
    let pValue: Double?
    let kind: String?
    let smallestPValue: Double?

    enum CodingKeys: String, CodingKey {
      case statistic
      case pValue = "p_value"
      case kind = "p_value_kind"
      case smallestPValue = "smallest_p_value"
    }

    /// The p-value with what it is worth.
    var pValueText: String? {
      pValue.map {
        TestResult(
          statistic: statistic ?? 0, pValue: $0, kind: kind.flatMap(TestResult.Kind.init),
          smallestPValue: smallestPValue
        ).pValueText
      }
    }
  }

  /// An estimate with its interval.
  public struct Estimate: Decodable, Sendable {
    let estimate: Double?
    let interval: [Double]?
  }

  /// A ratio of means with its verdict.
  public struct Ratio: Decodable, Sendable {
    let estimate: Double
    let interval: [Double]?
    let margin: Double
    let verdict: Verdict
    let restricted: Bool?
    let restrictedTo: Double?
    let seen: [Double]?
    let undecidedReason: String?
    let horizonNeeded: Double?

    enum CodingKeys: String, CodingKey {
      case estimate, interval, margin, verdict, restricted, seen
      case restrictedTo = "restricted_to"
      case undecidedReason = "undecided_reason"
      case horizonNeeded = "horizon_needed"
    }
  }

  /// Comparison of two dynamics at one exit rule.
  public struct Pair: Decodable, Sendable {
    package let first: String
    package let second: String
    let criterion: String?
    let threshold: Double
    let paired: Bool
    let tests: [String: Test?]?
    let wasserstein: Estimate?
    let meanRatio: Ratio?
    let noRatioReason: String?

    enum CodingKeys: String, CodingKey {
      case first, second, criterion, threshold, paired, tests, wasserstein
      case meanRatio = "mean_ratio"
      case noRatioReason = "mean_ratio_unavailable"
    }
  }

  /// Cost of one dynamics.
  public struct Timing: Decodable, Sendable {
    let steps: Int
    let seconds: Double
  }

  /// The largest summary.json, in bytes.
  static let largestFile = 1 << 26

  let schema: String
  let provenance: Provenance
  let theory: Theory
  let exitTimes: [ExitTime]
  let comparisons: [Pair]
  let warnings: [String]?
  let timing: [String: Timing]?

  enum CodingKeys: String, CodingKey {
    case schema, provenance, theory, comparisons, warnings, timing
    case exitTimes = "exit_times"
  }

  /// Decodes the summary at `path`; throws `DataFileError`, which names the key.
  init(_ data: Data, path: String) throws {
    _ = try utf8Text(data, path)
    do {
      self = try JSONDecoder().decode(RunSummary.self, from: data)
    } catch let error as DecodingError {
      throw DataFileError(path, error.problem)
    }
    guard schema == "escapement/comparison/1" else {
      throw DataFileError(
        path, "key 'schema': found '\(schema.prefix(40))', expected 'escapement/comparison/1'")
    }
    try checkWords(path)
    for (index, pair) in comparisons.enumerated() {
      for interval in [pair.meanRatio?.interval, pair.wasserstein?.interval, pair.meanRatio?.seen] {
        guard let interval, interval.count != 2 else { continue }
        throw DataFileError(
          path,
          "key 'comparisons[\(index)]': an interval of \(interval.count) numbers, expected two")
      }
    }
  }
}

extension RunSummary {
  /// Refuses a dynamics or criterion that is none: they become words of tables and pages.
  private func checkWords(_ path: String) throws {
    func check(_ key: String, _ kinds: [(String, String)], _ criterion: String?) throws {
      for (name, kind) in kinds where DynamicsKind(rawValue: kind) == nil {
        throw DataFileError(
          path,
          "key '\(key).\(name)': found '\(singleLine(String(kind.prefix(40))))', expected "
            + DynamicsKind.words)
      }
      if let criterion, ExitCriterion(name: criterion) == nil {
        throw DataFileError(
          path,
          "key '\(key).criterion': found '\(singleLine(String(criterion.prefix(40))))', expected "
            + ExitCriterion.words)
      }
    }
    for (index, entry) in exitTimes.enumerated() {
      try check("exit_times[\(index)]", [("dynamics", entry.dynamics)], entry.criterion)
    }
    for (index, pair) in comparisons.enumerated() {
      try check(
        "comparisons[\(index)]", [("first", pair.first), ("second", pair.second)], pair.criterion)
    }
  }
}

extension DecodingError {
  /// The key and what was expected there, on one line.
  fileprivate var problem: String {
    func place(_ path: [any CodingKey]) -> String {
      path.isEmpty
        ? "the whole"
        : "key '"
          + path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
          .replacingOccurrences(of: ".[", with: "[") + "'"
    }
    switch self {
    case .keyNotFound(let key, let context):
      return "\(place(context.codingPath + [key])): missing, expected in a summary"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      return
        "\(place(context.codingPath)): expected \(type == Double.self || type == Int.self ? "a number" : "a \(type)")"
    case .dataCorrupted(let context):
      return context.codingPath.isEmpty
        ? "broken JSON, expected the summary of a run"
        : "\(place(context.codingPath)): the value cannot be read"
    @unknown default: return "expected the summary of a run"
    }
  }
}

extension RunSummary.ExitTime {
  /// What is watched.
  var mark: PointResult.Mark { .init(criterion: criterion, threshold: threshold) }
}

extension RunSummary.Pair {
  /// What is watched.
  var mark: PointResult.Mark { .init(criterion: criterion, threshold: threshold) }
}
