import Dynamics
import Ensemble
import GSL

/// Holds the excess risk at long times over a grid of experiments: what `escapement plateau` prints.
public struct PlateauSummary: Encodable, Sendable {
  /// Name and version of this format.
  public let schema = "escapement/plateau/1"
  /// One entry a point and method, in the grid's order.
  public let plateaus: [Plateau]

  enum CodingKeys: CodingKey { case schema, plateaus }

  /// Replicas of the chain unless the key `replicas` says otherwise: two blocks of the vector kernels.
  public static let defaultReplicas = 32

  /// Finds the long-time risk at every point of a grid.
  ///
  /// The methods are the point's dynamics: `ode` is the fixed point, `chain` the averages. The chain starts
  /// where `origin` says, waits for the horizon and averages over `window`, by default as long again.
  /// Throws `ExperimentError` for the key `dynamics` when it names neither, `ParameterError` for `window`,
  /// `GSLError`, and `CancellationError`.
  public init(
    _ grid: SweepGrid, window: Double? = nil, origin: ChainOrigin = .start,
    observer: (any ComparisonObserver)? = nil
  ) async throws {
    var grid = grid
    guard !grid.sets(.output) else {
      throw grid.error(.output, "is of no use here, expected none: the result goes to stdout")
    }
    if !grid.sets(.replicas) { try grid.set(.experiment(.replicas), "\(Self.defaultReplicas)") }
    let points = try grid.points()
    // All averages are planned before any is run.
    let plans = try points.map { point in
      let experiment = point.experiment
      guard !Set(experiment.dynamics).isDisjoint(with: [.ode, .chain]) else {
        throw grid.error(
          .dynamics,
          "found \(experiment.dynamics.map(\.rawValue).joined(separator: ", ")), "
            + "expected ode for the fixed point, chain for averages, or both")
      }
      return try ChainAverages(
        model: experiment.model, burnIn: experiment.exitRule.horizon,
        window: window ?? experiment.exitRule.horizon)
    }
    var plateaus: [Plateau] = []
    for (point, plan) in zip(points, plans) {
      let experiment = point.experiment
      let looks = experiment.dynamics.contains(.ode)
      let averages = experiment.dynamics.contains(.chain)
      var start = experiment.start
      if looks || origin == .fixedPoint {
        let (plateau, found) = try Plateau.fixedPoint(of: experiment, at: point.coordinates)
        if looks { plateaus.append(plateau) }
        if origin == .fixedPoint && averages {
          guard let found else {
            throw ParameterError(
              key: "from", found: "fixed-point, but \(plateau.words)", expected: "start here")
          }
          start = try found.start(of: experiment.model)
        }
      }
      if averages {
        plateaus.append(
          try await Plateau(averagesOf: experiment, start, plan, at: point.coordinates, observer))
      }
    }
    self.plateaus = plateaus
  }
}

/// Names where the chain's replicas start.
public enum ChainOrigin: String, Sendable, CaseIterable {
  /// Where the experiment says: the burn-in then holds the escape.
  case start
  /// At the ODE's fixed point: for the slow directions of several students with little label noise.
  case fixedPoint = "fixed-point"
}

/// Is the long-time excess risk of one experiment by one method.
public struct Plateau: Encodable, Sendable {
  /// How the fixed point behaves.
  public struct Stability: Encodable, Sendable {
    /// `stable`, `marginal` or `unstable`.
    public let verdict: String
    /// The largest real part of the Jacobian's eigenvalues, per unit τ.
    public let largestRealPart: Double
    /// Number of eigenvalues whose real part is 0 to 1e-8 of the largest.
    public let zeroModes: Int
    /// Number of eigenvalues with a real part above 0.
    public let growingModes: Int
    /// The ten largest eigenvalues by real part, [real, imaginary].
    public let eigenvalues: [[Double]]

    enum CodingKeys: String, CodingKey {
      case verdict, eigenvalues
      case largestRealPart = "largest_real_part"
      case zeroModes = "zero_modes"
      case growingModes = "growing_modes"
    }
  }

  /// What the averages were taken over.
  public struct Averages: Encodable, Sendable {
    /// Number of replicas.
    public let replicas: Int
    /// Replicas that left the finite numbers.
    public let diverged: Int
    /// Time τ before the first sample.
    public let burnIn: Double
    /// Length of the window in τ.
    public let window: Double
    /// Samples a replica.
    public let samples: Int
    /// Mean over the earlier half of the window.
    public let firstHalf: Double?
    /// Mean over the later half.
    public let secondHalf: Double?
    /// Their difference in standard errors, replica by replica: beyond 4 the burn-in was too short.
    public let drift: Double?

