/// Names a scheme for the Itô SDE.
public enum DiffusionScheme: String, Sendable, CaseIterable {
  /// X + b(X) h + √h σ(X) ξ: weak order 1 (Maruyama 1955).
  case eulerMaruyama = "euler-maruyama"
  /// X + ½[b(X) + b(X̂)] h + √h σ(X) ξ with X̂ the Euler step: weak order 1 as well, but with error
  /// O(h²) + O(ε² h) for a noise of variance rate ε² = O(1/d) (Milstein and Tretyakov 1997); the bias
  /// of mean exit times is more than ten times below Euler–Maruyama's at the same step.
  case driftHeun = "drift-heun"
}
