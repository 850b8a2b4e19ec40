import Dynamics
import Foundation

// All that this module must know of each dynamics beside its look, which is in FigureStyle.swift: the switches
// have no default, so that the compiler names what a new dynamics lacks.

extension Experiment {
  /// Makes the engine of one dynamics; throws `ParameterError` when it cannot run this model.
  public func engine(_ kind: DynamicsKind) throws -> any ObservableEngine {
    try engine(kind, instructions: .best)
  }

  /// The same with the instruction set that its kernels use, where it has any: every one gives the same bits.
  package func engine(_ kind: DynamicsKind, instructions: InstructionSet) throws
    -> any ObservableEngine
  {
    switch kind {
    case .ode: return try DeterministicLimit(model: model, exitRule: exitRule, stepper: odeStepper)
    case .sde:
      return try DiffusionLimit(
        model: model, exitRule: exitRule, timeStep: timeStep, finiteSizeDrift: finiteSizeDrift,
        scheme: scheme, monitoring: monitoring, instructions: instructions)
    case .chain:
      return try ReducedChain(model: model, exitRule: exitRule, instructions: instructions)
    case .sgd:
      let engine = try FullSGD(
        model: model, exitRule: exitRule, precision: precision, instructions: instructions)
      try engine.requireDouble(for: streams)
      try engine.requireKeys(for: streams)
      return engine
    }
  }

  /// When the risk of a dynamics is watched: SGD's at its own steps, the ODE's at all times.
  public func monitoring(of kind: DynamicsKind) -> Monitoring {
    switch kind {
    case .ode: return .continuous
    case .sde: return monitoring
    case .chain, .sgd: return .discrete
    }
  }

  /// Estimates the work of a dynamics in seconds of one core, for progress and plans only.
  ///
  /// Steps to the highest threshold by the closed form where there is one, else to half of the
  /// horizon, times what a step was measured to cost with AVX-512, within a factor of two or so.
  public func estimatedSeconds(_ kind: DynamicsKind) -> Double {
    let p = Double(model.width + model.teacherUnits - 1)
    let replicas = Double(replicaCount(kind))
    let seconds: Double
    switch kind {
    case .ode:
      // Explicit steps are no longer than some times the shortest time scale, that of a large noise.
      let rate = abs(EscapeTheory(model: model).growthRate)
      seconds = max(1e-4, 1e-6 * rate * exitRule.horizon) * (1 + p * p / 20)
    case .sde:
      let step = p == 1 ? 4e-9 : 3e-7 + 5e-9 * p * p * p
      seconds = estimatedExitTime / timeStep * step
    case .chain, .sgd: seconds = estimatedSteps * estimatedSecondsPerStep(kind)
    }
    return replicas * seconds
  }

  /// Estimates what a step of SGD costs in seconds of one core, within a factor of two or so.
  private func estimatedSecondsPerStep(_ kind: DynamicsKind) -> Double {
    let p = Double(model.width + model.teacherUnits - 1)
    let (batch, width) = (Double(model.rule.batchSize), Double(model.width))
    switch kind {
    case .ode, .sde: return 0
    case .chain where takesRule:
      let others = model.rule.repetitions > 1 ? 2e-9 * width * batch : 0
      return batch * (7e-8 + 2.5e-8 * width + others)
    case .sgd where takesRule: return batch * Double(model.dimension) * (6e-9 + 2e-9 * width)
    case .chain: return 7e-9 * p + 0.45e-9 * p * p
    case .sgd:
      let normal = precision == .single ? 0.6e-9 : 1.2e-9
      return Double(model.dimension) * (normal + 0.2e-9 * p)
    }
  }

  /// Estimates the work of the dynamics that take steps of SGD; nil for others.
  func stepWork(_ kind: DynamicsKind) -> StepWork? {
    guard kind == .chain || kind == .sgd else { return nil }
    return StepWork(
      kind: kind, steps: estimatedSteps, samples: model.rule.batchSize,
      seconds: estimatedSecondsPerStep(kind), replicas: replicaCount(kind), threads: threads,
      isWorthAWord: takesRule)
  }

  /// Whether steps are more than one fresh sample, which no vector kernel takes.
  private var takesRule: Bool { !model.rule.isOneSample || model.samples?.returns == true }

  /// The work of all dynamics, in seconds of one core.
  public var estimatedSeconds: Double { dynamics.reduce(0) { $0 + estimatedSeconds($1) } }

  /// The steps of SGD to the highest threshold.
  private var estimatedSteps: Double { model.clock.stepsUnderWay(at: estimatedExitTime) }

  private var estimatedExitTime: Double {
    let threshold = exitRule.thresholds.last ?? 0.5
    let formula = EscapeTheory(model: model).annealedExitTime(threshold: threshold)
    // The formulas start from a typical start; the mean over starts is longer.
    return min(formula.map { $0 + 0.5 } ?? exitRule.horizon / 2, exitRule.horizon)
  }

