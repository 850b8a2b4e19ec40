import Foundation

/// Spreads nodes over the directions of q-dimensional space, cut along planes through the origin.
///
/// A field that is a kink of ReLU, or over which a steep tanh turns, is smooth on either side of the plane
/// where it is 0. The sphere of directions is cut along these planes, and each piece has a Gauss rule of its
/// own: two points for q = 1; arcs for q = 2, any number of planes; for q ≥ 3 and q planes the 2^q cones
/// between them, halved at their longest edges until none is above ``largestEdge``, mapped from flat simplices
/// and these from cubes (Duffy 1982). Arcs that end at a plane with a layer, the angle over which an
/// activation turns, are graded towards it by factors of two. The weights add up to the sphere's area.
struct DirectionRule {
  /// A plane through the origin.
  struct Plane {
    /// Its normal, of length 1.
    var normal: [Double]
    /// The distance over which the integrand turns; nil for a kink.
    var layer: Double?
  }

  /// The longest edge of a piece, in radians.
  static let largestEdge = 1.7
  private static let largestPieceCount = 4096

  private(set) var weights: [Double] = []
  /// Unit vectors, one after the other.
  private(set) var directions: [Double] = []

  private let edge: LineRule
  private let graded: LineRule

  /// `edge` nodes along an edge of a piece; throws `GSLError`.
  init(edge count: Int) throws {
    edge = try .legendre(max(count, 1))
    graded = try .legendre(10)
  }

  /// Cuts the sphere anew; for `dimension` ≥ 3 there must be as many planes, linearly independent.
  mutating func cut(_ planes: [Plane], dimension q: Int) {
    weights.removeAll(keepingCapacity: true)
    directions.removeAll(keepingCapacity: true)
    switch q {
    case 1:
      weights = [1, 1]
      directions = [1, -1]
    case 2: cutCircle(planes)
    default: cutSphere(planes, q)
    }
  }

  // MARK: The circle

  private mutating func cutCircle(_ planes: [Plane]) {
    var lines = planes.map { plane -> (angle: Double, layer: Double?) in
      var angle = atan2(plane.normal[1], plane.normal[0]) + 0.5 * Double.pi
      while angle < 0 { angle += Double.pi }
      while angle >= Double.pi { angle -= Double.pi }
      return (angle, plane.layer)
    }
    lines.sort { $0.angle < $1.angle }
    lines += lines.map { ($0.angle + Double.pi, $0.layer) }
    lines.append((lines[0].angle + 2 * Double.pi, lines[0].layer))
    for (from, to) in zip(lines, lines.dropFirst()) where to.angle > from.angle {
      addArc(from, to)
    }
  }

  private mutating func addArc(
    _ from: (angle: Double, layer: Double?), _ to: (angle: Double, layer: Double?)
  ) {
    guard from.layer != nil || to.layer != nil else {
      let pieces = ((to.angle - from.angle) / DirectionRule.largestEdge).rounded(.up)
      let length = (to.angle - from.angle) / pieces
      for piece in 0..<Int(pieces) {
        addArc(start: from.angle + Double(piece) * length, length: length, edge)
      }
      return
    }
    let middle = 0.5 * (from.angle + to.angle)
    addGraded(from.angle, towards: middle, from.layer)
    addGraded(to.angle, towards: middle, to.layer)
  }

  /// Panels that double in length from `end` to `middle`, the first a quarter of the layer.
  private mutating func addGraded(_ end: Double, towards middle: Double, _ layer: Double?) {
    let reach = abs(middle - end)
    let side = middle > end ? 1.0 : -1.0
    var (start, next) = (0.0, min(0.25 * (layer ?? 4 * reach), reach))
    while start < reach {
      if next > 0.75 * reach { next = reach }
      let low = side > 0 ? end + start : end - next
      addArc(start: low, length: next - start, graded)
      (start, next) = (next, 2 * next)
    }
  }

  private mutating func addArc(start: Double, length: Double, _ rule: LineRule) {
    for (node, weight) in zip(rule.nodes, rule.weights) {
      let angle = start + length * node
      directions.append(cos(angle))
      directions.append(sin(angle))
      weights.append(length * weight)
    }
  }

  // MARK: Spheres

