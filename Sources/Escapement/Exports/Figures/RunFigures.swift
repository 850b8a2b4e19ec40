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

extension Experiment {
  /// Parameters as figures and pages name them: those of the theory always, others where they are not what an
  /// experiment has by default.
  var parameters: [(key: String, words: String)] {
    let basic: [(ExperimentKey, String, String)] = [
      (.dimension, "d", "\(model.dimension)"), (.width, "p", "\(model.width)"),
      (.teacherUnits, "k", "\(model.teacherUnits)"),
      (.learningRate, "γ", NumberText.given(model.learningRate)),
      (.labelNoise, "Δ", NumberText.given(model.labelNoise)),
    ]
    var plain = ExperimentOptions()
    for (key, _, value) in basic { plain.set(key, value) }
    let usual = (try? Experiment(plain, checksEngines: false))?.entries ?? [:]
    guard case .map(let own) = resolved else { return [] }
    let others = own.filter { key, value in
      ExperimentKey(rawValue: key).map { Experiment.isSetting($0) } ?? false
        && usual[key].map { $0 != value.yaml } ?? false
    }
    return basic.map { ($0.0.rawValue, "\($0.1) = \($0.2)") }
      + others.map { ($0.0, "\($0.0) = \(clipped($0.1.words))") }
  }

  /// The resolved keys with their values as text.
  private var entries: [String: String] {
    guard case .map(let pairs) = resolved else { return [:] }
    return Dictionary(pairs.map { ($0.0, $0.1.yaml) }) { first, _ in first }
  }

  /// Whether a key says what is learnt, how and from where, rather than what is watched or computed with.
  private static func isSetting(_ key: ExperimentKey) -> Bool {
    switch key {
    case .dimension, .width, .teacherUnits, .learningRate, .labelNoise, .thresholds,
      .overlapThresholds, .subspaceThresholds, .horizon, .replicas, .dynamics, .seed, .generator,
      .threads, .timeStep, .finiteSizeDrift, .scheme, .monitoring, .odeStepper, .precision, .margin,
      .output:
      false
    default: true
    }
  }
}

/// Cuts a value that is too long for the line of parameters, such as a matrix.
private func clipped(_ words: String) -> String {
  words.count <= 40 ? words : words.prefix(38) + " …"
}

/// How many replicas there are of each dynamics.
func replicaWords(_ counts: [(kind: DynamicsKind, count: Int)]) -> String {
  guard counts.count > 1, Set(counts.map(\.count)).count == 1 else {
    return "replicas: " + counts.map { "\($0.count) \($0.kind.title)" }.joined(separator: " + ")
  }
  return "\(counts[0].count) replicas each"
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
  /// The lines under the titles.
  let parameters: [String]
  /// The mark as titles say it.
  private let mark: String

  init(experiment: Experiment, rule: ExitSeries, law: ExitLaw?) {
    suffix = rule.mark.suffix
    self.rule = rule.mark.sentence
    let scale = experiment.model.scaledSamples
    sampleScale = scale.isFinite ? scale : nil
    margin = experiment.margin
    horizon = experiment.exitRule.horizon
    self.law = law
    mark = rule.mark.text
    parameters = parameterLines(
      experiment.parameters.map(\.words)
        + [replicaWords(experiment.dynamics.map { ($0, experiment.replicaCount($0)) })])
  }

  /// The title of a figure of this rule.
  func title(_ words: String) -> String { "\(words), \(mark)" }

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
