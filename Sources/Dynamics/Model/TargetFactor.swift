import Foundation

/// Names a function of one teacher field, a factor of a ``ProductTerm``.
public enum TargetFactor: Sendable, Equatable {
  /// 1, which leaves a direction out.
  case one
  /// x.
  case identity
  /// −1, 0 or 1 with the sign of x.
  case sign
  /// 1 for x > 0, else 0.
  case step
  /// |x|.
  case absolute
  /// He_n(x), probabilists' and unnormalised: He_2 = x² − 1, of second moment n!; n ≤ 8.
  case hermite(Int)
  /// Any activation.
  case activation(Activation)

  /// The largest degree of ``hermite(_:)``.
  public static let largestHermiteDegree = 8

  /// The factors that a word alone names, activations included.
  public static let named: [TargetFactor] =
    [.one, .identity, .sign, .step, .absolute]
    + (0...largestHermiteDegree).map { .hermite($0) } + Activation.named.map { .activation($0) }

  /// The word for the factor in an experiment file.
  public var name: String {
    switch self {
    case .one: return "one"
    case .identity: return "identity"
    case .sign: return "sign"
    case .step: return "step"
    case .absolute: return "abs"
    case .hermite(let degree): return "he\(degree)"
    case .activation(let activation): return activation.name
    }
  }

  /// The coefficients of the powers xⁿ where the factor is a polynomial, nil elsewhere.
  public var monomials: [Double]? {
    switch self {
    case .one: return [1]
    case .identity: return [0, 1]
    case .sign, .step, .absolute: return nil
    case .hermite(let degree): return Activation.hermiteTerm(degree).monomials
    case .activation(let activation): return activation.monomials
    }
  }

  /// The degree of a polynomial, nil elsewhere.
  var degree: Int? { monomials.map { $0.lastIndex { $0 != 0 } ?? 0 } }

  /// The degree on either side of 0 of what is a polynomial there, nil elsewhere.
  var pieceDegree: Int? {
    switch self {
    case .sign, .step: return 0
    case .absolute, .activation(.relu): return 1
    default: return degree
    }
  }

  /// Whether the factor is 1 whatever the field.
  var isOne: Bool { self == .one || self == .hermite(0) }

  /// Whether the factor jumps at 0.
  var jumps: Bool { self == .sign || self == .step }

  /// The width in x over which the factor turns, 0 for a kink or jump at 0, nil for polynomials.
  var breadth: Double? {
    switch self {
    case .sign, .step, .absolute: return 0
    case .activation(let activation): return SmoothedStep(activation)?.breadth
    default: return nil
    }
  }

  /// How the factor changes as x → −x.
  enum Parity { case even, odd, neither }

  var parity: Parity {
    if let monomials {
      let powers = monomials.indices.filter { monomials[$0] != 0 }
      if powers.allSatisfy({ $0 % 2 == 0 }) { return .even }
      return powers.allSatisfy { $0 % 2 == 1 } ? .odd : .neither
    }
    switch self {
    case .absolute: return .even
    case .sign, .activation(.erf), .activation(.tanh): return .odd
    default: return .neither
    }
  }

  /// The coefficients f_n of f(x) = Σ_n f_n He_n(x)/√n! for n < `count`, x ~ N(0, 1).
  ///
  /// sign: f_n = 2φ(0)He_{n−1}(0)/√n! for odd n; |x| = 2 max(x, 0) − x. Activations as ``HermiteSpectrum``,
  /// whose terms end where it ends.
  func hermiteCoefficients(count: Int) -> [Double] {
    var values = [Double](repeating: 0, count: count)
    func fill(_ given: [Double]) {
      for n in 0..<min(count, given.count) { values[n] = given[n] }
    }
    switch self {
    case .one: fill([1])
    case .identity: fill([0, 1])
    case .hermite(let degree):
      fill((0...degree).map { $0 == degree ? factorial(degree).squareRoot() : 0 })
    case .activation(let activation): fill(HermiteSpectrum(activation).coefficients(norm: 1))
    case .absolute:
      fill(HermiteSpectrum(.relu).coefficients(norm: 1).map { 2 * $0 })
      if count > 1 { values[1] = 0 }
    case .sign, .step:
      let scale = self == .sign ? 1.0 : 0.5
      var moment = scale * (2 / Double.pi).squareRoot()
      for n in stride(from: 1, to: count, by: 2) {
        let m = Double(n - 1)
        if n > 1 { moment *= -((m - 1) / m).squareRoot() }
        values[n] = moment / Double(n).squareRoot()
      }
      if self == .step, count > 0 { values[0] = 0.5 }
    }
    return values
  }

