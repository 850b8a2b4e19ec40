internal import CKernels
import Foundation
import GSL

/// Integrates the SDE of the overlaps, the first stochastic correction to the limit d → ∞.
///
/// d(M, Q) = drift dτ + √(γ/(p d)) C(Ω)^{1/2} dB (Itô), with the finite-size drift of relative
/// order 1/d unless switched off. A step of length h = `timeStep` follows `scheme`; under continuous
/// monitoring the crossing of a threshold inside a step, its probability and its time, are those of
/// the Brownian bridge of the risk with the variance rate ∇Rᵀ C ∇R (C from the step's beginning, ∇R
/// midway), which makes the bias of exit times O(h) where grid times alone leave O(√h). The kernel for
/// p = k = 1 takes the bridge of |m| with its own variance rate instead. Elsewhere overlaps are held in
/// [−1, 1], which a step can leave near perfect alignment.
/// Cost a step: O((p + k)³), see ``IncrementNoise``; p = k = 1 runs on polynomials in m instead.
/// Beyond squares on the sphere, with any teacher Gram matrix, drift and covariance come from ``IncrementQuadrature``, nodes^(p + k) of them twice a
/// step; for p = k = 1 on the sphere from series in m made once, ``DiffusionTable``.
/// By other rules of learning γr/B takes the place of γ, see ``SamplePush``, and the finite-size drift has the terms
/// of ``BatchPairs``; where fields are moved, by look-ahead or repetitions, it is not known and left out.
/// Levels of overlaps and of the subspace have bridges of their own, ``PathLevels``, and take the steps one by
/// one; lines crossed within one step are drawn independently given its ends.
/// Source: Arnaboldi et al. (2023), arXiv 2305.18502, equation of the stochastic correction, with
/// covariances for all p and k; crossings after Gobet (2000).
public struct DiffusionLimit: ObservableEngine {
  /// The dynamics, `sde`.
  public let kind = DynamicsKind.sde
  /// The model.
  public let model: Model
  /// When a replica has left the plateau.
  public let exitRule: ExitRule
  /// Step h in τ.
  public let timeStep: Double
  /// Whether the drift's terms of relative order 1/d are kept.
  public let finiteSizeDrift: Bool
  /// Scheme of a step.
  public let scheme: DiffusionScheme
  /// Times at which the risk is watched.
  public let monitoring: Monitoring
  let clock: CrossingClock
  let instructions: InstructionSet
  private let scalar: ScalarDiffusion?
  private let table: DiffusionTable?
  private let usesPolynomials: Bool
  private let usesKernels: Bool

  /// The largest number of fields p + k, for 2 GB of matrices a thread.
  public static let largestFieldCount = 2500

  /// Creates the engine.
  ///
  /// For k = 1 and p up to 32 vector kernels take the steps on the default generator, with any `instructions`
  /// with the same bits, but for p = 1 with a second layer of at most 0; for p = k = 1 drift and variance
  /// are polynomials of m. `usesKernels` false
  /// takes the steps one by one and `usesPolynomials` false the general path: the same law from other
  /// numbers. Discrete monitoring takes a `timeStep` below γ/(p d) as γ/(p d).
  /// Throws `ParameterError` for the key `time-step` unless 0 < timeStep ≤ horizon, and for `width`
  /// beyond ``largestFieldCount`` fields.
  public init(
    model: Model, exitRule: ExitRule, timeStep: Double, finiteSizeDrift: Bool = true,
    scheme: DiffusionScheme = .driftHeun, monitoring: Monitoring = .continuous,
    usesPolynomials: Bool = true, usesKernels: Bool = true, instructions: InstructionSet = .best
  ) throws {
    try ParameterError.require(
      model.fieldCount <= DiffusionLimit.largestFieldCount, "width", "\(model.width)",
      "a width and teacher-units of at most \(DiffusionLimit.largestFieldCount) together, for the "
        + "memory of the SDE's matrices")
    try DiffusionLimit.requireCovered(model, exitRule)
    self.usesPolynomials = usesPolynomials
    self.usesKernels = usesKernels
    self.instructions = instructions
    try ParameterError.require(
      timeStep.isFinite && timeStep > 0 && timeStep <= exitRule.horizon, "time-step",
      "\(timeStep)", "a time above 0 and at most the horizon \(exitRule.horizon)")
    try ParameterError.require(
      exitRule.horizon / timeStep < 1e15, "time-step", "\(timeStep)", "fewer than 1e15 steps")
    self.model = model
    self.exitRule = exitRule
    // Watched at SGD's times, a finer grid would see nothing more.
    let step = monitoring == .discrete ? max(timeStep, model.clock.timePerStep) : timeStep
    try ParameterError.require(
      step <= exitRule.horizon, "horizon", "\(exitRule.horizon)",
      "at least one step of SGD, \(model.clock.timePerStep), for discrete monitoring")
    self.timeStep = step
    clock = CrossingClock(monitoring: monitoring, timeStep: step, looks: model.clock)
    self.finiteSizeDrift = finiteSizeDrift
    self.scheme = scheme
    self.monitoring = monitoring
    let isScalar =
      model.hasEscapeTheory && model.width == 1 && model.teacherUnits == 1 && usesPolynomials
    table =
      !model.hasEscapeTheory && DiffusionTable.covers(model) && usesPolynomials
      ? try DiffusionTable(model: model, finiteSizeDrift: finiteSizeDrift) : nil
    scalar = isScalar ? try ScalarDiffusion(model: model, finiteSizeDrift: finiteSizeDrift) : nil
  }

