import Dynamics
import Ensemble
import GSL

/// Is the long-time excess risk of one experiment by one method.
public struct Plateau: Codable, Sendable {
  /// How the fixed point behaves.
  public struct Stability: Codable, Sendable {
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
  public struct Averages: Codable, Sendable {
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
    @Nullable public var firstHalf: Double? = nil
    /// Mean over the later half.
    @Nullable public var secondHalf: Double? = nil
    /// The difference of the window's halves, or of its first tenth and its later half where that is larger, in
    /// standard errors, replica by replica: beyond 4 the burn-in was too short.
    @Nullable public var drift: Double? = nil
    /// The τ in which the fixed point's slowest direction comes back by a factor e; null where it is not known.
    @Nullable public var relaxationTime: Double? = nil

    enum CodingKeys: String, CodingKey {
      case replicas, diverged, window, samples, drift
      case relaxationTime = "relaxation_time"
      case burnIn = "burn_in"
      case firstHalf = "first_half"
      case secondHalf = "second_half"
    }
  }

  /// `fixed-point` or `chain`.
  public let method: String
  /// The swept keys with their values, to tell points apart; none when it was read back.
  public private(set) var coordinates: [SweepPoint.Coordinate] = []
  /// Input dimension d.
  public let dimension: Int
  /// Number of students p.
  public let width: Int
  /// Number of teacher units k.
  public let teacherUnits: Int
  /// Learning rate γ.
  public let learningRate: Double
  /// Label noise Δ.
  public let labelNoise: Double
  /// Constraint on the students.
  public let constraint: String
  /// Excess risk at long times; null where there is none.
  @Nullable public var excessRisk: Double? = nil
  /// Its standard error; 0 for the fixed point, null where there is no risk.
  @Nullable public var standardError: Double? = nil
  /// The closed form γΔ/(1 − 6γ) for p = k = 1; null elsewhere.
  @Nullable public var formula: Double? = nil
  /// The learning rate above which the start's plateau is never left; null where it is not known.
  @Nullable public var criticalLearningRate: Double? = nil
  /// Whether the fixed point is stable; null without one.
  @Nullable public var stability: Stability? = nil
  /// M at the fixed point, a row a student; null for the chain.
  @Nullable public var teacherOverlaps: [[Double]]? = nil
  /// Σ of the absolute drift at the fixed point.
  @Nullable public var residual: Double? = nil
  /// What the averages were taken over; null for the fixed point.
  @Nullable public var averages: Averages? = nil
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

  /// Follows the ODE from the start of replica 0 to its fixed point.
  static func fixedPoint(
    of experiment: Experiment, at coordinates: [SweepPoint.Coordinate]
  ) throws -> (Plateau, FixedPoint?) {
    if let warning = experiment.rareDrawsWarning(of: .ode) {
      let words = "no fixed point is looked for: \(warning)"
      return (Plateau("fixed-point", of: experiment.model, at: coordinates, words: words), nil)
    }
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
      let words = "no fixed point is looked for: \(error)"
      return (Plateau("fixed-point", of: experiment.model, at: coordinates, words: words), nil)
    }
  }

  private init(
    _ method: String, of model: Model, at coordinates: [SweepPoint.Coordinate], words: String,
    excessRisk: Double? = nil, standardError: Double? = nil, stability: Stability? = nil,
    teacherOverlaps: [[Double]]? = nil, residual: Double? = nil, averages: Averages? = nil
  ) {
    let theory = EscapeTheory(model: model)
    self.method = method
    self.words = words
    (dimension, width, teacherUnits) = (model.dimension, model.width, model.teacherUnits)
    (learningRate, labelNoise) = (model.learningRate, model.labelNoise)
    constraint = model.constraint.rawValue
    self.coordinates = coordinates
    formula = theory.plateau
    criticalLearningRate = theory.criticalLearningRate
    self.excessRisk = excessRisk
    self.standardError = standardError
    self.stability = stability
    self.teacherOverlaps = teacherOverlaps
    self.residual = residual
    self.averages = averages
  }

