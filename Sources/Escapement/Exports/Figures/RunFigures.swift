import Dynamics
import Foundation
import GSL
import Statistics

extension Run {
  /// Makes the figures of a run: for each exit rule the densities of the exit times, the survival
  /// curves, the differences of the distribution functions and the quantiles against each other.
  ///
  /// What has no exit is left out. Throws `GSLError`.
  public func figures() throws -> [Figure] {
    let horizon = experiment.exitRule.horizon
    return try rules.flatMap { rule -> [Figure] in
      let curves = try series.filter { $0.hasSameRule(as: rule) }.map {
        FigureSample(kind: $0.dynamics, sample: try $0.sample(horizon: horizon))
      }.filter { $0.sample.exited > 0 }
      guard !curves.isEmpty else { return [] }
      let setting = FigureSetting(experiment: experiment, rule: rule, law: exitLaw(of: rule)?.law)
      return try [
        densityFigure(curves, setting), survivalFigure(curves, setting),
        differenceFigure(curves, setting), quantileFigure(curves, setting),
      ].compactMap { $0 }
    }
  }

  /// The law of the SDE's exit time that `compare` tests the run's ground truth against, or its SDE: from its
  /// starts, watched as it is; nil where there is none to its tolerance.
  func exitLaw(of rule: ExitSeries) -> (law: ExitLaw, monitoring: Monitoring)? {
    let kinds = [DynamicsKind.sgd, .chain, .sde]
    guard rule.criterion == "risk", experiment.hasLaw,
      let kind = kinds.first(where: { kind in series.contains { $0.dynamics == kind } })
    else { return nil }
    let watched = experiment.monitoring(of: kind)
    return (try? ExitLaw(experiment, threshold: rule.threshold, watched: watched)).map {
      ($0, watched)
    }
  }
}

/// A dynamics with its exit times.
struct FigureSample {
  let kind: DynamicsKind
  let sample: ExitSample

  var title: String { FigureStyle.title(kind) }
  var lineType: Int { FigureStyle.lineType(kind) }
  /// Whether it is one path: the ODE from a fixed start.
  var isNumber: Bool { sample.count == 1 }
  /// The latest 99.5% quantile of the exits, where figures end.
  var reach: Double {
    let exits = zip(sample.times, sample.isObserved).filter(\.1).map(\.0).sorted()
    return exits[min(exits.count - 1, Int(0.995 * Double(exits.count)))]
  }
}

/// What all figures of one exit rule share.
struct FigureSetting {
  /// Ends the names of files: `T0.01`.
  let suffix: String
  /// Says the rule in words.
  let rule: String
  /// Samples over d log d in one unit of τ; nil where log d is none.
  let sampleScale: Double?
  /// The margin δ of the equivalence test.
  let margin: Double
  let horizon: Double
  let law: ExitLaw?

  init(experiment: Experiment, rule: ExitSeries, law: ExitLaw?) {
    let isRisk = rule.criterion == "risk"
    suffix = isRisk ? "T\(rule.threshold)" : "\(rule.criterion)-\(rule.threshold)"
    self.rule = FigureSetting.words(rule.criterion, rule.threshold)
    let (model, dimension) = (experiment.model, Double(experiment.model.dimension))
    sampleScale = dimension > 1 ? 1 / (model.timePerStep * dimension * log(dimension)) : nil
    margin = experiment.margin
    horizon = experiment.exitRule.horizon
    self.law = law
  }

  /// Says an exit rule in words.
  static func words(_ criterion: String, _ threshold: Double) -> String {
    switch criterion {
    case ExitCriterion.risk.name: return "the risk has fallen by the fraction T = \(threshold)"
    case ExitCriterion.subspace.name:
      return "the students span the part \(threshold) of the teacher's subspace"
    default:
      return "the \(criterion.replacingOccurrences(of: "-", with: " with teacher direction ")) "
        + "has reached \(threshold)"
    }
  }

  /// A step of 1, 2 or 5 times a power of ten that puts four to ten ticks on an axis.
  private func tickStep(_ length: Double) -> Double {
    let power = pow(10, log10(length / 4).rounded(.down))
    return [5, 2, 1].map { $0 * power }.first { $0 <= length / 4 } ?? power
  }

  /// Labels the axis of exit times, and the same in samples on top.
  func timeAxis(to end: Double) -> String {
    var text = """
      set xrange [0:\(end)]
      set xlabel 'exit time τ = ν γ / (p d)'
      """
    if let sampleScale {
      text += """

        set link x2 via x * \(sampleScale) inverse x / \(sampleScale)
        set border 7
        set x2tics \(tickStep(end * sampleScale)) nomirror out scale 0.6
        set x2label 'samples ν / (d log d)'
        """
    }
    return text
  }
}
