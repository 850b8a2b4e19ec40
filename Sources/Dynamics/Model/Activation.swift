/// Names a nonlinearity of one field: the student's σ, or that of a target's unit.
public enum Activation: Sendable, Equatable {
  /// x², phase retrieval; information exponent 2.
  case square
  /// max(x, 0), with slope 0 at 0.
  case relu
  /// erf(x/√2), as in Saad and Solla (1995).
  case erf
  /// tanh x.
  case tanh
  /// 1/(1 + e^{−x}).
  case sigmoid
  /// log(1 + e^x).
  case softplus
  /// Σ_n c_n He_n(x), probabilists' Hermite polynomials, c_0 first.
  case hermite([Double])
  /// Σ_n c_n xⁿ, c_0 first.
  case polynomial([Double])

  /// The activations without coefficients.
  public static let named: [Activation] = [.square, .relu, .erf, .tanh, .sigmoid, .softplus]

  /// The largest degree of a polynomial.
  public static let largestDegree = 16

  /// The word for the activation in an experiment file.
  public var name: String {
    switch self {
    case .square: return "square"
    case .relu: return "relu"
    case .erf: return "erf"
    case .tanh: return "tanh"
    case .sigmoid: return "sigmoid"
    case .softplus: return "softplus"
    case .hermite: return "hermite"
    case .polynomial: return "polynomial"
    }
  }

  /// The coefficients of the powers xⁿ where the activation is a polynomial, nil elsewhere.
  public var monomials: [Double]? {
    switch self {
    case .square: return [0, 0, 1]
    case .polynomial(let coefficients): return coefficients
    case .hermite(let coefficients):
      // He_{n+1} = x He_n − n He_{n−1}.
      var (previous, current): ([Double], [Double]) = ([], [1])
      var sum = [Double](repeating: 0, count: coefficients.count)
      for (n, coefficient) in coefficients.enumerated() {
        for (power, value) in current.enumerated() { sum[power] += coefficient * value }
        var next = [0] + current
        for (power, value) in previous.enumerated() { next[power] -= Double(n) * value }
        (previous, current) = (current, next)
      }
      return sum
    case .relu, .erf, .tanh, .sigmoid, .softplus: return nil
    }
  }

  /// The degree of a polynomial activation, nil elsewhere.
  public var degree: Int? { monomials.map { $0.lastIndex { $0 != 0 } ?? 0 } }

  /// The largest magnitude of a coefficient: products of four of them, as second moments of a step have, are
  /// then far from the largest number.
  static let largestCoefficient = 1e20

  /// Throws `ParameterError` for `key` unless coefficients are of at most 10²⁰, 2 to 17 in number, and one of
  /// them beyond the constant is not zero.
  func validate(_ key: String) throws(ParameterError) {
    switch self {
    case .hermite(let coefficients), .polynomial(let coefficients):
      let largest = Activation.largestDegree + 1
      try ParameterError.require(
        (2...largest).contains(coefficients.count), key, "\(coefficients.count) coefficients",
        "2 to \(largest) coefficients, the constant first")
      for value in coefficients {
        try ParameterError.require(
          value.isFinite && abs(value) <= Activation.largestCoefficient, key, "\(value)",
          "finite coefficients of at most 1e20")
      }
      try ParameterError.require(
        coefficients.dropFirst().contains { $0 != 0 }, key, "a constant",
        "a coefficient other than 0 beyond the constant's")
    case .square, .relu, .erf, .tanh, .sigmoid, .softplus: break
    }
  }
}
