import Dynamics
import Ensemble
import Foundation
import GSL

/// Describes one comparison completely: model, start, exit rule, dynamics, replicas, seed.
///
/// Every value is validated when the experiment is made; a result depends on the experiment
/// alone, not on `threads`.
public struct Experiment: Sendable {
  /// The network and its target.
  public let model: Model
  /// Where replicas start.
  public let start: Start
  let startDescription: ResolvedValue
  /// Norm |w_j|/√d at the start, beyond what the start itself says.
  public let startNorm: Double
  /// Thresholds and horizon.
  public let exitRule: ExitRule
  /// The dynamics to run, in the order of `DynamicsKind`.
  public let dynamics: [DynamicsKind]
  /// Number of replicas of each dynamics.
  public let replicas: [DynamicsKind: Int]
  /// Seed and generator.
  public let streams: StreamFamily
  /// Step of the SDE.
  public let timeStep: Double
  /// Whether the SDE keeps its drift of relative order 1/d.
  public let finiteSizeDrift: Bool
  /// Scheme of the SDE.
  public let scheme: DiffusionScheme
  /// Times at which the SDE is watched.
  public let monitoring: Monitoring
  /// GSL stepper of the ODE.
  public let odeStepper: ODEStepper
  /// The arithmetic in which full SGD makes the normals of its input.
  public let precision: InputPrecision
  /// Margin δ of the equivalence test.
  public let margin: Double
  /// Number of threads.
  public let threads: Int
  /// Directory for the run's files.
  public let output: String?
  /// Whether nobody gave a horizon.
  private let hasDefaultHorizon: Bool

  /// Validates options and fills in defaults.
  ///
  /// `directory` is where a relative Gram file of an experiment file is looked for; `checksEngines`
  /// false leaves out what only a simulation needs, for closed forms. Throws
  /// `ExperimentError`, which names the key, the place and what was expected.
  public init(
    _ options: ExperimentOptions, directory: String? = nil, checksEngines: Bool = true
  ) throws {
    func checked<Value>(_ body: () throws -> Value) throws -> Value {
      do {
        return try body()
      } catch let error as ParameterError {
        guard let key = ExperimentKey(rawValue: error.key) else {
          throw ExperimentError(origin: nil, key: error.key, problem: "\(error)")
        }
        throw options.error(key, "found \(error.found), expected \(error.expected)")
      }
    }
    func missing(_ key: ExperimentKey, _ advice: String = "") -> ExperimentError {
      ExperimentError(
        origin: options.file.map { .file($0, line: 0) }, key: key.rawValue,
        problem: "missing, expected in the experiment file or as --\(key.rawValue)\(advice)")
    }
    let activation = try options.activation() ?? .square
    let target = try options.target()
    guard let dimension = try options.integer(.dimension) else { throw missing(.dimension) }
    let schedule = try checked { try options.schedule(.learningRateSchedule) }
    let layerSchedule = try checked { try options.schedule(.secondLayerRateSchedule) }
    func network(_ learningRate: Double) throws -> Model {
      try Model(
        dimension: dimension, width: try options.integer(.width) ?? 1,
        teacherUnits: try options.integer(.teacherUnits) ?? target?.teacherUnits ?? 1,
        learningRate: learningRate, labelNoise: try options.number(.labelNoise) ?? 0,
        secondLayer: try options.numbers(.secondLayer),
        secondLayerRate: try options.number(.secondLayerRate) ?? layerSchedule?.firstRate ?? 0,
        normalisesSecondLayer: try options.flag(.secondLayerNormalised) ?? false,
        activation: activation, target: target, teacherGram: try options.teacherGram(),
        constraint: try options.choice(.constraint, of: Constraint.self) ?? .spherical,
        rule: try options.rule(), learningRateSchedule: schedule,
        secondLayerRateSchedule: layerSchedule)
    }
    guard let learningRate = try options.number(.learningRate) ?? schedule?.firstRate else {
      throw missing(.learningRate, try checked { try network(1) }.learningRateAdvice)
    }
    let network = try checked { try network(learningRate) }
    var givenHorizon = try options.horizon(network.clock)
    let model = try checked {
      guard let samples = try options.samples(of: network, horizon: givenHorizon) else {
        return network
      }
      return try network.passing(over: samples)
    }
    self.model = model
    if let samples = model.samples {
      let steps = Double(samples.epochs) * Double(samples.stepsPerEpoch(model.rule))
      let end = model.clock.time(ofStep: Int(min(steps, 0x1p53)))
      givenHorizon = min(givenHorizon ?? end, end)
    }
    hasDefaultHorizon = givenHorizon == nil
    guard givenHorizon != nil || model.clock.isUniform else {
      throw options.error(
        .horizon,
        "missing, expected beside \(ExperimentKey.learningRateSchedule.rawValue): the default is for "
          + "one learning rate")
    }
    let givenThresholds = try options.thresholds()
    exitRule = try checked {
      let rule = try ExitRule(
        givenThresholds, teacherUnits: model.teacherUnits,
        horizon: givenHorizon ?? Experiment.defaultHorizon(of: model))
      try rule.requireFits(model)
      return rule
    }
    let norm = try options.number(.startNorm) ?? 1
    startNorm = norm
    (start, startDescription) = try checked {
      let (start, description) = try options.start(of: model, directory: directory)
      return (try start.scaled(to: norm, of: model), description)
    }
    let kinds = try options.dynamics(of: model, exitRule)
    dynamics = kinds
    let counts = try options.replicaCounts()
    replicas = Dictionary(uniqueKeysWithValues: kinds.map { ($0, counts($0)) })
    // Records and what statistics make of them, some 64 bytes a replica and threshold.
    let recordCount = kinds.reduce(0.0) { $0 + Double(counts($1)) }
    let memory = 64 * recordCount * Double(exitRule.marks.count)
    guard memory <= 0.8 * Double(ProcessInfo.processInfo.physicalMemory) else {
      throw options.error(
        .replicas,
        "found \(Int(recordCount)) in all, expected fewer: they would take "
          + "\(Int(memory / 1e9)) GB of memory")
    }
    let generator: RandomGenerator
    if let name = try options.word(.generator) {
      guard let found = RandomGenerator.all.first(where: { $0.name == name }) else {
        let known = RandomGenerator.all.map(\.name).joined(separator: ", ")
        throw options.error(.generator, "found '\(name)', expected one of \(known)")
      }
      generator = found
    } else {
      generator = .xoshiro
    }
    streams = StreamFamily(seed: try options.seed(.seed) ?? 1, generator: generator)
    scheme = try options.choice(.scheme, of: DiffusionScheme.self) ?? .driftHeun
    monitoring = try options.choice(.monitoring, of: Monitoring.self) ?? .continuous
    finiteSizeDrift = try options.flag(.finiteSizeDrift) ?? true
    let horizon = exitRule.horizon
    let step: Double
    if let given = try options.number(.timeStep) {
      guard given > 0, given <= horizon else {
        throw options.error(
          .timeStep, "found \(given), expected a time above 0 and at most the horizon \(horizon)")
      }
      step = given
    } else {
      step = DiffusionLimit.defaultTimeStep(
        model: model, replicas: counts(.sde), horizon: horizon, scheme: scheme)
    }
    // What the engine takes it for, and the summary says.
    timeStep = monitoring == .discrete ? max(step, model.clock.timePerStep) : step
    if let name = try options.word(.odeStepper) {
      guard let stepper = ODEStepper.all.first(where: { $0.name == name }) else {
        let known = ODEStepper.all.map(\.name).joined(separator: ", ")
        throw options.error(.odeStepper, "found '\(name)', expected one of \(known)")
      }
      odeStepper = stepper
    } else {
      odeStepper = .rungeKuttaPrinceDormand
    }
    precision = try options.choice(.precision, of: InputPrecision.self) ?? .double
    margin = try options.margin()
    threads = try options.integer(.threads) ?? ProcessInfo.processInfo.activeProcessorCount
    guard threads >= 1, threads <= 4096 else {
      throw options.error(.threads, "found \(threads), expected a whole number from 1 to 4096")
    }
    output = try options.word(.output)
    // Engines check what only they know, such as the memory of full SGD, before any work starts.
    if checksEngines { for kind in kinds { _ = try checked { try engine(kind) } } }
  }

