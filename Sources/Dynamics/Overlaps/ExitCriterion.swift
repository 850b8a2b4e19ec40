/// Names what an exit is watched by, and knows how it is written, read and put into words.
///
/// What it is worth at a state is in `OverlapLevels.swift`, and as a function of the risk in `ExitWatch.swift`.
public enum ExitCriterion: Sendable, Hashable {
  /// max_j |M_jr|/√(Q_jjP_rr) ≥ η for teacher unit r, counted from 0.
  case overlap(Int)
  /// R ≤ (1 − T) R(0).
  case risk
  /// tr(P⁻¹ Mᵀ Q⁺ M)/k ≥ S, the part of the teacher's subspace that the students span.
  case subspace

  /// Lists the kinds of criteria, in the order of records and rows.
  public enum Family: String, Sendable, CaseIterable {
    case overlap
    case risk
    case subspace

    /// The key of an experiment that holds the thresholds.
    public var key: String {
      switch self {
      case .risk: return "thresholds"
      case .overlap, .subspace: return "\(rawValue)-thresholds"
      }
    }

    /// The letter for a threshold.
    public var symbol: String {
      switch self {
      case .overlap: return "η"
      case .risk: return "T"
      case .subspace: return "S"
      }
    }

    /// Whether there is one for each teacher unit, with its number after the word.
    public var isNumbered: Bool {
      switch self {
      case .overlap: return true
      case .risk, .subspace: return false
      }
    }

    /// The criterion of a teacher unit, counted from 0; the unit counts for numbered ones alone.
    public func criterion(unit: Int = 0) -> ExitCriterion {
      switch self {
      case .overlap: return .overlap(unit)
      case .risk: return .risk
      case .subspace: return .subspace
      }
    }

    /// The criteria of a teacher of that many units.
    public func criteria(teacherUnits: Int) -> [ExitCriterion] {
      isNumbered ? (0..<teacherUnits).map { criterion(unit: $0) } : [criterion()]
    }

    /// All kinds, that of ``ExitCriterion/standard`` first, as keys and words are listed.
    public static let listed =
      [ExitCriterion.standard.family] + allCases.filter { $0 != ExitCriterion.standard.family }
  }

  /// What rows, keys and summaries watch that name no criterion.
  public static let standard = ExitCriterion.risk

  /// Its kind.
  public var family: Family {
    switch self {
    case .overlap: return .overlap
    case .risk: return .risk
    case .subspace: return .subspace
    }
  }

  /// The word in files and tables: `risk`, `overlap-1`, `overlap-2`, …, `subspace`.
  public var name: String {
    switch self {
    case .overlap(let unit): return "\(family.rawValue)-\(unit + 1)"
    case .risk, .subspace: return family.rawValue
    }
  }

  /// Reads the word that ``name`` writes; nil when there is no such criterion.
  public init?(name: String) {
    let number = name.split(separator: "-", maxSplits: 1).last.flatMap { Int($0) } ?? 1
    let match = Family.allCases.lazy.filter { _ in number > 0 }
      .map { $0.criterion(unit: number - 1) }.first { $0.name == name }
    guard let match else { return nil }
    self = match
  }

  /// The words of all criteria, for a list.
  public static var listedNames: [String] {
    Family.listed.flatMap {
      $0.isNumbered ? $0.criteria(teacherUnits: 2).map(\.name) + ["…"] : [$0.rawValue]
    }
  }

  /// A threshold with its letter, and the word where it is not the usual one: `T = 0.5`, `overlap-1, η = 0.5`.
  public func label(_ threshold: String) -> String {
    (self == .standard ? "" : "\(name), ") + "\(family.symbol) = \(threshold)"
  }

  /// A threshold as the head of a table has it.
  public func title(_ threshold: String) -> String {
    let value = "\(family.symbol) = \(threshold)"
    switch self {
    case .overlap(let unit): return "overlap \(value) with teacher unit \(unit + 1)"
    case .risk: return "\(value) of the initial risk"
    case .subspace: return "\(value) of the teacher's subspace"
    }
  }

  /// What has happened at an exit, as a sentence.
  public func sentence(_ threshold: String) -> String {
    switch self {
    case .overlap(let unit):
      return "the overlap with teacher unit \(unit + 1) has reached \(family.symbol) = \(threshold)"
    case .risk: return "the risk has fallen by the fraction \(family.symbol) = \(threshold)"
    case .subspace:
      return "the students span the part \(family.symbol) = \(threshold) of the teacher's subspace"
    }
  }
}