  /// What one evaluation costs where a dynamics goes by quadrature, and how many a replica takes at most; nil
  /// where it does not.
  ///
  /// The ODE's adaptive steps are taken at 100 evaluations per unit τ; the SDE's steps end at `stops` times
  /// besides. Throws `ParameterError` where quadrature does not reach.
  func quadrature(
    of kind: DynamicsKind, stops: Int
  ) throws -> (cost: QuadratureCost, evaluations: Double)? {
    switch kind {
    case .ode:
      return try QuadratureCost.ofDeterministicLimit(model).map { ($0, 100 * exitRule.horizon) }
    case .sde:
      let perStep: Double
      switch scheme {
      case .eulerMaruyama: perStep = 1
      case .driftHeun: perStep = 2
      case .driftRungeKutta: perStep = 4
      }
      return try QuadratureCost.ofDiffusion(model).map {
        ($0, perStep * (exitRule.horizon / timeStep + Double(stops)))
      }
    case .chain, .sgd: return nil
    }
  }

  /// What a reader must know of the numbers of a dynamics.
  func warnings(of kind: DynamicsKind) -> [String] {
    switch kind {
    case .ode:
      let error = (try? engine(.ode) as? DeterministicLimit)?.quadratureError ?? 0
      return quadratureWarning("the ODE's drift is a quadrature", "its", error, above: 1e-6)
        + [rareDrawsWarning(of: kind)].compactMap { $0 }
    case .sde:
      let step = (try? engine(.sde) as? DiffusionLimit)?.stepWarning
      let error = (try? DiffusionLimit.quadratureError(of: model)) ?? 0
      return [step].compactMap { $0 }
        + quadratureWarning(
          "the SDE's drift and noise are quadratures", "their", error, above: 1e-5)
        + [rareDrawsWarning(of: kind)].compactMap { $0 }
    case .chain, .sgd: return []
    }
  }

  private func quadratureWarning(
    _ what: String, _ whose: String, _ error: Double, above limit: Double
  ) -> [String] {
    guard error > limit else { return [] }
    return [
      "\(what) over the fields, off by about \(String(format: "%.1g", error)) of \(whose) largest part"
    ]
  }

  /// What of a dynamics comes from draws that its replicas do not see; nil where it is too little to matter.
  func rareDraws(of kind: DynamicsKind) -> RareDraws? {
    guard kind == .ode || kind == .sde,
      let draws = try? RareDraws(of: model, horizon: exitRule.horizon)
    else { return nil }
    let matters = kind == .ode ? draws.ruleDrift : draws.ruleNoise
    return matters ? draws : nil
  }

  /// Says so in a sentence.
  public func rareDrawsWarning(of kind: DynamicsKind) -> String? {
    rareDraws(of: kind).map { draws in
      let (what, part) = draws.ruleDrift ? ("drift", draws.drift) : ("noise", draws.noise)
      return
        "\(kind.titleWithArticle) is ruled by draws that no replica sees: those rarer than one in "
        + "\(NumberText.rounded(draws.samples)), its samples up to the horizon, make "
        + (part < 1 ? "\(NumberText.percent(part))" : "all")
        + " of the \(what); the chain does not follow it, "
        + "and no verdict is drawn against it"
    }
  }

  /// Whether all replicas of a dynamics are one path: without noise, from a fixed start.
  func isOnePath(_ kind: DynamicsKind) -> Bool { kind.isDeterministic && !isPaired }
}

extension DynamicsKind {
  /// Whether it is run unless dynamics are named.
  func isDefault(_ model: Model, _ rule: ExitRule) -> Bool {
    switch self {
    case .ode, .chain: return covers(model, rule)
    case .sde: return covers(model, rule) && DiffusionLimit.isQuick(model)
    case .sgd: return model.samples != nil
    }
  }

  /// The words of all dynamics for a list, with the titles that say more: `ode, chain (exact chain) or …`.
  static var listed: String {
    alternatives(
      allCases.map { kind in
        let title = kind.title
        return kind.rawValue + (title.lowercased() == kind.rawValue ? "" : " (\(title))")
      })
  }
}

/// Names two dynamics that are compared, as summaries, tables and sweeps hold them.
package protocol DynamicsPair {
  /// The side in the numerator.
  var first: String { get }
  /// The side in the denominator.
  var second: String { get }
}

extension Sequence where Element: DynamicsPair {
  /// The pairs that say whether the noise is negligible: SGD's law, by the first of the references that was run,
  /// against what has no noise.
  package var noisePairs: [Element] {
    let pairs = filter { DynamicsKind(rawValue: $0.second)?.isDeterministic == true }
    let references = DynamicsKind.references.filter(\.hasLawOfSGD).map(\.rawValue)
    let reference = references.first { word in pairs.contains { $0.first == word } }
    return pairs.filter { $0.first == reference }
  }
}