    enum CodingKeys: String, CodingKey {
      case replicas, diverged, window, samples, drift
      case burnIn = "burn_in"
      case firstHalf = "first_half"
      case secondHalf = "second_half"
    }
  }

  /// `fixed-point` or `chain`.
  public let method: String
  /// The swept keys with their values, to tell points apart.
  public let coordinates: [SweepPoint.Coordinate]
  /// The network.
  public let model: Model
  /// Excess risk at long times; null where there is none.
  public let excessRisk: Double?
  /// Its standard error; 0 for the fixed point, null where there is no risk.
  public let standardError: Double?
  /// The closed form γΔ/(1 − 6γ) for p = k = 1; null elsewhere.
  public let formula: Double?
  /// The learning rate above which the start's plateau is never left; null where it is not known.
  public let criticalLearningRate: Double?
  /// Whether the fixed point is stable; null without one.
  public let stability: Stability?
  /// M at the fixed point, a row a student; null for the chain.
  public let teacherOverlaps: [[Double]]?
  /// Σ of the absolute drift at the fixed point.
  public let residual: Double?
  /// What the averages were taken over; null for the fixed point.
  public let averages: Averages?
  /// What was found, in words.
  public let words: String

  enum CodingKeys: String, CodingKey {
    case method, dimension, width, formula, stability, residual, averages, words, constraint
    case teacherUnits = "teacher_units"
    case learningRate = "learning_rate"
    case labelNoise = "label_noise"
    case excessRisk = "excess_risk"
    case standardError = "standard_error"
    case criticalLearningRate = "critical_learning_rate"
    case teacherOverlaps = "teacher_overlaps"
  }

  /// Writes every key, null where there is no value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(method, forKey: .method)
    try container.encode(model.dimension, forKey: .dimension)
    try container.encode(model.width, forKey: .width)
    try container.encode(model.teacherUnits, forKey: .teacherUnits)
    try container.encode(model.learningRate, forKey: .learningRate)
    try container.encode(model.labelNoise, forKey: .labelNoise)
    try container.encode(model.constraint.rawValue, forKey: .constraint)
    try container.encode(excessRisk, forKey: .excessRisk)
    try container.encode(standardError, forKey: .standardError)
    try container.encode(formula, forKey: .formula)
    try container.encode(criticalLearningRate, forKey: .criticalLearningRate)
    try container.encode(stability, forKey: .stability)
    try container.encode(teacherOverlaps, forKey: .teacherOverlaps)
    try container.encode(residual, forKey: .residual)
    try container.encode(averages, forKey: .averages)
    try container.encode(words, forKey: .words)
  }

  /// Follows the ODE from the start of replica 0 to its fixed point.
  static func fixedPoint(
    of experiment: Experiment, at coordinates: [SweepPoint.Coordinate]
  ) throws -> (Plateau, FixedPoint?) {
    do {
      let model = experiment.model
      let stream = try experiment.streams.stream(for: .start, replica: 0)
      let point = try FixedPoint(
        model: model, start: experiment.start.frame(of: model, from: stream),
        stepper: experiment.odeStepper)
      let plateau = Plateau(point, of: model, at: coordinates)
      return (plateau, point.outcome == .found ? point : nil)
    } catch let error as ParameterError {
      // Out of reach at this point alone; the chain and other points have their answer.
      return (Plateau(beyondReachOf: experiment.model, error, at: coordinates), nil)
    }
  }

  private init(
    beyondReachOf model: Model, _ error: ParameterError, at coordinates: [SweepPoint.Coordinate]
  ) {
    let theory = EscapeTheory(model: model)
    self.model = model
    self.coordinates = coordinates
    method = "fixed-point"
    formula = theory.plateau
    criticalLearningRate = theory.criticalLearningRate
    (excessRisk, standardError, residual) = (nil, nil, nil)
    (stability, teacherOverlaps, averages) = (nil, nil, nil)
    words = "no fixed point is looked for: \(error)"
  }

  private init(_ point: FixedPoint, of model: Model, at coordinates: [SweepPoint.Coordinate]) {
    let theory = EscapeTheory(model: model)
    self.model = model
    self.coordinates = coordinates
    method = "fixed-point"
    formula = theory.plateau
    criticalLearningRate = theory.criticalLearningRate
    averages = nil
    switch point.outcome {
    case .found:
      excessRisk = point.excessRisk
      standardError = 0
      residual = point.residual
    case .diverged, .moving: (excessRisk, standardError, residual) = (nil, nil, nil)
    }
    let k = model.teacherUnits
    teacherOverlaps =
      point.outcome != .found
      ? nil
      : (0..<model.width).map { Array(point.teacherOverlaps[($0 * k)..<(($0 + 1) * k)]) }
    stability = point.stability.map {
      Stability(
        verdict: $0.rawValue, largestRealPart: point.eigenvalues[0].real,
        zeroModes: point.zeroModes, growingModes: point.growingModes,
        eigenvalues: point.eigenvalues.prefix(10).map { [$0.real, $0.imaginary] })
    }
    words = point.words(theory)
  }

  /// Averages the chain's replicas.
  init(
    averagesOf experiment: Experiment, _ start: Start, _ plan: ChainAverages,
    at coordinates: [SweepPoint.Coordinate], _ observer: (any ComparisonObserver)?
  ) async throws {
    let theory = EscapeTheory(model: experiment.model)
    model = experiment.model
    self.coordinates = coordinates
    method = "chain"
    formula = theory.plateau
    criticalLearningRate = theory.criticalLearningRate
    (stability, teacherOverlaps, residual) = (nil, nil, nil)
    let replicas = experiment.replicaCount(.chain)
    let meter = ProgressMeter()
    await observer?.willRun(.chain, replicas: replicas, meter: meter)
    let values = try await plan.averages(
      replicas: replicas, start: start, streams: experiment.streams,
      threads: experiment.threads, progress: meter)
    await observer?.didRun(.chain)
    let diverged = values.count { !$0.mean.isFinite }
    let isWhole = diverged == 0
    func error(_ values: [Double]) throws -> Double? {
      values.count > 1 ? (try variance(of: values) / Double(values.count)).squareRoot() : nil
    }
    let means = values.map(\.mean)
    excessRisk = isWhole ? try mean(of: means) : nil
    standardError = isWhole ? try error(means) : nil
    let changes = values.map { $0.secondHalf - $0.firstHalf }
    let drift: Double? =
      isWhole ? try error(changes).flatMap { $0 > 0 ? try mean(of: changes) / $0 : nil } : nil
    averages = Averages(
      replicas: replicas, diverged: diverged,
      burnIn: Double(plan.burnInSteps) * model.timePerStep,
      window: Double(plan.samples * plan.interval) * model.timePerStep, samples: plan.samples,
      firstHalf: isWhole ? try mean(of: values.map(\.firstHalf)) : nil,
      secondHalf: isWhole ? try mean(of: values.map(\.secondHalf)) : nil, drift: drift)
    if !isWhole {
      words = "diverges: \(diverged) of \(replicas) replicas left the finite numbers"
    } else if let drift, abs(drift) > 4 {
      words =
        "not at rest: the window's halves differ by \(NumberText.short(abs(drift))) standard "
        + "errors, a longer horizon is needed"
    } else {
      words = "at rest"
    }
  }
}

