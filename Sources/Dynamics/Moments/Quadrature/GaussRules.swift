import Foundation
import GSL

/// Holds nodes and weights of a quadrature rule on a line.
struct LineRule: Sendable {
  let nodes: [Double]
  let weights: [Double]

  /// The Gauss rule of a weight whose monic orthogonal polynomials have these recurrence coefficients.
  ///
  /// `products` are β_1 … β_{n−1}. Throws `GSLError`. Source: Golub and Welsch (1969).
  private init(centers: [Double], products: [Double], mass: Double) throws {
    let count = centers.count
    var matrix = Matrix(rows: count, columns: count, repeating: 0)
    for i in 0..<count {
      matrix[i, i] = centers[i]
      guard i > 0 else { continue }
      matrix[i, i - 1] = products[i - 1].squareRoot()
      matrix[i - 1, i] = matrix[i, i - 1]
    }
    let (values, vectors) = try symmetricEigensystem(of: matrix)
    nodes = values
    weights = (0..<count).map { mass * vectors[0, $0] * vectors[0, $0] }
  }

  /// Gauss–Legendre on [0, 1], exact to degree 2 `count` − 1.
  static func legendre(_ count: Int) throws -> LineRule {
    try LineRule(
      centers: Array(repeating: 0.5, count: count),
      products: (1..<max(count, 1)).map {
        let square = Double($0 * $0)
        return 0.25 * square / (4 * square - 1)
      }, mass: 1)
  }

  /// Gauss on [0, ∞) for the radius of q standard normals along one direction,
  /// r^{q−1} exp(−r²/2)/(2π)^{q/2}; exact to degree 2 `count` − 1, odd powers included.
  ///
  /// Recurrence coefficients by Stieltjes' procedure on a fine rule. Source: Gautschi (2004), Orthogonal
  /// Polynomials, section 2.2.
  static func radial(_ count: Int, dimension q: Int) throws -> LineRule {
    let panel = try legendre(20)
    let (panels, reach) = (120, 48.0)
    var (points, shares): ([Double], [Double]) = ([], [])
    for index in 0..<panels {
      for (node, weight) in zip(panel.nodes, panel.weights) {
        let r = reach * (Double(index) + node) / Double(panels)
        points.append(r)
        shares.append(weight * reach / Double(panels) * radialDensity(r, dimension: q))
      }
    }
    let mass = shares.reduce(0, +)
    // Orthonormal values at the points, so that nothing overflows.
    var previous = [Double](repeating: 0, count: points.count)
    var current = [Double](repeating: 1 / mass.squareRoot(), count: points.count)
    var (centers, products): ([Double], [Double]) = ([], [])
    var root = 0.0
    for n in 0..<count {
      var center = 0.0
      for i in points.indices { center += shares[i] * points[i] * current[i] * current[i] }
      centers.append(center)
      guard n + 1 < count else { break }
      var square = 0.0
      for i in points.indices {
        let next = (points[i] - center) * current[i] - root * previous[i]
        (previous[i], current[i]) = (current[i], next)
        square += shares[i] * next * next
      }
      products.append(square)
      root = square.squareRoot()
      for i in points.indices { current[i] /= root }
    }
    return try LineRule(centers: centers, products: products, mass: mass)
  }
}

/// r^{q−1} exp(−r²/2)/(2π)^{q/2}.
func radialDensity(_ r: Double, dimension q: Int) -> Double {
  var density = exp(-0.5 * r * r) / (2 * Double.pi).squareRoot()
  for _ in 1..<max(q, 1) { density *= r / (2 * Double.pi).squareRoot() }
  return density
}
