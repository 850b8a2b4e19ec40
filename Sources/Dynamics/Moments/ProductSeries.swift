import Foundation

/// Evaluates E[g⋆σ(λ_j)] for a target of products of one-variable functions over orthonormal directions.
///
/// With f_r = Σ_n f_{r,n} He_n/√n! and σ(s z) = Σ_N h_N(s) He_N(z)/√N!, a student of norm s and overlaps C_r with the
/// directions has E[Π_r f_r(g_r) σ(λ)] = Σ_N √N! h_N(s) P_N, where Σ_N P_N tᴺ = Π_r Σ_n f_{r,n}/√n! (C_r/s)ⁿ tⁿ. Exact
/// for a polynomial student whatever the factors, jumps included; else the series is as long as the student's own
/// and falls as ρᴺ, with ρ the part of the student in the span, so that it is taken to 1e-16 of ρ. A term with one
/// factor that is a kink or ramp takes the closed form of ``FieldPair`` where the student is one as well.
/// Cost: (factors − 1) N²/2 a term. A workspace belongs to one task; a call allocates nothing.
final class ProductSeries {
  private struct Factor {
    let direction: Int
    /// f_n/√n!.
    let scaled: [Double]
    /// The closed form with the student; |x| is 2 max(x, 0) − x.
    let pair: FieldPair
    let isAbsolute: Bool
  }

  private let units: Int
  private let count: Int
  private let terms: [(coefficient: Double, factors: [Factor])]
  private let roots: [Double]
  private let partial: UnsafeMutablePointer<Double>
  private let next: UnsafeMutablePointer<Double>

  /// `count` terms of the student's spectrum.
  init(_ terms: [ProductTerm], student: Activation, units: Int, count: Int) {
    self.units = units
    self.count = count
    var inverseRoots = [1.0]
    var roots = [1.0]
    for n in 1..<max(count, 2) {
      roots.append(roots[n - 1] * Double(n).squareRoot())
      inverseRoots.append(1 / roots[n])
    }
    self.roots = roots
    self.terms = terms.map { term in
      let factors = term.active.map { direction, factor in
        let pair: FieldPair
        switch factor {
        case .absolute: pair = FieldPair(student, .relu)
        case .activation(let activation): pair = FieldPair(student, activation)
        default: pair = .series
        }
        let values = factor.hermiteCoefficients(count: count)
        return Factor(
          direction: direction, scaled: zip(values, inverseRoots).map { $0 * $1 }, pair: pair,
          isAbsolute: factor == .absolute)
      }
      return (term.coefficient, factors)
    }
    partial = .allocate(capacity: max(count, 1))
    next = .allocate(capacity: max(count, 1))
  }

  deinit {
    partial.deallocate()
    next.deallocate()
  }

  /// E[g⋆σ(λ)] for overlaps `axes` with the directions, a norm s and the spectrum `row` at that norm.
  func value(axes: UnsafePointer<Double>, norm: Double, row: UnsafePointer<Double>) -> Double {
    let last = lastOrder(axes, norm)
    var total = 0.0
    for term in terms {
      total +=
        term.coefficient
        * (closedForm(term.factors, axes, norm, row) ?? series(term.factors, axes, norm, row, last))
    }
    return total
  }

  /// The number of terms of which the rest weighs below 1e-16.
  private func lastOrder(_ axes: UnsafePointer<Double>, _ norm: Double) -> Int {
    var square = 0.0
    for r in 0..<units { square += axes[r] * axes[r] }
    let rho = square.squareRoot() / norm
    guard rho > 0 else { return min(count, 1) }
    guard rho < 1 else { return count }
    return min(count, Int(-37 / log(rho)) + 2)
  }

  private func closedForm(
    _ factors: [Factor], _ axes: UnsafePointer<Double>, _ norm: Double, _ row: UnsafePointer<Double>
  ) -> Double? {
    guard factors.count == 1, count > 1 else { return nil }
    let rho = min(max(axes[factors[0].direction] / norm, -1), 1)
    guard let value = factors[0].pair.closedForm(norm, 1, rho) else { return nil }
    return factors[0].isAbsolute ? 2 * value - row[1] * rho : value
  }

  private func series(
    _ factors: [Factor], _ axes: UnsafePointer<Double>, _ norm: Double,
    _ row: UnsafePointer<Double>, _ last: Int
  ) -> Double {
    for n in 0..<last { partial[n] = 0 }
    partial[0] = 1
    var length = 1
    for factor in factors {
      let x = axes[factor.direction] / norm
      for n in 0..<last { next[n] = 0 }
      var power = 1.0
      factor.scaled.withUnsafeBufferPointer { scaled in
        for n in 0..<last {
          let weight = scaled[n] * power
          if weight != 0 {
            for i in 0..<min(length, last - n) { next[n + i] += weight * partial[i] }
          }
          power *= x
        }
      }
      for n in 0..<last { partial[n] = next[n] }
      length = last
    }
    var sum = 0.0
    for n in 0..<last { sum += roots[n] * partial[n] * row[n] }
    return sum
  }

  /// E g⋆², by panels of Gauss–Legendre nodes on either side of 0: exact to rounding.
  static func secondMoment(_ terms: [ProductTerm]) throws -> Double {
    let panel = try LineRule.legendre(20)
    var (points, weights): ([Double], [Double]) = ([], [])
    for index in 0..<40 {
      for (node, weight) in zip(panel.nodes, panel.weights) {
        let x = 0.5 * (Double(index) + node)
        points.append(x)
        weights.append(0.5 * weight * exp(-0.5 * x * x) / (2 * Double.pi).squareRoot())
      }
    }
    var known: [(TargetFactor, TargetFactor, Double)] = []
    func expectation(_ f: TargetFactor, _ g: TargetFactor) -> Double {
      if let value = known.first(where: { $0.0 == f && $0.1 == g })?.2 { return value }
      let (first, second) = (FactorFunction(f), FactorFunction(g))
      var sum = 0.0
      for (x, weight) in zip(points, weights) {
        sum += weight * (first.value(x) * second.value(x) + first.value(-x) * second.value(-x))
      }
      known.append((f, g, sum))
      return sum
    }
    var total = 0.0
    for (i, x) in terms.enumerated() {
      for (j, y) in terms[...i].enumerated() {
        var product = x.coefficient * y.coefficient
        for r in 0..<max(x.factors.count, y.factors.count) {
          product *= expectation(x.factor(r), y.factor(r))
        }
        total += (i == j ? 1 : 2) * product
      }
    }
    return total
  }
}