extension FixedPoint {
  /// What was found, in words.
  fileprivate func words(_ theory: EscapeTheory) -> String {
    switch outcome {
    case .diverged(let time):
      return "diverges: the ODE leaves the finite numbers at τ = \(NumberText.short(time)), "
        + "no fixed point is reached"
    case .moving(let time):
      return "no fixed point: the overlaps still move at τ = \(NumberText.short(time))"
    case .found: break
    }
    guard let stability, let largest = eigenvalues.first?.real else {
      return "a fixed point at the edge of what overlaps can be: its stability is not determined"
    }
    var text: String
    switch stability {
    case .stable:
      text =
        "stable: no eigenvalue has a real part above \(NumberText.short(largest)), so that the slowest "
        + "way back takes τ = \(NumberText.short(-1 / largest))"
    case .marginal:
      let rest = eigenvalues.map(\.real).first {
        $0 < -FixedPoint.zeroShare * abs(eigenvalues.last?.real ?? 1)
      }
      text =
        "marginal: \(zeroModes) of \(eigenvalues.count) eigenvalues are 0, "
        + (theory.model.teacherUnits > 1
          ? "rotations of the students that do not change the risk, "
          : "exchanges between students that do not change the risk, ")
        + "the others have real parts up to \(NumberText.short(rest))"
    case .unstable:
      text =
        "unstable: \(growingModes) of \(eigenvalues.count) eigenvalues have real parts above 0, "
        + "up to \(NumberText.short(largest))"
    }
    if theory.isKnown, theory.growthRate <= 0, let critical = theory.criticalLearningRate {
      text +=
        "; the learning rate is above the critical \(NumberText.short(critical)), "
        + "and the plateau of the start is never left"
    }
    return text
  }
}
