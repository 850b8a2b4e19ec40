import Foundation

/// Holds all that `compare` reports: the content of summary.json.
public struct ComparisonSummary: Codable, Sendable {
  /// Where a result comes from.
  public struct Provenance: Codable, Sendable {
    /// Version of Escapement.
    public let version: String
    /// Commit it was built from, null when not known.
    @Nullable public var commit: String? = nil
    /// Version of GSL.
    public let gsl: String
    /// Name of the random generator.
    public let generator: String
    /// The seed.
    public let seed: UInt64

    init(version: String, commit: String?, gsl: String, generator: String, seed: UInt64) {
      (self.version, self.gsl, self.generator, self.seed) = (version, gsl, generator, seed)
      self.commit = commit
    }

    /// Reads where a result comes from; throws `DecodingError` also for a word that is not plain.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      func word(_ key: CodingKeys) throws -> String? {
        let word = try container.decodeIfPresent(String.self, forKey: key)
        guard word.map(isPlainWord) ?? true else {
          throw DecodingError.dataCorruptedError(
            forKey: key, in: container, debugDescription: "not a plain word")
        }
        return word
      }
      func required(_ key: CodingKeys) throws -> String {
        guard let word = try word(key) else {
          throw DecodingError.keyNotFound(
            key, .init(codingPath: container.codingPath, debugDescription: "missing"))
        }
        return word
      }
      self.init(
        version: try required(.version), commit: try word(.commit), gsl: try required(.gsl),
        generator: try required(.generator),
        seed: try container.decode(UInt64.self, forKey: .seed))
    }

    enum CodingKeys: CodingKey { case version, commit, gsl, generator, seed }
  }

  /// What a dynamics cost.
  public struct Timing: Codable, Sendable {
    /// Steps of all replicas together.
    public let steps: Int
    /// Wall-clock seconds.
    public let seconds: Double
  }

  /// Name and version of this format.
  public private(set) var schema = ComparisonSummary.schema
  static let schema = "escapement/comparison/1"
  /// The experiment with its defaults filled in.
  @Fallback<Missing.Experiment> public var experiment: ResolvedValue
  /// Where the result comes from.
  public let provenance: Provenance
  /// Closed forms.
  public let theory: TheorySummary
  /// One entry a dynamics and threshold.
  public let exitTimes: [ExitTimeSummary]
  /// One entry a pair of dynamics and threshold.
  public let comparisons: [PairComparison]
  /// One entry a noisy dynamics and threshold where the SDE's law is known, else none.
  @Fallback<Missing.List<LawComparison>> public var law: [LawComparison]
  /// What a reader must know before believing the numbers.
  @Fallback<Missing.List<String>> public var warnings: [String]
  /// Cost by dynamics.
  @Fallback<Missing.Map<Timing>> public var timing: [String: Timing]

  enum CodingKeys: String, CodingKey {
    case schema, experiment, provenance, theory, comparisons, law, warnings, timing
    case exitTimes = "exit_times"
  }
}

extension ComparisonSummary {
  /// The largest summary.json, in bytes.
  static let largestFile = 1 << 26

  /// Decodes the summary at `path`; throws `DataFileError`, which names the key.
  init(_ data: Data, path: String) throws {
    _ = try utf8Text(data, path)
    do {
      self = try JSONDecoder().decode(ComparisonSummary.self, from: data)
    } catch let error as DecodingError {
      throw DataFileError(path, error.problem)
    }
    guard schema == ComparisonSummary.schema else {
      throw DataFileError(
        path, "key 'schema': found '\(schema.prefix(40))', expected '\(ComparisonSummary.schema)'")
    }
    try checkWords(path)
    for (index, pair) in comparisons.enumerated() {
      for interval in [pair.meanRatio?.interval, pair.meanRatio?.seen] {
        guard let interval, interval.count != 2 else { continue }
        throw DataFileError(
          path,
          "key 'comparisons[\(index)]': an interval of \(interval.count) numbers, expected two")
      }
    }
  }
}

extension ComparisonSummary {
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
  var problem: String {
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

extension ExitTimeSummary {
  /// What is watched.
  public var mark: WrittenMark { .init(criterion: criterion, threshold: threshold) }
}

extension PairComparison {
  /// What is watched.
  public var mark: WrittenMark { .init(criterion: criterion, threshold: threshold) }
}
