/// Names the student's nonlinearity σ and the target's g⋆.
///
/// The closed forms of ``FieldMoments`` hold for the square; every engine reads the case, so that a
/// further activation is a compile-time question to each of them.
public enum Activation: String, Sendable, CaseIterable {
  /// σ(x) = x², phase retrieval; information exponent 2.
  case square
}