  private mutating func cutSphere(_ planes: [Plane], _ q: Int) {
    let edges = DirectionRule.edges(planes, q)
    for signs in 0..<(1 << q) {
      var pieces = [
        (0..<q).flatMap { i in edges[i].map { signs & (1 << i) == 0 ? $0 : -$0 } }
      ]
      var count = 1
      while let piece = pieces.popLast() {
        if count < DirectionRule.largestPieceCount, let (i, j) = longestEdge(piece, q) {
          var middle = (0..<q).map { piece[i * q + $0] + piece[j * q + $0] }
          let length = middle.reduce(0) { $0 + $1 * $1 }.squareRoot()
          for a in 0..<q { middle[a] /= length }
          for replaced in [i, j] {
            var half = piece
            for a in 0..<q { half[replaced * q + a] = middle[a] }
            pieces.append(half)
          }
          count += 1
        } else {
          addPiece(piece, q)
        }
      }
    }
  }

  /// The unit vectors along the edges of the cone on the positive side of all planes: edge i lies on all
  /// planes but the i-th. Normals are triangular, so that thin cones keep their accuracy.
  private static func edges(_ planes: [Plane], _ q: Int) -> [[Double]] {
    (0..<q).map { i in
      var x = [Double](repeating: 0, count: q)
      for row in i..<q {
        var sum = row == i ? 1.0 : 0.0
        for a in i..<max(row, i) { sum -= planes[row].normal[a] * x[a] }
        x[row] = sum / planes[row].normal[row]
      }
      let length = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return x.map { $0 / length }
    }
  }

  private func longestEdge(_ piece: [Double], _ q: Int) -> (Int, Int)? {
    var (smallest, pair) = (cos(DirectionRule.largestEdge), nil as (Int, Int)?)
    for i in 0..<q {
      for j in 0..<i {
        var cosine = 0.0
        for a in 0..<q { cosine += piece[i * q + a] * piece[j * q + a] }
        if cosine < smallest { (smallest, pair) = (cosine, (i, j)) }
      }
    }
    return pair
  }

  /// Nodes of one piece: x = Σ t_i v_i over its corners v, whose solid angle is |det V|/|x|^q dt.
  private mutating func addPiece(_ corners: [Double], _ q: Int) {
    let volume = abs(determinant(corners, q))
    guard volume > 0 else { return }
    var digits = [Int](repeating: 0, count: q - 1)
    var shares = [Double](repeating: 0, count: q)
    let count = edge.nodes.count
    while true {
      var (weight, rest) = (volume, 1.0)
      for (axis, digit) in digits.enumerated() {
        let u = edge.nodes[digit]
        weight *= edge.weights[digit]
        for _ in 0..<(q - 2 - axis) { weight *= u }
        shares[axis] = rest * (1 - u)
        rest *= u
      }
      shares[q - 1] = rest
      var (x, square) = ([Double](repeating: 0, count: q), 0.0)
      for a in 0..<q {
        for i in 0..<q { x[a] += shares[i] * corners[i * q + a] }
        square += x[a] * x[a]
      }
      let length = square.squareRoot()
      for a in 0..<q {
        directions.append(x[a] / length)
        weight /= length
      }
      weights.append(weight)
      guard let axis = digits.firstIndex(where: { $0 + 1 < count }) else { return }
      digits[axis] += 1
      for lower in 0..<axis { digits[lower] = 0 }
    }
  }
}

/// The determinant of a q×q matrix, by elimination with partial pivoting.
private func determinant(_ entries: [Double], _ q: Int) -> Double {
  var (m, result) = (entries, 1.0)
  for column in 0..<q {
    let pivot = (column..<q).max { abs(m[$0 * q + column]) < abs(m[$1 * q + column]) } ?? column
    if m[pivot * q + column] == 0 { return 0 }
    if pivot != column {
      for a in 0..<q { m.swapAt(pivot * q + a, column * q + a) }
      result = -result
    }
    result *= m[column * q + column]
    for row in (column + 1)..<max(q, column + 1) {
      let factor = m[row * q + column] / m[column * q + column]
      for a in column..<q { m[row * q + a] -= factor * m[column * q + a] }
    }
  }
  return result
}
