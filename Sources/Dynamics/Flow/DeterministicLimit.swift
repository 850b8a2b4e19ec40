import GSL

/// Integrates the ODE of the overlaps, the limit d → ∞ of SGD, and locates its exits.
///
/// dM/dτ, dQ/dτ as in ``FieldMoments/drift(into:)``, and with the second layer as in ``NetworkFlow`` beyond
/// phase retrieval; GSL's adaptive `odeiv2` with local tolerance 1e-12 relative, 1e-14 absolute. An exit
/// inside an adaptive step is found by Brent's method on the level of the solution integrated anew from the
/// step's beginning, to 1e-12 in τ. Where a line lies in the reach of a least risk or a largest level inside
/// a step, ``StepTurns``, that turn is located and the exit sought before it. Cost O((p + k)³) an evaluation in closed form. For p = k = 1 the exit times agree with
/// the logistic closed form to 1e-9 relative. Where the drift is a quadrature that is not exact, its error
/// estimate is ``quadratureError`` and the tolerance a hundredth of that.
/// Source: Arnaboldi et al. (2023), arXiv 2305.18502, the deterministic limit.
public struct DeterministicLimit: ObservableEngine {
  /// The dynamics, `ode`.
  public let kind = DynamicsKind.ode
  /// The model.
  public let model: Model
  /// When a replica has left the plateau.
  public let exitRule: ExitRule
  /// GSL's stepper.
  public let stepper: ODEStepper
  /// Relative error of the drift's expectations; 0 where they are closed forms or exact.
  public let quadratureError: Double

  /// The largest number of fields p + k, for 320 MB of moments a thread.
  public static let largestFieldCount = 2000

  /// Creates the engine; throws `ParameterError` for `width` beyond ``largestFieldCount`` fields, or
  /// where the drift has no closed form and too many fields for quadrature.
  public init(
    model: Model, exitRule: ExitRule, stepper: ODEStepper = .rungeKuttaPrinceDormand
  ) throws {
    try DeterministicLimit.requireCovered(model, exitRule)
    self.model = model
    self.exitRule = exitRule
    self.stepper = stepper
    quadratureError =
      NetworkFlow.isClosed(model) ? 0 : try QuadratureMoments.errorEstimate(of: model)
  }

  /// Throws `ParameterError` for the first key the ODE has no way with.
  static func requireCovered(_ model: Model, _ rule: ExitRule) throws {
    try rule.requireFits(model)
    try SampleSet.requireNone(model.samples, "the ODE")
    try ParameterError.require(
      model.fieldCount <= largestFieldCount, "width", "\(model.width)",
      "width + teacher-units of at most \(largestFieldCount) for the ODE")
    if !NetworkFlow.isClosed(model) { try QuadratureMoments.requireReach(of: model) }
  }

  /// Integrates the replicas of the queue; a step is one adaptive step.
  public func run(_ work: ReplicaWork) throws {
    let flow = try self.flow()
    while let replica = work.queue.next() {
      let frame = try work.frame(of: replica, model: model)
      work.record(replica, try exits(flow, from: flow.state(of: frame), report: work.report))
    }
  }

  /// Shows the replicas of the queue; the integration ends a step at each time.
  public func observe(_ paths: PathWork) throws {
    let (flow, work) = (try self.flow(), paths.replicas)
    while let replica = work.queue.next() {
      let start = flow.state(of: try work.frame(of: replica, model: model))
      try follow(replica, paths, flow, from: start)
    }
  }

  private func follow(
    _ replica: Int, _ paths: PathWork, _ flow: any DeterministicFlow, from start: [Double]
  ) throws {
    let evolution = try evolution(flow, step: 1e-4)
    var (time, state) = (0.0, start)
    var meter = StepMeter()
    for (index, target) in paths.times.enumerated() {
      while time < target {
        let goesOn = try advance(evolution, flow, &time, towards: target, &state)
        try meter.count(paths.replicas.report)
        guard goesOn else {
          try meter.flush(paths.replicas.report)
          return paths.diverge(replica, at: time)
        }
      }
      let (seen, model) = (state, model)
      paths.observe(
        replica, index,
        PathPoint(risk: flow.risk(of: state)) { NetworkState(model: model, state: seen) })
    }
    try meter.flush(paths.replicas.report)
    paths.end(replica)
  }

  private func flow() throws -> any DeterministicFlow {
    if model.hasEscapeTheory && exitRule.isTold(byRiskOf: model) {
      return FieldMoments(model: model)
    }
    let flow = try NetworkFlow(model: model, levels: exitRule.levels)
    return model.clock.isUniform ? flow : TimedFlow(flow)
  }

  private func evolution(_ flow: any DeterministicFlow, step: Double) throws -> ODEEvolution {
    let relative = try QuadratureMoments.stepTolerance(of: model, error: quadratureError)
    return try ODEEvolution(
      dimension: flow.stateLength, stepper: stepper, absoluteTolerance: 0.01 * relative,
      relativeTolerance: relative, initialStep: step, maximumStep: 0.25
    ) { _, state, derivatives in flow.derivatives(of: state, into: derivatives) }
  }

