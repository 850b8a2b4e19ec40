import Dynamics
import Foundation
import GSL
import Statistics

extension Run {
  /// Makes the figures of a run: for each exit rule the densities of the exit times, the survival
  /// curves, the differences of the distribution functions and the quantiles against each other.
  ///
  /// What has no exit is left out, with a word. Throws `GSLError`.
  public func figures() throws -> Figures {
    let horizon = experiment.exitRule.horizon
    var figures = Figures()
    for rule in rules {
      let curves = try series.filter { $0.hasSameRule(as: rule) }.map {
        FigureSample(kind: $0.dynamics, sample: try $0.sample(horizon: horizon))
      }.filter { $0.sample.exited > 0 }
      let setting = FigureSetting(experiment: experiment, rule: rule, law: exitLaw(of: rule)?.law)
      for make in [densityFigure, survivalFigure, differenceFigure, quantileFigure] {
        try figures.addThrowing { try make(curves, setting) }
      }
    }
    return figures
  }

  /// The law of the SDE's exit time that `compare` tests the run's ground truth against, or its SDE: from its
  /// starts, watched as it is; nil where there is none to its tolerance.
  func exitLaw(of rule: ExitSeries) -> (law: ExitLaw, monitoring: Monitoring)? {
    let kinds = DynamicsKind.fromSGD.filter { !$0.isDeterministic }
    guard rule.criterion == ExitCriterion.risk.name, experiment.hasLaw,
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

  var title: String { kind.title }
  var lineType: Int { FigureStyle.lineType(kind) }
  /// Whether it is one path: the ODE from a fixed start.
  var isNumber: Bool { sample.count == 1 }
  private var exits: [Double] { zip(sample.times, sample.isObserved).filter(\.1).map(\.0).sorted() }
  /// The 99.5% quantile of the exits, where figures end; the latest exit where that quantile is 0.
  var reach: Double {
    let exits = exits
    let quantile = exits[min(exits.count - 1, Int(0.995 * Double(exits.count)))]
    return quantile > 0 ? quantile : exits[exits.count - 1]
  }
  /// The one time of all exits, to a billionth, which have no density; nil when they spread.
  var onlyTime: Double? {
    let exits = exits
    let last = exits[exits.count - 1]
    return last - exits[0] <= 1e-9 * last ? last : nil
  }
}

/// Where the axis of exit times ends.
///
/// Throws `NothingToDraw` without an exit after time 0.
func axisEnd(_ curves: [FigureSample], _ name: String) throws -> Double {
  guard let end = curves.map(\.reach).max() else {
    throw NothingToDraw(name: name, reason: "no exit by the horizon")
  }
  guard end > 0 else { throw NothingToDraw(name: name, reason: "all exits at time 0") }
  // Beyond these gnuplot's axes overflow.
  guard (1e-150...1e150).contains(end) else {
    throw NothingToDraw(
      name: name, reason: "exits at τ = \(NumberText.short(end)), beyond its axis")
  }
  return end
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
    suffix = rule.mark.suffix
    self.rule = rule.mark.sentence
    let scale = experiment.model.scaledSamples
    sampleScale = scale.isFinite ? scale : nil
    margin = experiment.margin
    horizon = experiment.exitRule.horizon
    self.law = law
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
