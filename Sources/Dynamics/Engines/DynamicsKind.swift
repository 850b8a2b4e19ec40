/// Names the four dynamics of the same experiment.
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

  /// Whether the dynamics moves in steps of one sample.
  public var hasSteps: Bool { self == .chain || self == .sgd }

  /// Whether the dynamics can follow a model and watch what a rule asks for.
  public func covers(_ model: Model, _ rule: ExitRule) -> Bool {
    do {
      switch self {
      case .ode: try DeterministicLimit.requireCovered(model, rule)
      case .sde: try DiffusionLimit.requireCovered(model, rule)
      case .chain, .sgd: break
      }
      return true
    } catch {
      return false
    }
  }
}
