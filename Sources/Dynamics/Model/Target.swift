/// Says what the labels are without their noise, g⋆(λ⋆), in the k teacher fields.
public enum Target: Sendable, Equatable {
  /// (1/k) Σ_r g(λ⋆_r) with one activation g.
  case mean(Activation)
  /// Σ c Π_r He_{n_r}(λ⋆_r) over terms, probabilists' Hermite polynomials.
  case hermiteTerms([HermiteTerm])

  /// The largest degree a polynomial target has in all its directions together, nil for others.
  public var degree: Int? {
    switch self {
    case .mean(let activation): return activation.degree
    case .hermiteTerms(let terms): return terms.map(\.degree).max()
    }
  }

  /// The number of teacher units the target speaks of, nil where any will do.
  public var teacherUnits: Int? {
    if case .hermiteTerms(let terms) = self { return terms.first?.degrees.count }
    return nil
  }

  /// Throws `ParameterError` for the key `target` unless coefficients are finite and terms have one
  /// degree for each teacher unit.
  func validate(teacherUnits: Int) throws(ParameterError) {
    switch self {
    case .mean(let activation): try activation.validate("target")
    case .hermiteTerms(let terms):
      let require = ParameterError.require
      try require(!terms.isEmpty, "target", "no terms", "at least one term")
      try require(terms.count <= 1000, "target", "\(terms.count) terms", "at most 1000 terms")
      for term in terms {
        try require(
          term.degrees.count == teacherUnits, "target", "\(term.degrees.count) degrees",
          "one degree for each of the \(teacherUnits) teacher units")
        try require(
          term.coefficient.isFinite && abs(term.coefficient) <= Activation.largestCoefficient,
          "target", "\(term.coefficient)", "finite coefficients of at most 1e20")
        try require(
          term.degrees.allSatisfy { $0 >= 0 } && term.degree <= Activation.largestDegree, "target",
          "degrees \(term.degrees)",
          "whole numbers of at least 0, together at most \(Activation.largestDegree)")
      }
      try require(
        terms.contains { $0.coefficient != 0 && $0.degree > 0 }, "target", "a constant",
        "a term that is not constant")
    }
  }
}

/// One term c Π_r He_{n_r}(λ⋆_r) of a target.
public struct HermiteTerm: Sendable, Equatable {
  /// The coefficient c.
  public let coefficient: Double
  /// The degrees n_r, one for each teacher unit.
  public let degrees: [Int]

  /// Creates a term.
  public init(coefficient: Double, degrees: [Int]) {
    self.coefficient = coefficient
    self.degrees = degrees
  }

  /// The degree Σ_r n_r.
  public var degree: Int { degrees.reduce(0, +) }
}