  /// Throws `ParameterError` for the key `target` unless coefficients are such as activations have, or the degree is
  /// from 0 to ``largestHermiteDegree``.
  func validate() throws(ParameterError) {
    switch self {
    case .activation(let activation): try activation.validate("target")
    case .hermite(let degree):
      try ParameterError.require(
        (0...TargetFactor.largestHermiteDegree).contains(degree), "target", "he\(degree)",
        "he0 to he\(TargetFactor.largestHermiteDegree)")
    default: break
    }
  }
}

/// One term c Π_r f_r(λ⋆_r) of a target, with a function of one field for each direction.
public struct ProductTerm: Sendable, Equatable {
  /// The coefficient c.
  public let coefficient: Double
  /// The factors f_r, factor r on direction r; directions beyond the last have none.
  public let factors: [TargetFactor]

  /// Creates a term.
  public init(coefficient: Double, factors: [TargetFactor]) {
    self.coefficient = coefficient
    self.factors = factors
  }

  /// The largest number of factors of a term that are not 1.
  public static let largestFactorCount = 16

  /// The directions whose factor is not 1, and the factors.
  var active: [(direction: Int, factor: TargetFactor)] {
    factors.enumerated().filter { !$1.isOne }.map { ($0, $1) }
  }

  /// The sum of the factors' degrees, nil unless all are polynomials.
  var degree: Int? { optionalSum(factors.map(\.degree)) }

  /// The factor on a direction.
  func factor(_ direction: Int) -> TargetFactor {
    direction < factors.count ? factors[direction] : .one
  }

  /// Throws `ParameterError` for the key `target` unless the coefficient is finite, there are no more factors than
  /// teacher units, and polynomials among them have no more than ``Activation/largestDegree`` together.
  func validate(teacherUnits: Int) throws(ParameterError) {
    let require = ParameterError.require
    try require(
      coefficient.isFinite && abs(coefficient) <= Activation.largestCoefficient, "target",
      "\(coefficient)", "finite coefficients of at most 1e20")
    try require(
      !factors.isEmpty && factors.count <= teacherUnits, "target", "\(factors.count) factors",
      "at least one factor in a term and no more than the \(teacherUnits) teacher units")
    for factor in factors { try factor.validate() }
    let count = active.count
    try require(
      count <= ProductTerm.largestFactorCount, "target", "\(count) factors in a term",
      "at most \(ProductTerm.largestFactorCount) factors other than one")
    let degree = factors.reduce(0) { $0 + ($1.degree ?? 0) }
    try require(
      degree <= Activation.largestDegree, "target", "a term of degree \(degree)",
      "polynomials of together at most degree \(Activation.largestDegree) in a term")
  }
}

/// The sum of numbers, nil where one is.
func optionalSum(_ values: [Int?]) -> Int? {
  values.contains(nil) ? nil : values.compactMap { $0 }.reduce(0, +)
}

extension Activation {
  /// The one Hermite polynomial He_n, which the word `heN` names.
  public static func hermiteTerm(_ degree: Int) -> Activation {
    .hermite((0...max(degree, 1)).map { $0 == degree ? 1 : 0 })
  }
}

/// Evaluates a factor at one field. Polynomials by Horner's rule; allocates at construction alone.
final class FactorFunction: Sendable {
  private let factor: TargetFactor
  private let function: ActivationFunction?

  init(_ factor: TargetFactor) {
    self.factor = factor
    switch factor {
    case .activation(let activation): function = ActivationFunction(activation)
    case .hermite(let degree): function = ActivationFunction(.hermiteTerm(degree))
    default: function = nil
    }
  }

  /// f(x).
  @inline(__always)
  func value(_ x: Double) -> Double {
    switch factor {
    case .one: return 1
    case .identity: return x
    case .sign: return x > 0 ? 1 : x < 0 ? -1 : 0
    case .step: return x > 0 ? 1 : 0
    case .absolute: return abs(x)
    case .hermite, .activation: return function?.value(x) ?? .nan
    }
  }
}
