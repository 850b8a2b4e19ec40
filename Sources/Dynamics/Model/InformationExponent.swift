extension Model {
  /// The smallest degree n ≥ 1 that the target has in its Hermite expansion.
  ///
  /// SGD on a target of exponent 1 needs about d samples, of 2 about d log d, of n > 2 about d^{n−1}.
  /// Taken along orthonormal axes of the teacher's span; coefficients below 1e-12 of the largest
  /// count as zero. Source: Ben Arous, Gheissari, Jagannath (2021), JMLR 22.
  public func informationExponent() throws -> Int {
    try targetDegrees().map { $0.reduce(0, +) }.min() ?? 0
  }

  /// The largest number of new degrees that has to be found at once to learn the target.
  ///
  /// Terms are learned one after the other, each at the cost of its degrees along axes that no
  /// earlier term has; the leap is the largest cost in the best order, which takes the cheapest next.
  /// It is along the teacher's orthonormal axes, and rotations of these are not searched. Source: Abbe,
  /// Boix-Adserà, Misiakiewicz (2023), COLT.
  public func leap() throws -> Int {
    var terms = try targetDegrees()
    var known: Set<Int> = []
    var leap = 0
    while !terms.isEmpty {
      func cost(_ degrees: [Int]) -> Int {
        degrees.indices.reduce(0) { known.contains($1) ? $0 : $0 + degrees[$1] }
      }
      guard let next = terms.min(by: { cost($0) < cost($1) }) else { break }
      leap = max(leap, cost(next))
      known.formUnion(next.indices.filter { next[$0] > 0 })
      terms.removeAll { cost($0) == 0 }
    }
    return leap
  }

  /// Says how the information exponent and the leap were found.
  public var exponentsFound: String {
    if target.degree != nil { return "the Hermite coefficients of a polynomial, exactly" }
    if case .products = target {
      return "the lowest Hermite coefficients of the factors, closed forms and sums"
    }
    return "Hermite coefficients above 1e-12 of the largest"
  }

  /// The degrees of the terms beyond the constant, along orthonormal axes.
  private func targetDegrees() throws -> [[Int]] {
    if case .mean(let activation) = target, teacherGram == nil || activation.monomials == nil {
      // Every unit brings its own expansion along an axis of its own.
      let values = HermiteSpectrum(activation)
        .coefficients(norm: teacherOverlap(0, 0).squareRoot())
      let floor = 1e-12 * (values.map(abs).max() ?? 0)
      let exponent = values.indices.dropFirst().first { abs(values[$0]) > floor } ?? 0
      return (0..<teacherUnits).prefix(64).map { r in
        (0..<teacherUnits).prefix(64).map { $0 == r ? exponent : 0 }
      }
    }
    if case .products(let terms) = target, target.degree == nil {
      return ModelDegrees.lowest(terms, axes: teacherUnits)
    }
    let terms = try orthonormalTerms()
    let largest = terms.map { abs($0.coefficient) }.max() ?? 0
    return terms.filter { $0.degree > 0 && abs($0.coefficient) > 1e-12 * largest }.map(\.degrees)
  }
}

private enum ModelDegrees {
  /// The degrees of the lowest Hermite products in a sum of products that are no polynomials.
  ///
  /// Each factor brings its constant and its four lowest degrees (one where there are more than five factors):
  /// higher ones cost more wherever they stand. Terms that cancel each other are added first.
  static func lowest(_ terms: [ProductTerm], axes: Int) -> [[Int]] {
    var sums: [[Int]: Double] = [:]
    for term in terms {
      var partial = [(degrees: Array(repeating: 0, count: axes), value: term.coefficient)]
      let active = term.active
      for (direction, factor) in active {
        let values = factor.hermiteCoefficients(count: 32)
        let floor = 1e-12 * (values.map(abs).max() ?? 0)
        let known = values.indices.filter { abs(values[$0]) > floor }
        let lowest =
          known.filter { $0 == 0 } + known.filter { $0 > 0 }.prefix(active.count > 5 ? 1 : 4)
        partial = partial.flatMap { part in
          lowest.map { n in
            var degrees = part.degrees
            degrees[direction] = n
            return (degrees, part.value * values[n])
          }
        }
      }
      for part in partial { sums[part.degrees, default: 0] += part.value }
    }
    let largest = sums.values.map(abs).max() ?? 0
    return sums.filter { $0.key.contains { $0 > 0 } && abs($0.value) > 1e-12 * largest }
      .map(\.key).sorted { $0.lexicographicallyPrecedes($1) }
  }
}
