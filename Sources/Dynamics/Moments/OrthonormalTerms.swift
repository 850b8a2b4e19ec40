import GSL

extension Model {
  /// Expands a polynomial target in Hermite products along orthonormal axes of the teacher's span.
  ///
  /// For orthonormal units these are the terms as given. For others the fields are λ⋆ = T g and the
  /// coefficients E[g⋆(Tg) Π He_{n_r}(g_r)]/Π n_r! follow from Gauss–Hermite quadrature with as many
  /// nodes an axis as make it exact. Throws `ParameterError` for the key `teacher-gram` beyond a
  /// million nodes.
  func orthonormalTerms() throws -> [HermiteTerm] {
    guard let degree = target.degree else { return [] }
    let k = teacherUnits
    if teacherGram == nil {
      if case .hermiteTerms(let terms) = target { return terms }
      if case .products(let terms) = target { return hermiteTerms(of: terms, axes: k) }
      if case .mean(let activation) = target {
        let values = HermiteSpectrum(activation).coefficients(norm: 1)
        return (0..<k).flatMap { r in
          values.indices.compactMap { n in
            n == 0 && r > 0
              ? nil
              : HermiteTerm(
                coefficient: values[n] / factorial(n).squareRoot() / (n == 0 ? 1 : Double(k)),
                degrees: (0..<k).map { $0 == r ? n : 0 })
          }
        }
      }
    }
    let points = degree + 1
    var nodes = 1
    for _ in 0..<k where nodes <= 1_000_000 { nodes *= points }
    try ParameterError.require(
      nodes <= 1_000_000, "teacher-gram", "\(k) correlated units and a target of degree \(degree)",
      "at most a million nodes (degree + 1)^k to expand it")
    let rule = try gaussHermiteRule(count: points)
    let function = TargetFunction(model: self)
    let powers = multiIndices(upTo: degree, axes: k)
    var sums = [Double](repeating: 0, count: powers.count)
    var axes = [Double](repeating: 0, count: k)
    let table = rule.nodes.map { hermiteValues($0, upTo: degree) }
    for index in 0..<nodes {
      var (rest, weight) = (index, 1.0)
      var digits = [Int](repeating: 0, count: k)
      for r in 0..<k {
        digits[r] = rest % points
        rest /= points
        axes[r] = rule.nodes[digits[r]]
        weight *= rule.weights[digits[r]]
      }
      let value = weight * function.value(axes)
      for (i, degrees) in powers.enumerated() {
        var product = value
        for r in 0..<k { product *= table[digits[r]][degrees[r]] / factorial(degrees[r]) }
        sums[i] += product
      }
    }
    let largest = sums.map(abs).max() ?? 0
    return zip(sums, powers).filter { abs($0.0) > 1e-13 * largest }
      .map { HermiteTerm(coefficient: $0.0, degrees: $0.1) }
  }
}

/// Multiplies out products of polynomials in Hermite products; like terms are added.
func hermiteTerms(of terms: [ProductTerm], axes: Int) -> [HermiteTerm] {
  var sums: [[Int]: Double] = [:]
  for term in terms {
    var partial = [(degrees: Array(repeating: 0, count: axes), coefficient: term.coefficient)]
    for (direction, factor) in term.active {
      let values = factor.hermiteCoefficients(count: (factor.degree ?? 0) + 1)
      partial = partial.flatMap { part in
        values.indices.filter { values[$0] != 0 }.map { n in
          var degrees = part.degrees
          degrees[direction] = n
          return (degrees, part.coefficient * (values[n] / factorial(n).squareRoot()))
        }
      }
    }
    for part in partial { sums[part.degrees, default: 0] += part.coefficient }
  }
  return sums.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    .map { HermiteTerm(coefficient: $0.value, degrees: $0.key) }
}

/// He_0(x) … He_n(x).
func hermiteValues(_ x: Double, upTo degree: Int) -> [Double] {
  var values = [1.0, x]
  for n in 1..<max(degree, 1) {
    values.append(x * values[n] - Double(n) * values[n - 1])
  }
  return values
}

/// All degrees n_1 … n_k ≥ 0 whose sum is at most `degree`.
private func multiIndices(upTo degree: Int, axes: Int) -> [[Int]] {
  guard axes > 0 else { return [[]] }
  return (0...degree).flatMap { first in
    multiIndices(upTo: degree - first, axes: axes - 1).map { [first] + $0 }
  }
}
