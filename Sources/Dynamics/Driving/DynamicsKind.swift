/// Names the four dynamics of the same experiment, and knows what each is to the others.
///
/// What only one module knows of them stands there in one file, in switches without a default.
public enum DynamicsKind: String, Sendable, CaseIterable, Comparable {
  /// The deterministic limit d → ∞.
  case ode
  /// The first stochastic correction, an Itô diffusion of the overlaps.
  case sde
  /// The exact low-dimensional chain with the very law of SGD at finite d.
  case chain
  /// One-pass SGD with all d-dimensional weights.
  case sgd

  /// Orders by name, which is the order of rows in tables and files.
  public static func < (first: DynamicsKind, second: DynamicsKind) -> Bool {
    first.rawValue < second.rawValue
  }

  /// What a person calls it.
  public var title: String {
    switch self {
    case .ode: return "ODE"
    case .sde: return "SDE"
    case .chain: return "exact chain"
    case .sgd: return "full SGD"
    }
  }

  /// The title as a sentence takes it, with its article.
  public var titleWithArticle: String {
    switch self {
    case .ode, .sde, .chain: return "the \(title)"
    case .sgd: return title
    }
  }

  /// Whether the dynamics moves in the steps of SGD.
  public var hasSteps: Bool {
    switch self {
    case .chain, .sgd: return true
    case .ode, .sde: return false
    }
  }

  /// Whether it moves without noise: replicas from one start are all alike.
  public var isDeterministic: Bool {
    switch self {
    case .ode: return true
    case .sde, .chain, .sgd: return false
    }
  }

  /// Whether its overlaps have SGD's very law at finite d.
  public var hasLawOfSGD: Bool {
    switch self {
    case .chain, .sgd: return true
    case .ode, .sde: return false
    }
  }

  /// Its places, no two alike, in ``fromSGD`` and in ``references``.
  var places: (fromSGD: Int, asReference: Int) {
    switch self {
    case .sgd: return (0, 1)
    case .chain: return (1, 0)
    case .sde: return (2, 2)
    case .ode: return (3, 3)
    }
  }

  /// All dynamics from SGD itself to its limit: a pair's ratio reads 'this over its approximation'.
  public static let fromSGD = allCases.sorted { $0.places.fromSGD < $1.places.fromSGD }

  /// All dynamics, the one that others are best measured against first: those with SGD's law, of which the
  /// chain has the more replicas, then the nearest to it.
  public static let references = allCases.sorted { $0.places.asReference < $1.places.asReference }

  /// Whether the dynamics can follow a model and watch what a rule asks for.
  public func covers(_ model: Model, _ rule: ExitRule) -> Bool {
    do {
      switch self {
      case .ode: try DeterministicLimit.requireCovered(model, rule)
      case .sde: try DiffusionLimit.requireCovered(model, rule)
      case .chain: try ReducedChain.requireCovered(model)
      case .sgd: break
      }
      return true
    } catch {
      return false
    }
  }
}
