/// Says what is done to the first-layer weights after each step.
public enum Constraint: String, Sendable, CaseIterable {
  /// w_j ← √d w_j/|w_j|, so that Q_jj = 1 at all times.
  case spherical
  /// Nothing: the norms are free.
  case free
  /// The part of the gradient along w_j is left out, w_j moves at right angles to itself; its norm
  /// then grows at second order in the step alone, dQ_jj = u_j²(|x|² − λ_j² /Q_jj)/d².
  case lagrange
}
