import Dynamics
import GSL

/// Lists the keys of an experiment, each also an option of the command.
public enum ExperimentKey: String, Sendable, CaseIterable {
  case dimension
  case width
  case teacherUnits = "teacher-units"
  case learningRate = "learning-rate"
  case learningRateSchedule = "learning-rate-schedule"
  case labelNoise = "label-noise"
  case secondLayer = "second-layer"
  case secondLayerRate = "second-layer-learning-rate"
  case secondLayerRateSchedule = "second-layer-learning-rate-schedule"
  case secondLayerNormalised = "second-layer-normalised"
  case activation
  case target
  case teacherGram = "teacher-gram"
  case constraint
  case batchSize = "batch-size"
  case loss
  case lookAhead = "look-ahead"
  case repetitions
  case samples
  case epochs
  case order
  case startNorm = "start-norm"
  case thresholds
  case overlapThresholds = "overlap-thresholds"
  case subspaceThresholds = "subspace-thresholds"
  case horizon
  case replicas
  case dynamics
  case start
  case seed
  case generator
  case threads
  case timeStep = "time-step"
  case finiteSizeDrift = "finite-size-drift"
  case scheme
  case monitoring
  case odeStepper = "ode-stepper"
  case precision
  case margin
  case output

  /// The key that holds the thresholds of a kind of criterion.
  init(_ family: ExitCriterion.Family) {
    // Every kind has one: a test walks over them.
    self.init(rawValue: family.key)!
  }

  /// The keys of thresholds.
  static let thresholdKeys = ExitCriterion.Family.allCases.map(ExperimentKey.init)

  /// Holds all that the program must know of a key beside how its value is read: readers, command line, sweeps, help and
  /// errors ask it.
  struct Role {
    /// What a value is called in a usage line.
    let valueName: String
    /// Whether a comma on the command line belongs to the value rather than parting two of them.
    let isList: Bool
    /// Whether points of a sweep may differ in it: not in what every point's rows are told apart by, nor in
    /// what does not belong to a result.
    let mayVary: Bool
    /// Whether another value makes another experiment.
    let decidesResult: Bool
    /// A value that the key may have.
    let example: String
    /// What the key means, with its default and the example.
    let help: String

    fileprivate init(
      _ valueName: String, isList: Bool = false, mayVary: Bool = true, decidesResult: Bool = true,
      example: String, help: String
    ) {
      self.valueName = valueName
      self.isList = isList
      self.mayVary = mayVary
      self.decidesResult = decidesResult
      self.example = example
      // Every text ends with its default in parentheses.
      self.help = "\(help.dropLast(2)); e.g. \(example))."
    }
  }

  /// What the key means, for help texts.
  public var help: String { role.help }

  /// What a value is called in a usage line.
  public var valueName: String { role.valueName }

  /// A value that it may have.
  package var example: String { role.example }

  /// Whether it is a part of something, which may be given in per cent.
  var isShare: Bool { self == .margin || ExperimentKey.thresholdKeys.contains(self) }

  /// The keys that decide a result.
  package static let decisive = allCases.filter(\.role.decidesResult)