  /// Chooses the default step: the bias of mean exit times stays below a quarter of their error.
  ///
  /// The spread of exit times from random starts is that of ½ log χ²/μ with p k degrees of freedom,
  /// √ψ'(p k/2)/(2μ), and the mean over `replicas` has 1/√replicas of it. The bias per step h was
  /// measured at γ/p = 0.1, T = 0.01 and 0.5, d = 3000, p = 1, 4 and 16: at most 1.1 h for
  /// Euler–Maruyama, 0.1 h for drift-Heun with h ≤ 1/16, 0.03 h for drift-Runge–Kutta with h ≤ 1/8.
  /// Noise of rate ρ, ``noiseRate(of:)``, adds ½ρh of the mean by any scheme, measured at d = 10 and at six
  /// times the critical rate, d = 300; ρ counts where d is small or γ beyond the critical rate. Several
  /// students with ρ of some tenths come to the edge of what Gram matrices can be, where the bias is
  /// O(√h), up to 0.7√(ρh) of the mean: there h ≤ 5e-4/ρ, or 1.25e-4/ρ² for ρ below ¼.
  /// The step is a power of two (exact grid times), and at most 1/64, or 1/16 for Runge–Kutta, and a quarter
  /// of the time of the fastest growth or decay. A schedule's largest rate counts.
  public static func defaultTimeStep(
    model: Model, replicas: Int, horizon: Double, scheme: DiffusionScheme = .driftHeun
  ) -> Double {
    let model = model.atLargestRate
    let theory = EscapeTheory(model: model)
    let rate = max(theory.fastestRate, 1)
    let degrees = Double(model.width) * Double(model.teacherUnits)
    let spread = trigamma(degrees / 2).squareRoot() / (2 * rate)
    let error = spread / Double(max(replicas, 1)).squareRoot()
    let (bias, longest): (Double, Double)
    switch scheme {
    case .eulerMaruyama: (bias, longest) = (1.1, 1.0 / 64)
    case .driftHeun: (bias, longest) = (0.1, 1.0 / 64)
    case .driftRungeKutta: (bias, longest) = (0.03, 1.0 / 16)
    }
    var step = longest
    // Elsewhere the flow may be far steeper than the growth rate tells.
    let steepness = flowSteepness(of: model)
    while step * steepness > 0.25 && step > 1e-6 { step /= 2 }
    while step * bias > 0.25 * error && step > 1e-6 { step /= 2 }
    let noise = noiseRate(of: model)
    let share = 0.25 / Double(max(replicas, 1)).squareRoot()
    while step > 1e-7, step * rate > 0.25 || step * noise > share { step /= 2 }
    if model.width > 1, noise > 0 {
      let longest = 5e-4 / noise * max(1, 0.25 / noise)
      while step > 1e-7, step > longest { step /= 2 }
    }
    return min(step, horizon)
  }

  /// The rate ρ at which the noise changes an overlap, and itself as the overlap grows, per unit τ.
  ///
  /// dm has the variance rate v(m) = v₀ + ρ'm² + …, and ρ = v₀ + |ρ'|. In phase retrieval, from the closed
  /// forms at M = 0 and Q = I, v₀ = (γ/(p d)) Var(2a_jℰλ_jλ⋆_r) and
  /// ρ' = (γ/(p d)) Var(4a_jℰλ_j² + 4(γ/p)a_j²ℰ²λ_j²)/4, the largest of all students. 0 where neither this
  /// nor ``DiffusionTable`` knows the noise.
  static func noiseRate(of model: Model) -> Double {
    if model.hasEscapeTheory { return EscapeTheory(model: model).noiseRate }
    guard DiffusionTable.covers(model),
      let table = try? DiffusionTable(model: model, finiteSizeDrift: false)
    else { return 0 }
    let start = table.variance(0)
    let growth = (1...16).map { step in
      let m = Double(step) / 16
      return max(table.variance(m) - start, table.variance(-m) - start) / (m * m)
    }
    return start + max(growth.max() ?? 0, 0)
  }

  /// Says how a step is too long for the path to mean anything, nil where it is not.
  ///
  /// A step of more than a quarter of the time of the fastest growth or decay, or of the noise, moves the mean
  /// of exit times by several per cent: at a quarter by 3 to 12% in phase retrieval, from below the critical
  /// rate to six times it.
  package var stepWarning: String? {
    let model = model.atLargestRate
    let theory = EscapeTheory(model: model)
    let fastest = max(
      theory.fastestRate, DiffusionLimit.flowSteepness(of: model),
      DiffusionLimit.noiseRate(of: model))
    guard fastest > 0, timeStep * fastest > 0.25 else { return nil }
    let longest = exp2((log2(0.25 / fastest)).rounded(.down))
    return
      "the SDE's time step \(timeStep) is long beside the fastest change of the overlaps, which takes "
      + String(format: "%.2g", 1 / fastest)
      + " τ: exit times are off by several per cent or more; a step of at most "
      + "\(longest) would do"
  }

