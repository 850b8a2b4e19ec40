import Dynamics
import GSL

/// Lists the keys of an experiment, each also an option of the command.
public enum ExperimentKey: String, Sendable, CaseIterable {
  case dimension
  case width
  case teacherUnits = "teacher-units"
  case learningRate = "learning-rate"
  case labelNoise = "label-noise"
  case secondLayer = "second-layer"
  case secondLayerRate = "second-layer-learning-rate"
  case secondLayerNormalised = "second-layer-normalised"
  case activation
  case target
  case teacherGram = "teacher-gram"
  case constraint
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

  /// What the key means, for help texts.
  public var help: String {
    switch self {
    case .dimension: return "Input dimension d, a whole number from 1 on (required)."
    case .width: return "Student width p (default 1)."
    case .teacherUnits: return "Number of teacher units k (default 1)."
    case .learningRate: return "Learning rate γ (not γ/p), above 0 (required)."
    case .labelNoise: return "Variance Δ of the label noise (default 0)."
    case .secondLayer: return "Second-layer weights a at the start, p numbers (default ones)."
    case .secondLayerRate: return "Learning rate γ_a of the second layer (default 0: fixed)."
    case .secondLayerNormalised:
      return "Scale a after each step to the sum p: true or false (default false)."
    case .activation:
      return "Student: square, relu, erf, tanh, sigmoid, softplus, hermite:C0,C1,… or "
        + "polynomial:C0,C1,… (default square)."
    case .target:
      return "Mean over the teacher units of an activation, or {hermite-terms: […]} "
        + "(default: the student's activation)."
    case .teacherGram: return "Covariance P of the teacher units, [[1,0.3],[0.3,1]] (default 1)."
    case .constraint: return "First layer: \(names(Constraint.self)) (default spherical)."
    case .startNorm: return "Norm |w_j|/√d at the start, unless spherical (default 1)."
    case .thresholds: return "Fractions T of the initial risk, or none (default 0.01,0.5)."
    case .overlapThresholds: return "Levels η of a teacher unit's largest overlap (default none)."
    case .subspaceThresholds:
      return "Parts S of the teacher's subspace that the students span (default none)."
    case .horizon: return "Time τ after which a replica is censored (default from the growth rate)."
    case .replicas: return "Replicas, for all dynamics or for one: 4000,sgd:24 (default 1000)."
    case .dynamics:
      let words = DynamicsKind.allCases.map(\.rawValue).joined(separator: ",")
      return "Which dynamics: some of \(words) (default ode,sde,chain)."
    case .start: return "random, overlaps:M1,M2,… or gram:FILE (default random)."
    case .seed: return "Seed, a whole number from 0 to 2⁶⁴ − 1 (default 1)."
    case .generator:
      return "Random generator: xoshiro256++, philox4x32-10 or a GSL generator's name "
        + "(default xoshiro256++)."
    case .threads: return "Threads, 1 to 4096 (default: all cores)."
    case .timeStep: return "Step of the SDE in τ (default chosen for a bias below the error)."
    case .finiteSizeDrift:
      return "Keep the SDE's drift of relative order 1/d: true or false (default true)."
    case .scheme: return "Scheme of the SDE: \(names(DiffusionScheme.self)) (default drift-heun)."
    case .monitoring:
      return
        "When the SDE is watched: continuous (at all times), discrete (at SGD's) or grid (at its "
        + "own) (default continuous)."
    case .odeStepper:
      return "GSL stepper of the ODE: \(ODEStepper.all.map(\.name).joined(separator: ", ")) "
        + "(default rk8pd)."
    case .precision:
      return "Normals of full SGD's input: double, or single, which is faster (default double)."
    case .margin:
      return "Margin of the equivalence test on ratios of means, in (0, 1) (default 0.05)."
    case .output:
      return "Directory to fill with the run's files (default none: the result is printed alone)."
    }
  }

  /// The words that a key may have.
  private func names<Choice>(_ type: Choice.Type) -> String
  where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
    let words = Choice.allCases.map(\.rawValue)
    return words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
  }

  /// What a value is called in a usage line.
  public var valueName: String {
    if ExperimentKey.thresholdKeys.contains(self) { return "numbers" }
    switch self {
    case .dimension: return "d"
    case .width: return "p"
    case .teacherUnits: return "k"
    case .labelNoise, .learningRate, .margin, .secondLayerRate, .startNorm: return "number"
    case .secondLayer: return "numbers"
    case .teacherGram: return "matrix"
    case .horizon, .timeStep: return "tau"
    case .replicas, .threads: return "count"
    case .finiteSizeDrift, .secondLayerNormalised: return "true|false"
    case .output: return "directory"
    case .seed: return "integer"
    default: return "name"
    }
  }
}