  private init(_ point: FixedPoint, of model: Model, at coordinates: [SweepPoint.Coordinate]) {
    let k = model.teacherUnits
    let isFound = point.outcome == .found
    self.init(
      "fixed-point", of: model, at: coordinates, words: point.words(EscapeTheory(model: model)),
      excessRisk: isFound ? point.excessRisk : nil, standardError: isFound ? 0 : nil,
      stability: point.stability.map {
        Stability(
          verdict: $0.rawValue, largestRealPart: point.eigenvalues[0].real,
          zeroModes: point.zeroModes, growingModes: point.growingModes,
          eigenvalues: point.eigenvalues.prefix(10).map { [$0.real, $0.imaginary] })
      },
      teacherOverlaps: isFound
        ? (0..<model.width).map { Array(point.teacherOverlaps[($0 * k)..<(($0 + 1) * k)]) } : nil,
      residual: isFound ? point.residual : nil)
  }

  /// Averages the chain's replicas, and judges whether they were at rest.
  ///
  /// They are not where the burn-in is shorter than ``relaxationsNeeded`` of the fixed point's `relaxationTime`
  /// (nil where it is not known, or where replicas start at the fixed point), nor where the averages drift: the
  /// window's halves, or its first tenth and later half (Geweke 1992), differ by more than 4 standard errors.
  /// An average that is not at rest is no excess risk at long times, and is given for its halves alone.
  static func averages(
    of experiment: Experiment, _ start: Start, _ plan: ChainAverages, relaxationTime: Double?,
    at coordinates: [SweepPoint.Coordinate], _ observer: (any ComparisonObserver)?
  ) async throws -> Plateau {
    let model = experiment.model
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
    func standardised(_ changes: [Double]) throws -> Double? {
      try error(changes).flatMap { $0 > 0 ? try mean(of: changes) / $0 : nil }
    }
    let drift =
      isWhole
      ? try [\WindowAverage.firstHalf, \.firstTenth].compactMap { early in
        try standardised(values.map { $0.secondHalf - $0[keyPath: early] })
      }.max { abs($0) < abs($1) } : nil
    let burnIn = model.clock.time(ofStep: plan.burnInSteps)
    let words: String
    var isAtRest = false
    if !isWhole {
      words = "diverges: \(diverged) of \(replicas) replicas left the finite numbers"
    } else if let drift, abs(drift) > 4 {
      words =
        "not at rest: parts of the window differ by \(NumberText.short(abs(drift))) standard "
        + "errors, a longer horizon is needed"
    } else if let time = relaxationTime, burnIn < relaxationsNeeded * time {
      words =
        "not at rest: the slowest way back takes τ = \(NumberText.short(time)), a horizon of at least "
        + "\(NumberText.short(relaxationsNeeded * time)) is needed, or --from fixed-point"
    } else if drift == nil && relaxationTime == nil {
      words = "not judged: one replica has no spread to judge a drift by"
      isAtRest = true
    } else {
      words = "at rest"
      isAtRest = true
    }
    return Plateau(
      "chain", of: model, at: coordinates, words: words,
      excessRisk: isAtRest ? try mean(of: means) : nil,
      standardError: isAtRest ? try error(means) : nil,
      averages: Averages(
        replicas: replicas, diverged: diverged,
        burnIn: burnIn,
        window: model.clock.time(ofStep: plan.samples * plan.interval), samples: plan.samples,
        firstHalf: isWhole ? try mean(of: values.map(\.firstHalf)) : nil,
        secondHalf: isWhole ? try mean(of: values.map(\.secondHalf)) : nil, drift: drift,
        relaxationTime: relaxationTime))
  }

  /// The burn-in that a chain needs, in relaxation times of its fixed point: a remainder of e⁻⁵ = 0.7% of how far
  /// the start was from there.
  static let relaxationsNeeded = 5.0
}
