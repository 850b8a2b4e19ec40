import Foundation

/// Holds the generative exponent of a target and says how it was found.
///
/// It is the smallest information exponent that a transformation T(y) of the labels can have: the smallest total
/// degree n of a Hermite product with E[He_α(λ⋆) | y] ≠ 0. Learners that see a sample twice, such as
/// repeated batches, are bound by it rather than by the information exponent.
/// Sources: Damian, Pillaud-Vivien, Lee, Bruna (2024), arXiv 2403.05529; Arnaboldi et al. (2024), arXiv 2405.15459.
public struct GenerativeExponent: Sendable, Equatable {
  /// The exponent; nil where it is not known.
  public let value: Int?
  /// How it was found, or why it is not known.
  public let how: String
}

extension Model {
  /// Finds the generative exponent of the target.
  ///
  /// A polynomial of one direction has 2 where it is even and 1 elsewhere. Else degrees n = 1, 2, … are gone through:
  /// a product He_α is none where flipping the signs of some directions leaves the labels as they are and turns its
  /// sign, and it is one where E[T(y)He_α] of some T of powers, cosine, sine and tanh, on a grid of
  /// half-range Gauss nodes, is above 1e-6 of its norm and stays when the grid is coarsened. Up to three directions
  /// and n = 8; a mean over independent units has that of one unit. Cost: at most a second.
  public func generativeExponent() throws -> GenerativeExponent {
    if case .mean(let activation) = target, teacherUnits > 1 {
      if teacherGram == nil {
        return try Model(
          dimension: 2, learningRate: 1, activation: self.activation, target: .mean(activation)
        ).generativeExponent()
      }
      guard activation.monomials != nil else {
        return GenerativeExponent(value: nil, how: "not known for correlated teacher units")
      }
    }
    let axes = try axisParities()
    if axes.directions.count == 1, let isEven = axes.isEvenPolynomial {
      return GenerativeExponent(
        value: isEven ? 2 : 1,
        how: "a polynomial of one direction, \(isEven ? "even" : "not even")")
    }
    guard axes.directions.count <= 3 else {
      return GenerativeExponent(
        value: nil, how: "not known for targets of more than three directions")
    }
    return try GenerativeSearch(self, axes).result()
  }

  /// What the terms do when directions change their signs.
  private func axisParities() throws -> AxisParities {
    switch target {
    case .mean(let activation) where teacherUnits == 1:
      return AxisParities(
        terms: [[(0, TargetFactor.activation(activation))]],
        isPolynomial: activation.monomials != nil)
    case .products(let terms) where target.degree == nil:
      return AxisParities(
        terms: terms.filter { $0.coefficient != 0 }.map(\.active), isPolynomial: false)
    case .mean, .products, .hermiteTerms:
      let terms = try orthonormalTerms()
      let largest = terms.map { abs($0.coefficient) }.max() ?? 0
      return AxisParities(
        terms: terms.filter { abs($0.coefficient) > 1e-12 * largest }.map { term in
          term.degrees.enumerated().filter { $1 > 0 }.map { ($0, .hermite(min($1, 8 - $1 % 2))) }
        }, isPolynomial: true)
    }
  }
}

/// The directions of a target and the flips of their signs that leave it as it is.
private struct AxisParities {
  /// The directions that matter.
  let directions: [Int]
  /// Whether a polynomial is even in all its directions together; nil where it is none.
  let isEvenPolynomial: Bool?
  /// Sets of places in `directions`, as bits.
  let flips: [Int]

  init(terms: [[(direction: Int, factor: TargetFactor)]], isPolynomial: Bool) {
    let directions = Set(terms.flatMap { $0.map(\.direction) }).sorted()
    self.directions = directions
    func keeps(_ flip: Int) -> Bool {
      terms.allSatisfy { term in
        let turned = term.filter { flip >> (directions.firstIndex(of: $0.direction) ?? 0) & 1 == 1 }
        return turned.allSatisfy { $0.factor.parity != .neither }
          && turned.count { $0.factor.parity == .odd } % 2 == 0
      }
    }
    flips = directions.count <= 3 ? (0..<(1 << directions.count)).filter(keeps) : []
    isEvenPolynomial =
      isPolynomial ? directions.count <= 3 && keeps((1 << min(directions.count, 3)) - 1) : nil
  }

