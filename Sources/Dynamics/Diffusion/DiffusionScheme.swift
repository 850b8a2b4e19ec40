internal import CKernels

/// Names a scheme for the Itô SDE dX = b dτ + ε σ dB.
///
/// All are of weak order 1 in general. The variance rate of the noise is ε² = O(1/d), so that what counts
/// is the error of the drift beside it.
public enum DiffusionScheme: String, Sendable, CaseIterable {
  /// X + b(X) h + ε√h σ(X) ξ: error O(h) (Maruyama 1955).
  case eulerMaruyama = "euler-maruyama"
  /// X + ½[b(X) + b(X̂)] h + ε√h σ(X) ξ with X̂ the Euler step: error O(h²) + O(ε² h).
  case driftHeun = "drift-heun"
  /// The classical Runge–Kutta method for the drift, its last two stages with the noise already added:
  /// error O(h⁴) + O(ε² h) (Milstein and Tretyakov 1997). For p > 1 the place of a crossing within a step
  /// adds O(h²) to exit times: at p = 4 their mean is 0.46% early with h = 1/16, at p = 1 0.03%.
  case driftRungeKutta = "drift-runge-kutta"

  var kernel: Int32 {
    switch self {
    case .eulerMaruyama: return Int32(ESC_SCHEME_EULER_MARUYAMA.rawValue)
    case .driftHeun: return Int32(ESC_SCHEME_DRIFT_HEUN.rawValue)
    case .driftRungeKutta: return Int32(ESC_SCHEME_DRIFT_RUNGE_KUTTA.rawValue)
    }
  }
}
