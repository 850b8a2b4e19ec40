import Dynamics

/// Says what an exit is watched by, a criterion with its threshold, as files write it.
public struct WrittenMark: Sendable, Hashable {
  /// `risk`, or `overlap-1`, … by teacher unit.
  public let criterion: String
  /// Fraction T of the initial risk, or level η of an overlap.
  public let threshold: Double

  /// Creates a mark; files that name no criterion watch `ExitCriterion.standard`.
  public init(criterion: String?, threshold: Double) {
    self.criterion = criterion ?? ExitCriterion.standard.name
    self.threshold = threshold
  }

  /// The criterion; nil for a word that names none.
  var known: ExitCriterion? { ExitCriterion(name: criterion) }

  /// The mark in words: `T = 0.5`, or `overlap-1, η = 0.5`.
  public var text: String {
    let value = NumberText.given(threshold)
    return known?.label(value) ?? "\(criterion) = \(value)"
  }

  /// What has happened at an exit, as a sentence.
  var sentence: String { known?.sentence(NumberText.given(threshold)) ?? text }

  /// Ends the names of files: `T0.5`, or `overlap-1-0.5`.
  var suffix: String {
    known == .standard
      ? "\(ExitCriterion.standard.family.symbol)\(threshold)" : "\(criterion)-\(threshold)"
  }
}

extension WrittenMark {
  /// Names a mark of an exit rule.
  public init(_ mark: ExitMark) {
    self.init(criterion: mark.criterion.name, threshold: mark.threshold)
  }
}