  /// Whether E[He_α | y] = 0 by symmetry.
  func kills(_ degrees: [Int]) -> Bool {
    flips.contains { flip in
      degrees.indices.reduce(0) { $0 + (flip >> $1 & 1) * degrees[$1] } % 2 == 1
    }
  }
}

/// Looks for the smallest degree at which transformed labels meet a Hermite product.
private struct GenerativeSearch {
  private static let largestDegree = 8
  private let axes: AxisParities
  private let model: Model

  init(_ model: Model, _ axes: AxisParities) throws {
    (self.model, self.axes) = (model, axes)
  }

  func result() throws -> GenerativeExponent {
    let count = axes.directions.count
    let nodes = [0, 48, 28, 16][count]
    let (fine, coarse) = (
      try Labels(model, axes, nodes: nodes), try Labels(model, axes, nodes: nodes * 3 / 4)
    )
    var (isBySymmetry, isNextBySymmetry) = (true, true)
    for degree in 1...GenerativeSearch.largestDegree {
      for alpha in products(degree, axes: count) where !axes.kills(alpha) {
        for (value, other) in zip(fine.moments(alpha), coarse.moments(alpha))
        where abs(value) > 1e-6 && abs(value - other) < 0.1 * abs(value) {
          let below = isBySymmetry ? "vanish by symmetry" : "are below 1e-6"
          return GenerativeExponent(
            value: degree,
            how: "numerically, from moments of transformed labels"
              + (degree == 1 ? "" : "; those of lower degree \(below)"))
        }
        isNextBySymmetry = false
      }
      isBySymmetry = isNextBySymmetry
    }
    return GenerativeExponent(
      value: nil,
      how:
        "not known: no moment of transformed labels found up to degree \(GenerativeSearch.largestDegree)"
    )
  }

  private func products(_ degree: Int, axes: Int) -> [[Int]] {
    guard axes > 1 else { return [[degree]] }
    return (0...degree).flatMap { first in
      products(degree - first, axes: axes - 1).map { [first] + $0 }
    }
  }

  /// Transformed labels on a grid that is cut where fields are 0.
  private struct Labels {
    private let line: [(node: Double, weight: Double)]
    private let transformed: [[Double]]
    private let weights: [Double]
    private let digits: [[Int]]

    init(_ model: Model, _ axes: AxisParities, nodes: Int) throws {
      let half = try LineRule.radial(nodes, dimension: 1)
      let line = zip(half.nodes, half.weights).flatMap { [($0, $1), (-$0, $1)] }
      var digits: [[Int]] = [[]]
      for _ in axes.directions { digits = digits.flatMap { d in line.indices.map { d + [$0] } } }
      let function = TargetFunction(model: model)
      var point = [Double](repeating: 0, count: model.teacherUnits)
      var labels: [Double] = []
      var weights: [Double] = []
      for place in digits {
        var weight = 1.0
        for (direction, digit) in zip(axes.directions, place) {
          point[direction] = line[digit].0
          weight *= line[digit].1
        }
        labels.append(function.value(point))
        weights.append(weight)
      }
      let mean = zip(weights, labels).reduce(0) { $0 + $1.0 * $1.1 }
      let square = zip(weights, labels).reduce(0) { $0 + $1.0 * ($1.1 - mean) * ($1.1 - mean) }
      let scale = square > 0 ? 1 / square.squareRoot() : 0
      let units = labels.map { scale * ($0 - mean) }
      let functions: [(Double) -> Double] = [
        { $0 }, { $0 * $0 }, { tanh($0) }, { cos($0) }, { sin(2 * $0 + 1) }, { 1 / (1 + $0 * $0) },
      ]
      transformed = functions.map { function in
        let values = units.map(function)
        let norm = zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }.squareRoot()
        return values.map { norm > 0 ? $0 / norm : 0 }
      }
      self.line = line.map { ($0.0, $0.1) }
      (self.weights, self.digits) = (weights, digits)
    }

    /// E[T(y) He_α]/√(E T² Π α_r!) for every T.
    func moments(_ alpha: [Int]) -> [Double] {
      let tables = alpha.map { n in
        line.map { hermiteValues($0.node, upTo: max(n, 1))[n] / factorial(n).squareRoot() }
      }
      var sums = [Double](repeating: 0, count: transformed.count)
      for (i, place) in digits.enumerated() {
        var product = weights[i]
        for (table, digit) in zip(tables, place) { product *= table[digit] }
        for t in sums.indices { sums[t] += product * transformed[t][i] }
      }
      return sums
    }
  }
}
