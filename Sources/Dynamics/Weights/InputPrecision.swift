internal import CKernels

/// Names the arithmetic in which full SGD makes the normals of its input.
///
/// Everything after them is in double precision: fields, weights, overlaps, label noise.
public enum InputPrecision: String, Sendable, CaseIterable {
  /// Double precision: no normal exceeds √(104 log 2) = 8.49.
  case double
  /// Single precision, in half the time: 24 bits a normal; none exceeds √(64 log 2) = 6.66, which one of
  /// 3.7·10¹⁰ would.
  case single

  var kernel: EscPrecision { self == .single ? ESC_SINGLE : ESC_DOUBLE }
}