  /// Chooses a horizon that nearly every replica exits before: five times the linear growth from
  /// 1/√(100 d), or 20 where nothing grows.
  static func defaultHorizon(of model: Model) -> Double {
    let rate = EscapeTheory(model: model).growthRate
    guard rate > 0 else { return 20 }
    return (5 * log(100 * Double(model.dimension)) / (2 * rate)).rounded(.up)
  }
}

extension Model {
  /// What may be said of the learning rate where none is given.
  fileprivate var learningRateAdvice: String {
    let theory = EscapeTheory(model: self)
    guard let critical = theory.criticalLearningRate else { return "" }
    let best = theory.optimalLearningRate.map { ", and the best \(NumberText.short($0))" } ?? ""
    return "; for this network the critical one is \(NumberText.short(critical))\(best)"
  }
}

extension Experiment {
  /// What a person should know before the run starts: a horizon that no growth rate stands behind, and thresholds
  /// that the ODE never reaches.
  ///
  /// Cost: the way to the ODE's fixed point where its drift is in closed form and small, else nothing.
  public var notes: [String] {
    let theory = EscapeTheory(model: model)
    var notes: [String] = []
    if hasDefaultHorizon, !(theory.growthRate > 0) {
      notes.append(
        "\(theory.isKnown ? "nothing grows near this start" : "no growth rate is known of this network"): "
          + "the horizon is τ = \(NumberText.short(exitRule.horizon)) by default, --horizon sets another"
      )
    }
    // Above the critical rate all stay at the start, of which a warning tells.
    guard model.clock.isUniform, model.samples == nil, !theory.isKnown || theory.growthRate > 0,
      let share = plateauShare
    else { return notes }
    let missed = exitRule.thresholds.filter { 1 - $0 < share }
    if !missed.isEmpty {
      notes.append(
        "T = \(missed.map(NumberText.given).joined(separator: ", ")) is out of reach: the ODE comes to rest "
          + "at \(NumberText.percent(share)) of the initial risk, above the "
          + "\(missed.map { NumberText.percent(1 - $0) }.joined(separator: ", ")) of an exit")
    }
    return notes
  }

  /// The excess risk at which the ODE comes to rest, over that at the start; nil where it is not found at once.
  private var plateauShare: Double? {
    guard FixedPoint.isQuick(model),
      let stream = try? streams.stream(for: .start, replica: 0),
      let point = try? FixedPoint(
        model: model, start: start.frame(of: model, from: stream), stepper: odeStepper),
      point.outcome == .found, point.stability == .stable || point.stability == .marginal,
      let risk = point.excessRisk, point.initialRisk > 0
    else { return nil }
    return risk / point.initialRisk
  }
}

extension Experiment {
  /// Whether replicas of different dynamics share their starts and so form pairs.
  public var isPaired: Bool { start.isRandom }

  /// Number of replicas to run: without noise, from a fixed start, one path.
  public func replicaCount(_ kind: DynamicsKind) -> Int {
    isOnePath(kind) ? 1 : replicas[kind] ?? 0
  }
}