  private func exits(
    _ flow: any DeterministicFlow, from start: [Double], report: (Int) -> Void
  ) throws -> [ExitRecord] {
    let evolution = try evolution(flow, step: 1e-4)
    var (time, state) = (0.0, start)
    var watch = exitRule.watch(of: model, initialRisk: flow.risk(of: state))
    let falls = StepTurns(flow, levels: watch.levels.count, isMonotone: isMonotone)
    falls.begin(at: state)
    watch.begin(risk: falls.values[0])
    if !watch.levels.isEmpty { watch.begin(levels: falls.values.dropFirst().map { -$0 }) }
    var meter = StepMeter()
    while !watch.isDone && time < exitRule.horizon {
      let (previousTime, previous) = (time, state)
      let goesOn = try advance(evolution, flow, &time, towards: exitRule.horizon, &state)
      try meter.count(report)
      guard goesOn else {
        try meter.flush(report)
        return watch.finish(.diverged, at: time)
      }
      falls.move(to: state, during: previousTime...time) { [previous] in
        try self.solution(flow, from: previous, at: previousTime, to: $0)
      }
      while let exit = try falls.crossing(of: 0, at: watch.boundary) { watch.exit(at: exit) }
      for level in watch.levels {
        while let exit = try falls.crossing(of: 1 + level, at: -watch.nextThreshold(level)) {
          watch.exit(level: level, at: exit)
        }
      }
    }
    try meter.flush(report)
    return watch.finish(.censored, at: exitRule.horizon)
  }

  /// Whether the risk cannot turn: one overlap that is all the state, and a risk that is even in it.
  private var isMonotone: Bool {
    model.hasEscapeTheory && model.width == 1 && model.teacherUnits == 1
      && exitRule.isTold(byRiskOf: model)
  }

  /// Takes one step; says whether the solution goes on within the finite numbers.
  private func advance(
    _ evolution: ODEEvolution, _ flow: any DeterministicFlow, _ time: inout Double,
    towards end: Double, _ state: inout [Double]
  ) throws -> Bool {
    do {
      try evolution.advance(time: &time, towards: end, state: &state)
    } catch let error as GSLError where error.isEndOfSolution {
      return false
    }
    return flow.risk(of: state).isFinite
  }

  private func solution(
    _ flow: any DeterministicFlow, from state: [Double], at begin: Double, to end: Double
  ) throws -> [Double] {
    guard end > begin else { return state }
    let evolution = try evolution(flow, step: end - begin)
    var (time, solution) = (begin, state)
    while time < end { try evolution.advance(time: &time, towards: end, state: &solution) }
    return solution
  }
}

/// What the ODE needs of a flow: derivatives of a flat state, and what exits are watched by.
protocol DeterministicFlow: AnyObject {
  /// Length of the state.
  var stateLength: Int { get }
  /// The state of a start.
  func state(of frame: StudentFrame) -> [Double]
  /// Writes the derivatives per unit τ.
  func derivatives(of state: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>)
  /// The excess risk; not a number where the flow has diverged.
  func risk(of state: UnsafePointer<Double>) -> Double
  /// The rate of the risk along `rates`, per unit τ; nil where it is known by differences alone.
  func riskRate(of state: UnsafePointer<Double>, along rates: UnsafePointer<Double>) -> Double?
  /// Writes the levels that are watched beside the risk.
  func writeLevels(of state: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>)
}

extension DeterministicFlow {
  func riskRate(of state: UnsafePointer<Double>, along rates: UnsafePointer<Double>) -> Double? {
    nil
  }
}

extension NetworkFlow: DeterministicFlow {}

/// A flow whose learning rate depends on time: the state ends with τ itself, dτ/dτ = 1.
private final class TimedFlow: DeterministicFlow {
  private let flow: NetworkFlow

  init(_ flow: NetworkFlow) { self.flow = flow }

  var stateLength: Int { flow.stateLength + 1 }

  func state(of frame: StudentFrame) -> [Double] { flow.state(of: frame) + [0] }

  func derivatives(of state: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>) {
    flow.learningRate = flow.model.clock.learningRate(at: state[flow.stateLength])
    flow.derivatives(of: state, into: output)
    output[flow.stateLength] = 1
  }

  func risk(of state: UnsafePointer<Double>) -> Double { flow.risk(of: state) }

  func writeLevels(of state: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>) {
    flow.writeLevels(of: state, into: output)
  }
}

extension FieldMoments: DeterministicFlow {
  var stateLength: Int { layout.count }

  func state(of frame: StudentFrame) -> [Double] { frame.overlaps }

  func derivatives(of state: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>) {
    update(state, order: .drift)
    drift(into: output)
  }

  func risk(of state: UnsafePointer<Double>) -> Double {
    update(state, order: .drift)
    return risk
  }

  /// ∇R is 4A_jA_r M_jr and 4A_jA_l Q_jl, for students of unit norm.
  func riskRate(of state: UnsafePointer<Double>, along rates: UnsafePointer<Double>) -> Double? {
    let (p, k) = (layout.width, layout.teacherUnits)
    var rate = 0.0
    for j in 0..<p {
      for r in 0..<k {
        let at = layout.teacherOverlap(j, r)
        rate += 4 * riskForm[j] * riskForm[p + r] * state[at] * rates[at]
      }
      for l in 0..<j {
        let at = layout.studentOverlap(j, l)
        rate += 4 * riskForm[j] * riskForm[l] * state[at] * rates[at]
      }
    }
    return rate
  }

  func writeLevels(of state: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>) {
    preconditionFailure("a flow that knows the risk alone")
  }
}
