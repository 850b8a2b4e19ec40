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
    let lane = FlowLane(self, try flow())
    try LaneDriver<FlowExitWatch>.run(lane, work.source) { replica, _ in
      try lane.begin(at: try work.start.frame(of: replica, model, work.source.streams))
      return FlowExitWatch(of: lane) { work.record(replica, $0) }
    }
  }

  /// Shows the replicas of the queue; the integration ends a step at each time.
  public func observe(_ paths: PathWork) throws {
    let lane = FlowLane(self, try flow())
    try LaneDriver<TimedPathWatch<FlowLane>>.run(lane, paths.source) { replica, _ in
      try lane.begin(at: try paths.start.frame(of: replica, model, paths.source.streams))
      return TimedPathWatch(paths, replica, of: lane)
    }
  }

  private func flow() throws -> any DeterministicFlow {
    if model.hasEscapeTheory && exitRule.isTold(byRiskOf: model) {
      return FieldMoments(model: model)
    }
    let flow = try NetworkFlow(model: model, levels: exitRule.levels)
    return model.hasConstantRates ? flow : TimedFlow(flow)
  }

  fileprivate func evolution(_ flow: any DeterministicFlow, step: Double) throws -> ODEEvolution {
    let relative = try QuadratureMoments.stepTolerance(of: model, error: quadratureError)
    return try ODEEvolution(
      dimension: flow.stateLength, stepper: stepper, absoluteTolerance: 0.01 * relative,
      relativeTolerance: relative, initialStep: step, maximumStep: 0.25
    ) { _, state, derivatives in flow.derivatives(of: state, into: derivatives) }
  }

  /// Whether the risk cannot turn: one overlap that is all the state, and a risk that is even in it.
  fileprivate var isMonotone: Bool {
    model.hasEscapeTheory && model.width == 1 && model.teacherUnits == 1
      && exitRule.isTold(byRiskOf: model)
  }
}

/// A solution of the ODE, as a lane.
private final class FlowLane: TimedLane {
  let engine: DeterministicLimit
  let flow: any DeterministicFlow
  private var evolution: ODEEvolution?
  private(set) var time = 0.0
  private(set) var state: [Double] = []
  private(set) var hasDiverged = false
  /// Time and state at the beginning of the last step.
  private(set) var before: (time: Double, state: [Double]) = (0, [])
  /// Whether every step is an event.
  var showsSteps = false
  private var end = 0.0
  private var steps = 0

  init(_ engine: DeterministicLimit, _ flow: any DeterministicFlow) {
    self.engine = engine
    self.flow = flow
  }

  var count: Int { 1 }
  var portion: Int { 64 }

  func park(_ lane: Int) {}

  func step(_ lane: Int) -> Int { steps }

  func begin(at frame: StudentFrame) throws {
    evolution = try engine.evolution(flow, step: 1e-4)
    (time, state, steps, hasDiverged) = (0, flow.state(of: frame), 0, false)
  }

  func go(to end: Double) { self.end = end }

  func advance(_ count: Int) throws -> UInt32 {
    for _ in 0..<count {
      hasDiverged = try !takeStep()
      steps += 1
      if showsSteps || hasDiverged || time >= end { return 1 }
    }
    return 0
  }

  /// Takes one step; says whether the solution goes on within the finite numbers.
  private func takeStep() throws -> Bool {
    before = (time, state)
    do {
      try evolution?.advance(time: &time, towards: end, state: &state)
    } catch let error as GSLError where error.isEndOfSolution {
      return false
    }
    return flow.risk(of: state).isFinite
  }

  /// The state at a time within the last step, integrated anew from its beginning.
  func solution(at time: Double) throws -> [Double] {
    var (reached, solution) = before
    guard time > reached else { return solution }
    let evolution = try engine.evolution(flow, step: time - reached)
    while reached < time {
      try evolution.advance(time: &reached, towards: time, state: &solution)
    }
    return solution
  }

  var point: PathPoint {
    PathPoint(risk: flow.risk(of: state)) { [engine, state] in
      NetworkState(model: engine.model, state: state)
    }
  }
}

/// Times the exits of one solution.
private struct FlowExitWatch: ReplicaWatch {
  private let record: ([ExitRecord]) -> Void
  private let turns: StepTurns
  private let horizon: Double
  private var lines: ExitWatch
  /// The records, once the solution has ended.
  private var records: [ExitRecord]?

  init(of lane: FlowLane, record: @escaping ([ExitRecord]) -> Void) {
    self.record = record
    let (rule, flow) = (lane.engine.exitRule, lane.flow)
    horizon = rule.horizon
    lines = rule.watch(of: lane.engine.model, initialRisk: flow.risk(of: lane.state))
    turns = StepTurns(flow, levels: lines.levels.count, isMonotone: lane.engine.isMonotone)
    turns.begin(at: lane.state)
    lines.begin(risk: turns.values[0])
    if !lines.levels.isEmpty { lines.begin(levels: turns.values.dropFirst().map { -$0 }) }
    lane.showsSteps = true
    if lines.isDone { censor() }
  }

  var isDone: Bool { records != nil }

  func arm(_ system: FlowLane, _ lane: Int) { system.go(to: horizon) }

  mutating func see(_ system: FlowLane, _ lane: Int) throws {
    guard !system.hasDiverged else {
      records = lines.finish(.diverged, at: system.time)
      return
    }
    turns.move(
      to: system.state, during: system.before.time...system.time, solution: system.solution)
    while let exit = try turns.crossing(of: 0, at: lines.boundary) { lines.exit(at: exit) }
    for level in lines.levels {
      while let exit = try turns.crossing(of: 1 + level, at: -lines.nextThreshold(level)) {
        lines.exit(level: level, at: exit)
      }
    }
    if lines.isDone || system.time >= horizon { censor() }
  }

  /// Ends the watch where it is: what has not been crossed is censored.
  private mutating func censor() { records = lines.finish(.censored, at: horizon) }

  func finish() { record(records ?? []) }
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
    let (model, time) = (flow.model, state[flow.stateLength])
    flow.learningRate = model.clock.learningRate(at: time)
    flow.secondLayerPace = model.secondLayerPace(at: time)
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
