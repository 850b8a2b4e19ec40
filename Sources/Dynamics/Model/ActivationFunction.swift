import Foundation

/// Evaluates an activation and its slope at many fields with one look at which activation it is.
///
/// Polynomials by Horner's rule. Allocates at construction alone.
final class ActivationFunction: Sendable {
  private let activation: Activation
  /// Coefficients of the powers and of the slope's powers, the highest first.
  private let powers: [Double]
  private let slopePowers: [Double]

  init(_ activation: Activation) {
    self.activation = activation
    let monomials = activation.monomials ?? []
    powers = monomials.reversed()
    slopePowers = monomials.enumerated().dropFirst().map { Double($0) * $1 }.reversed()
  }

  /// σ(x) at one field.
  func value(_ x: Double) -> Double { valueAndSlope(x).value }

  /// σ(x) and σ'(x) at one field.
  @inline(__always)
  func valueAndSlope(_ x: Double) -> (value: Double, slope: Double) {
    switch activation {
    case .square: return (x * x, 2 * x)
    case .relu: return x > 0 ? (x, 1) : (0, 0)
    case .erf: return (Foundation.erf(x * 0.5.squareRoot()), errorSlope(x))
    case .tanh:
      let value = Foundation.tanh(x)
      return (value, 1 - value * value)
    case .sigmoid:
      let value = logistic(x)
      return (value, value * (1 - value))
    case .softplus: return (max(x, 0) + log1p(exp(-abs(x))), logistic(x))
    case .hermite, .polynomial: return (horner(powers, x), horner(slopePowers, x))
    }
  }

  /// Writes σ and σ' at `count` fields.
  func evaluate(
    _ fields: UnsafePointer<Double>, count: Int, values: UnsafeMutablePointer<Double>,
    slopes: UnsafeMutablePointer<Double>
  ) {
    switch activation {
    case .square:
      for i in 0..<count {
        values[i] = fields[i] * fields[i]
        slopes[i] = 2 * fields[i]
      }
    case .relu:
      for i in 0..<count {
        values[i] = max(fields[i], 0)
        slopes[i] = fields[i] > 0 ? 1 : 0
      }
    case .hermite, .polynomial:
      for i in 0..<count {
        values[i] = horner(powers, fields[i])
        slopes[i] = horner(slopePowers, fields[i])
      }
    case .erf, .tanh, .sigmoid, .softplus:
      for i in 0..<count { (values[i], slopes[i]) = valueAndSlope(fields[i]) }
    }
  }
}

/// √(2/π) exp(−x²/2), the slope of erf(x/√2).
@inline(__always) private func errorSlope(_ x: Double) -> Double {
  (2 / Double.pi).squareRoot() * exp(-0.5 * x * x)
}

@inline(__always) private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

@inline(__always) private func horner(_ coefficients: [Double], _ x: Double) -> Double {
  coefficients.withUnsafeBufferPointer { coefficients in
    var sum = 0.0
    for coefficient in coefficients { sum = sum * x + coefficient }
    return sum
  }
}
