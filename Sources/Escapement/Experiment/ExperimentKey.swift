/// Lists the keys of an experiment, each also an option of the command.
public enum ExperimentKey: String, Sendable, CaseIterable {
  case dimension
  case width
  case teacherUnits = "teacher-units"
  case learningRate = "learning-rate"
  case labelNoise = "label-noise"
  case secondLayer = "second-layer"
  case activation
  case target
  case constraint
  case thresholds
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
  case margin
  case output

  /// What the key means, for help texts.
  public var help: String {
    switch self {
    case .dimension: return "Input dimension d."
    case .width: return "Student width p (default 1)."
    case .teacherUnits: return "Number of teacher units k (default 1)."
    case .learningRate: return "Learning rate γ (not γ/p)."
    case .labelNoise: return "Variance Δ of the label noise (default 0)."
    case .secondLayer: return "Fixed second-layer weights a, p numbers (default ones)."
    case .activation: return "Student's nonlinearity: square."
    case .target: return "Target's nonlinearity: square."
    case .constraint: return "Constraint on the first layer: spherical."
    case .thresholds: return "Fractions T of the initial risk (default 0.01,0.5)."
    case .horizon: return "Time τ after which a replica is censored (default from the growth rate)."
    case .replicas: return "Replicas, for all dynamics or for one: 4000,sgd:24 (default 1000)."
    case .dynamics: return "Which dynamics: ode,sde,chain,sgd (default ode,sde,chain)."
    case .start: return "random, overlaps:M1,M2,… or gram:FILE (default random)."
    case .seed: return "Seed, 64 bits (default 1)."
    case .generator:
      return "Random generator: xoshiro256++, philox4x32-10 or a GSL generator's name."
    case .threads: return "Threads (default: all cores)."
    case .timeStep: return "Step of the SDE in τ (default chosen for a bias below the error)."
    case .finiteSizeDrift: return "Keep the SDE's drift of relative order 1/d (default true)."
    case .scheme: return "Scheme of the SDE: drift-heun or euler-maruyama (default drift-heun)."
    case .monitoring: return "Watch the SDE at all times or on its grid: continuous or discrete."
    case .odeStepper: return "GSL stepper of the ODE (default rk8pd)."
    case .margin: return "Margin of the equivalence test on ratios of means (default 0.05)."
    case .output: return "Directory to fill with the run's files."
    }
  }

  /// What a value is called in a usage line.
  public var valueName: String {
    switch self {
    case .dimension: return "d"
    case .width: return "p"
    case .teacherUnits: return "k"
    case .labelNoise, .learningRate, .margin: return "number"
    case .secondLayer, .thresholds: return "numbers"
    case .horizon, .timeStep: return "tau"
    case .replicas, .threads: return "count"
    case .finiteSizeDrift: return "true|false"
    case .output: return "directory"
    case .seed: return "integer"
    default: return "name"
    }
  }
}