  /// The steepest slope of the drift in m, per unit τ; 0 where the overlap m is not all that moves.
  private static func flowSteepness(of model: Model) -> Double {
    guard !model.hasEscapeTheory, DiffusionTable.covers(model),
      let flow = try? NetworkFlow(model: model)
    else { return 0 }
    var derivatives = [0.0, 0.0, 0.0]
    let values = (-16...16).map {
      flow.derivatives(of: [Double($0) / 16, 1, model.secondLayer[0]], into: &derivatives)
      return derivatives[0]
    }
    return zip(values, values.dropFirst()).map { 16 * abs($1 - $0) }.max() ?? 0
  }

  /// Whether a path moves on closed forms or on series made once, rather than on quadrature at each step.
  public static func isQuick(_ model: Model) -> Bool {
    model.hasClosedLimit || DiffusionTable.covers(model)
  }

  /// Throws `ParameterError` for the first key the SDE has no way with.
  static func requireCovered(_ model: Model, _ rule: ExitRule) throws {
    try rule.requireFits(model)
    try SampleSet.requireNone(model.samples, "the SDE")
    if !model.hasClosedLimit { _ = try IncrementQuadrature.rule(for: model) }
  }

  /// Integrates the replicas of the queue; a step is one time step.
  public func run(_ work: ReplicaWork) throws {
    let (seed, streams) = (work.source.streams.seed, work.source.streams)
    let onKernels = usesKernels && streams.suitKernels && exitRule.isTold(byRiskOf: model)
    if let scalar, onKernels, model.riskFallsWithOverlap {
      try DiffusionLaneExits(work: work, rule: exitRule, clock: clock).run(
        ScalarDiffusionLanes(engine: self, diffusion: scalar, seed: seed))
    } else if model.isPhaseRetrieval, scalar == nil, onKernels, usesPolynomials,
      NetworkDiffusionLanes.covers(model)
    {
      try DiffusionLaneExits(work: work, rule: exitRule, clock: clock).run(
        NetworkDiffusionLanes(engine: self, seed: seed))
    } else {
      try perform(DiffusionExits(work: work, engine: self))
    }
  }

  /// Shows the replicas of the queue, by the scheme of ``run(_:)`` with steps of at most `timeStep` that
  /// end at each time: paths of the same law, from other numbers.
  public func observe(_ paths: PathWork) throws {
    try perform(DiffusionPaths(work: paths, engine: self))
  }

  /// Does a task on the quickest path there is.
  private func perform(_ task: some DiffusionTask) throws {
    if let scalar {
      try task.run(on: ScalarPath(PolynomialDynamics(scalar, model: model), engine: self))
    } else if let table {
      try task.run(on: ScalarPath(table, engine: self))
    } else if model.hasClosedLimit {
      let coefficients = try PhaseRetrievalCoefficients(model: model)
      try task.run(on: OverlapPath(engine: self, coefficients: coefficients))
    } else {
      let coefficients = try QuadratureCoefficients(model: model)
      try task.run(on: OverlapPath(engine: self, coefficients: coefficients))
    }
  }

  /// What follows levels beside the risk on paths of this engine; nil where the risk tells all.
  func pathLevels(stateLength: Int) -> PathLevels? {
    exitRule.isTold(byRiskOf: model)
      ? nil : PathLevels(model: model, criteria: exitRule.levels, stateLength: stateLength)
  }
}

/// Names a scheme for the Itô SDE dX = b dτ + ε σ dB.
///
/// All are of weak order 1 in general. The variance rate of the noise is ε² = O(1/d), so that what counts
/// is the error of the drift beside it.
public enum DiffusionScheme: String, Sendable, CaseIterable {
  /// X + b(X) h + ε√h σ(X) ξ: error O(h) (Maruyama 1955).
  case eulerMaruyama = "euler-maruyama"
  /// X + ½[b(X) + b(X̂)] h + ε√h σ(X) ξ with X̂ the Euler step: error O(h²) + O(ε² h).
  case driftHeun = "drift-heun"
  /// The classical Runge–Kutta method for the drift, its last two stages with the noise already added:
  /// error O(h⁴) + O(ε² h) (Milstein and Tretyakov 1997). For p > 1 the place of a crossing within a step
  /// adds O(h²) to exit times: at p = 4 their mean is 0.46% early with h = 1/16, at p = 1 0.03%.
  case driftRungeKutta = "drift-runge-kutta"

  var kernel: Int32 {
    switch self {
    case .eulerMaruyama: return Int32(ESC_SCHEME_EULER_MARUYAMA.rawValue)
    case .driftHeun: return Int32(ESC_SCHEME_DRIFT_HEUN.rawValue)
    case .driftRungeKutta: return Int32(ESC_SCHEME_DRIFT_RUNGE_KUTTA.rawValue)
    }
  }
}
