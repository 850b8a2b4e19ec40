import GSL

/// Integrates the ODE of the overlaps, the limit d → ∞ of SGD, and locates its exits.
///
/// dM/dτ, dQ/dτ as in ``FieldMoments/drift(into:)``; GSL's adaptive `odeiv2` with local tolerance
/// 1e-12 relative, 1e-14 absolute. An exit inside an adaptive step is found by Brent's method on
/// the risk of the solution integrated anew from the step's beginning, to 1e-12 in τ. A dip of the
/// risk that begins and ends inside one step (at most 0.25 long) is not seen.
/// Cost O((p + k)³) an evaluation. For p = k = 1 the exit times agree with the logistic closed form
/// to 1e-9 relative.
/// Source: Arnaboldi et al. (2023), arXiv 2305.18502, the deterministic limit.
public struct DeterministicLimit: Engine {
  /// The dynamics, `ode`.
  public let kind = DynamicsKind.ode
  /// The model.
  public let model: Model
  /// When a replica has left the plateau.
  public let exitRule: ExitRule
  /// GSL's stepper.
  public let stepper: ODEStepper

  /// The largest number of fields p + k, for 320 MB of moments a thread.
  public static let largestFieldCount = 2000

  /// Creates the engine; throws `ParameterError` for `width` beyond ``largestFieldCount`` fields.
  public init(
    model: Model, exitRule: ExitRule, stepper: ODEStepper = .rungeKuttaPrinceDormand
  ) throws {
    try ParameterError.require(
      model.fieldCount <= DeterministicLimit.largestFieldCount, "width", "\(model.width)",
      "width + teacher-units of at most \(DeterministicLimit.largestFieldCount) for the ODE")
    try DeterministicLimit.requireCovered(model, exitRule)
    self.model = model
    self.exitRule = exitRule
    self.stepper = stepper
  }

  /// Throws `ParameterError` for the first key the ODE has no way with.
  static func requireCovered(_ model: Model, _ rule: ExitRule) throws(ParameterError) {
    try rule.requireFits(model)
    try model.requirePhaseRetrieval("the ODE")
    try ParameterError.require(
      rule.isTold(byRiskOf: model), "overlap-thresholds", "overlaps of several units",
      "one student and one teacher unit for the ODE")
  }

  /// Integrates the replicas of the queue; a step is one adaptive step.
  public func run(_ work: ReplicaWork) throws {
    while let replica = work.queue.next() {
      let frame = try work.frame(of: replica, model: model)
      work.record(replica, try exits(from: frame.overlaps, report: work.report))
    }
  }

  private func evolution(_ moments: FieldMoments, step: Double) throws -> ODEEvolution {
    try ODEEvolution(
      dimension: moments.layout.count, stepper: stepper, absoluteTolerance: 1e-14,
      relativeTolerance: 1e-12, initialStep: step, maximumStep: 0.25
    ) { _, state, derivatives in
      moments.update(state, order: .drift)
      moments.drift(into: derivatives)
    }
  }

  private func exits(from start: [Double], report: (Int) -> Void) throws -> [ExitRecord] {
    let moments = FieldMoments(model: model)
    let evolution = try evolution(moments, step: 1e-4)
    func risk(_ state: [Double]) -> Double {
      moments.update(state, order: .drift)
      return moments.risk
    }
    var (time, state) = (0.0, start)
    var watch = exitRule.watch(of: model, initialRisk: risk(state))
    watch.observe(risk(state), at: 0)
    var meter = StepMeter()
    while !watch.isDone && time < exitRule.horizon {
      let (previousTime, previous) = (time, state)
      try evolution.advance(time: &time, towards: exitRule.horizon, state: &state)
      try meter.count(report)
      let current = risk(state)
      guard current.isFinite else {
        try meter.flush(report)
        return watch.finish(.diverged, at: time)
      }
      while current <= watch.boundary {
        let boundary = watch.boundary
        let exit = try findRoot(in: previousTime...time, absoluteTolerance: 1e-12) { candidate in
          try risk(solution(from: previous, at: previousTime, to: candidate, moments)) - boundary
        }
        watch.exit(at: exit)
      }
    }
    try meter.flush(report)
    return watch.finish(.censored, at: exitRule.horizon)
  }

  private func solution(
    from state: [Double], at begin: Double, to end: Double, _ moments: FieldMoments
  ) throws -> [Double] {
    guard end > begin else { return state }
    let evolution = try evolution(moments, step: end - begin)
    var (time, solution) = (begin, state)
    while time < end { try evolution.advance(time: &time, towards: end, state: &solution) }
    return solution
  }
}