  /// What the program must know of the key.
  var role: Role {
    switch self {
    case .dimension:
      return Role(
        "d", example: "3000", help: "Input dimension d, a whole number from 1 on (required).")
    case .width:
      return Role("p", example: "8", help: "Student width p (default 1).")
    case .teacherUnits:
      return Role("k", example: "2", help: "Number of teacher units k (default 1).")
    case .learningRate:
      return Role("number", example: "0.1", help: "Learning rate γ (not γ/p), above 0 (required).")
    case .learningRateSchedule:
      return Role(
        "schedule", isList: true,
        example: "power:0.5,3000",
        help:
          "How γ changes: power:A,N for γ(1 + ν/N)^−A at step ν, steps:0=G0,N1=G1,… for rates from steps "
          + "on, warm-up:W for γ(ν + 1)/W up to step W, or a mapping of these; then horizon is required "
          + "(default constant).")
    case .labelNoise:
      return Role("number", example: "0.0001", help: "Variance Δ of the label noise (default 0).")
    case .secondLayer:
      return Role(
        "numbers", isList: true,
        example: "1,0.5", help: "Second-layer weights a at the start, p numbers (default ones).")
    case .secondLayerRate:
      return Role(
        "number", example: "0.001",
        help: "Learning rate γ_a of the second layer (default 0: fixed).")
    case .secondLayerRateSchedule:
      return Role(
        "schedule", isList: true,
        example: "constant",
        help:
          "How γ_a changes: same (as γ, in proportion), constant, or a schedule of its own in the forms of "
          + "learning-rate-schedule (default same).")
    case .secondLayerNormalised:
      return Role(
        "true|false",
        example: "true",
        help: "Scale a after each step to the sum p: true or false (default false).")
    case .activation:
      return Role(
        "name", isList: true,
        example: "erf",
        help:
          "Student: square, relu, erf, tanh, sigmoid, softplus, he2 to he8, hermite:C0,C1,… (Σ c_n He_n, "
          + "probabilists' and unnormalised: He_2 = x² − 1) or polynomial:C0,C1,… (default square)."
      )
    case .target:
      return Role(
        "name", isList: true,
        example: "hermite:0,0,0,1",
        help: "Mean over the teacher units of an activation, {hermite-terms: […]}, or "
          + "{terms: [{coefficient: 5, factors: [sign, sign, he2]}]} with factor i on direction i; hermite and "
          + "he2 are probabilists' and unnormalised, He_2 = x² − 1 (default: the student's activation)."
      )
    case .teacherGram:
      return Role(
        "matrix", isList: true,
        example: "[[1,0.3],[0.3,1]]", help: "Covariance P of the teacher units (default 1).")
    case .constraint:
      return Role(
        "name", example: "free", help: "First layer: \(names(Constraint.self)) (default spherical)."
      )
    case .batchSize:
      return Role(
        "B", example: "16",
        help: "Fresh samples of a step, over which the gradient is averaged (default 1).")
    case .loss:
      return Role(
        "name",
        example: "correlation",
        help:
          "Loss: square, or correlation, −y f, in which students do not interact (default square).")
    case .lookAhead:
      return Role(
        "rho",
        example: "0.1",
        help: "Take gradients at weights moved by ρ times their own, a sample at a time: "
          + "extragradient above 0, sharpness-aware below (default 0).")
    case .repetitions:
      return Role("r", example: "2", help: "Steps in a row on the same batch (default 1).")
    case .samples:
      return Role(
        "N",
        example: "20000",
        help: "Pass several times over a finite set of N samples, full SGD only "
          + "(default none: every sample is fresh).")
    case .epochs:
      return Role(
        "count", example: "5",
        help: "Passes over the samples (default as many as the horizon takes).")
    case .order:
      return Role(
        "name", example: "shuffled",
        help: "Order of the samples in each epoch: same or shuffled anew (default same).")
    case .startNorm:
      return Role(
        "number", example: "0.5",
        help: "Norm |w_j|/√d at the start, 1 where the constraint keeps it (default 1).")
    case .thresholds:
      return Role(
        "numbers", isList: true, mayVary: false,
        example: "0.1,0.9", help: "Fractions T of the initial risk, or none (default 0.01,0.5).")
    case .overlapThresholds:
      return Role(
        "numbers", isList: true, mayVary: false,
        example: "0.5", help: "Levels η of a teacher unit's largest overlap (default none).")
    case .subspaceThresholds:
      return Role(
        "numbers", isList: true, mayVary: false,
        example: "0.9",
        help: "Parts S of the teacher's subspace that the students span (default none).")
    case .horizon:
      return Role(
        "tau",
        example: "20",
        help:
          "Time τ = ν γ/(p d), or samples:N, after which a replica is censored (default from the growth rate)."
      )
    case .replicas:
      return Role(
        "count", isList: true,
        example: "4000,sgd:24", help: "Replicas, for all dynamics or for one (default 1000).")
    case .dynamics:
      let words = DynamicsKind.allCases.map(\.rawValue).joined(separator: ",")
      return Role(
        "name", isList: true, mayVary: false,
        example: "chain,sgd", help: "Which dynamics: some of \(words) (default ode,sde,chain).")
    case .start:
      return Role(
        "name", isList: true,
        example: "overlaps:0.02",
        help: "random, orthogonal (to the teacher), warm:M1,M2,… (norms along each teacher "
          + "unit, else random), overlaps:M1,M2,… or gram:FILE (default random)."
      )
    case .seed:
      return Role(
        "integer", example: "42", help: "Seed, a whole number from 0 to 2⁶⁴ − 1 (default 1).")
    case .generator:
      return Role(
        "name",
        example: "mt19937",
        help: "Random generator: xoshiro256++, philox4x32-10 or a GSL generator's name "
          + "(default xoshiro256++).")
    case .threads:
      return Role(
        "count", isList: true, mayVary: false, decidesResult: false,
        example: "4", help: "Threads, 1 to 4096 (default: all cores).")
    case .timeStep:
      return Role(
        "tau",
        example: "0.01", help: "Step of the SDE in τ (default chosen for a bias below the error).")
    case .finiteSizeDrift:
      return Role(
        "true|false",
        example: "false",
        help:
          "Keep the SDE's drift of relative order B/d, B the batch: true or false (default true; with a "
          + "look-ahead or repetitions it is not known and left out).")
    case .scheme:
      return Role(
        "name",
        example: "euler-maruyama",
        help: "Scheme of the SDE: \(names(DiffusionScheme.self)) (default drift-heun).")
    case .monitoring:
      return Role(
        "name",
        example: "discrete",
        help:
          "When the SDE is watched: continuous (at all times), discrete (at SGD's) or grid (at its "
          + "own) (default continuous).")
    case .odeStepper:
      return Role(
        "name",
        example: "rkf45",
        help: "GSL stepper of the ODE: \(ODEStepper.all.map(\.name).joined(separator: ", ")) "
          + "(default rk8pd).")
    case .precision:
      return Role(
        "name",
        example: "single",
        help: "Normals of full SGD's input: double, or single, which is faster (default double).")
    case .margin:
      return Role(
        "number",
        example: "10%",
        help: "Margin of the equivalence test on ratios of means, in (0, 1) (default 0.05).")
    case .output:
      return Role(
        "directory", isList: true, mayVary: false, decidesResult: false,
        example: "runs/first",
        help: "Directory to fill with the run's files (default none: the result is printed alone).")
    }
  }

  /// The words that a key may have.
  private func names<Choice>(_ type: Choice.Type) -> String
  where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
    alternatives(Choice.allCases.map(\.rawValue))
  }
}
