/// Says what the labels are without their noise, g⋆(λ⋆), in the k teacher fields.
public enum Target: Sendable, Equatable {
  /// (1/k) Σ_r g(λ⋆_r) with one activation g.
  case mean(Activation)
  /// Σ c Π_r He_{n_r}(λ⋆_r) over terms, probabilists' Hermite polynomials.
  case hermiteTerms([HermiteTerm])
  /// Σ c Π_r f_r(λ⋆_r) over terms, with functions of one field that may jump, such as the sign.
  case products([ProductTerm])

  /// The largest degree a polynomial target has in all its directions together, nil for others.
  public var degree: Int? {
    switch self {
    case .mean(let activation): return activation.degree
    case .hermiteTerms(let terms): return terms.map(\.degree).max()
    case .products(let terms):
      let degrees = terms.map(\.degree)
      return degrees.contains(nil) ? nil : degrees.compactMap { $0 }.max()
    }
  }

  /// The number of teacher units the target speaks of, nil where any will do.
  public var teacherUnits: Int? {
    switch self {
    case .mean: return nil
    case .hermiteTerms(let terms): return terms.first.map { max($0.degrees.count, 1) }
    case .products(let terms): return terms.map { max($0.factors.count, 1) }.max()
    }
  }

  /// Whether the labels jump where a field changes its sign.
  var jumps: Bool {
    guard case .products(let terms) = self else { return false }
    return terms.contains { $0.factors.contains(where: \.jumps) }
  }

  /// The degree between kinks and jumps at 0 of what is a polynomial there, nil elsewhere.
  var pieceDegree: Int? {
    switch self {
    case .mean(.relu): return 1
    case .mean, .hermiteTerms: return degree
    case .products(let terms):
      let degrees = terms.map { optionalSum($0.factors.map(\.pieceDegree)) }
      return degrees.contains(nil) ? nil : degrees.compactMap { $0 }.max()
    }
  }

  /// The width over which the labels turn along the field of unit `r`, 0 for a kink or jump at 0, nil where they are
  /// polynomials of it.
  func breadth(_ r: Int) -> Double? {
    switch self {
    case .mean(let activation): return SmoothedStep(activation)?.breadth
    case .hermiteTerms: return nil
    case .products(let terms): return terms.compactMap { $0.factor(r).breadth }.min()
    }
  }

  /// Throws `ParameterError` for the key `target` unless coefficients are finite and terms have one
  /// degree for each teacher unit, or no more factors than there are.
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
    case .products(let terms):
      let require = ParameterError.require
      try require(!terms.isEmpty, "target", "no terms", "at least one term")
      try require(terms.count <= 1000, "target", "\(terms.count) terms", "at most 1000 terms")
      for term in terms { try term.validate(teacherUnits: teacherUnits) }
      try require(
        terms.contains { $0.coefficient != 0 && !$0.active.isEmpty }, "target", "a constant",
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
