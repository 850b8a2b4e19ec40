/// Says what is done to the first-layer weights after each step.
public enum Constraint: String, Sendable, CaseIterable {
  /// w_j ← √d w_j/|w_j|, so that Q_jj = 1 at all times.
  case spherical
}
