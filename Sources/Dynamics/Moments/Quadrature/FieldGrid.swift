import GSL

/// Walks a grid of nodes over all the fields of a network, cut along the kinks of its activations.
///
/// The n = p + k fields are L g with g standard normal and L Lᵀ = Ω. L takes the teacher's axes first, so
/// that a target reads their coordinates in g as they are. Without kinks the grid has Gauss–Hermite nodes on
/// every axis, `axis` of them, in all their n-th power.
///
/// Fields with a kink (ReLU), and fields over which a step or ramp (erf, tanh, sigmoid, softplus) turns within
/// few standard deviations (``SteepLimits``), are cut: g is turned so that the q-dimensional span of
/// those fields comes first, whose directions are those of ``DirectionRule`` and whose radius has a half-range
/// Gauss rule; the n − q axes left keep Gauss–Hermite nodes. For ReLU and polynomials the sum is then exact
/// but for the angles. A workspace belongs to one task; a walk allocates nothing, a cut a little.
final class FieldGrid {
  /// The numbers of nodes.
  struct Rule: Sendable, Equatable {
    /// Nodes on an axis or a radius.
    let axis: Int
    /// Nodes along an edge of a piece between kinks; 0 leaves kinks uncut.
    let edge: Int

    /// A coarser rule, the distance from which tells the error.
    func coarser(by share: Double, keepsAxis: Bool) -> Rule {
      func fewer(_ count: Int) -> Int { count > 1 ? max(1, Int(share * Double(count))) : count }
      return Rule(axis: keepsAxis ? axis : fewer(axis), edge: fewer(edge))
    }
  }

  /// g at the node visited, the teacher's axes first.
  let position: UnsafeMutablePointer<Double>
  /// The fields at the node visited, students first.
  let fields: UnsafeMutablePointer<Double>

  /// The most fields that are cut.
  static let largestCutCount = 4
  /// When steps and ramps are steep: where they turn over fewer standard deviations of their field than
  /// `breadth`, as long as the nodes are not above `count`.
  struct SteepLimits: Sendable {
    let breadth: Double
    let count: Double
  }

  private let width: Int
  private let fieldCount: Int
  private let nodesPerAxis: Int
  private let nodes: [Double]
  private let weights: [Double]
  private let memory: KernelMemory
  private let factor: UnsafeMutablePointer<Double>
  private var digits: [Int]

  /// The breadth of the step or ramp of each field, in the factor's order: 0 for a kink, nil for polynomials.
  private let breadths: [Double?]
  private let isCut: Bool
  private let limits: SteepLimits
  private var directionRule: DirectionRule
  private let radialRules: [LineRule]
  private let panel: LineRule
  private let rotation: UnsafeMutablePointer<Double>
  private let turned: UnsafeMutablePointer<Double>
  private let point: UnsafeMutablePointer<Double>
  /// The dimension q of what is cut at this covariance; 0 for the plain grid.
  private var cutDimension = 0
  private var radii: [Double] = []
  private var radiusWeights: [Double] = []

  /// Throws `GSLError`.
  init(model: Model, rule: Rule, limits: SteepLimits) throws {
    let n = model.fieldCount
    self.limits = limits
    width = model.width
    fieldCount = n
    nodesPerAxis = rule.axis
    (nodes, weights) = try gaussHermiteRule(count: rule.axis)
    memory = KernelMemory([n * n, n, n, n * n, n * n, n])
    factor = memory.take(n * n)
    position = memory.take(n)
    fields = memory.take(n)
    rotation = memory.take(n * n)
    turned = memory.take(n * n)
    point = memory.take(n)
    digits = Array(repeating: 0, count: n)
    breadths = FieldGrid.breadths(model)
    isCut = rule.edge > 0
    directionRule = try DirectionRule(edge: rule.edge)
    let kinks = breadths.count { $0 == 0 }
    radialRules =
      isCut && kinks > 0
      ? try (1...min(kinks, FieldGrid.largestCutCount)).map {
        try LineRule.radial(rule.axis, dimension: $0)
      } : []
    panel = try .legendre(12)
  }

  private static func breadths(_ model: Model) -> [Double?] {
    func breadth(_ activation: Activation) -> Double? { SmoothedStep(activation)?.breadth }
    return (0..<model.teacherUnits).map { model.target.breadth($0) }
      + Array(repeating: breadth(model.activation), count: model.width)
  }

  /// Rules for a model with kinks, the coarsest first; `exactAxis` nodes are exact along a radius and an axis
  /// where all is ReLU and polynomials.
  static func rules(for model: Model, exactAxis: Int?) -> [Rule] {
    let kinks = kinkCount(model)
    guard (1...largestCutCount).contains(kinks) else { return [] }
    if let exactAxis {
      switch kinks {
      case 1: return [Rule(axis: exactAxis, edge: 1)]
      case 2: return [Rule(axis: exactAxis, edge: 12 + 2 * exactAxis)]
      default: return [4, 5, 6, 8, 10, 12, 16].map { Rule(axis: exactAxis, edge: $0) }
      }
    }
    return [12, 16, 24, 32, 48, 64].map { axis in
      Rule(axis: axis, edge: kinks == 1 ? 1 : kinks == 2 ? min(axis + 4, 28) : max(4, axis / 3))
    }
  }

  /// The number of fields with a kink.
  static func kinkCount(_ model: Model) -> Int { breadths(model).count { $0 == 0 } }

  /// The nodes of a plain grid.
  static func nodeCount(_ model: Model, nodesPerAxis: Int) -> Double {
    var total = 1.0
    for _ in 0..<min(model.fieldCount, 64) { total *= Double(nodesPerAxis) }
    return total
  }

  /// The nodes of a grid at an ordinary state; throws `GSLError`.
  static func nodeCount(_ model: Model, rule: Rule) throws -> Double {
    guard rule.edge > 0, kinkCount(model) > 0 else {
      return nodeCount(model, nodesPerAxis: rule.axis)
    }
    let grid = try FieldGrid(
      model: model, rule: rule, limits: SteepLimits(breadth: .leastNonzeroMagnitude, count: 0))
    grid.factorCovariance(of: model, at: model.ordinaryState)
    return grid.nodeCount
  }

  /// The nodes at the covariance factored last.
  private var nodeCount: Double {
    var total = cutDimension > 0 ? Double(directionRule.weights.count * radii.count) : 1
    for _ in cutDimension..<min(fieldCount, cutDimension + 64) { total *= Double(nodesPerAxis) }
    return total
  }

  /// Factors Ω at a state, M and Q in the order of ``OverlapLayout``.
  @inline(__always)
  func factorCovariance(of model: Model, at state: UnsafePointer<Double>) {
    let (k, layout) = (fieldCount - width, model.layout)
    factorCovariance { row, column in
      if row < k { return model.teacherOverlap(row, column) }
      return column < k
        ? state[layout.teacherOverlap(row - k, column)]
        : state[layout.studentOverlap(row - k, column - k)]
    }
  }

  /// Factors Ω, given by its entries for `row` ≥ `column`, teacher units before students.
  @inline(__always)
  func factorCovariance(_ covariance: (_ row: Int, _ column: Int) -> Double) {
    for row in 0..<fieldCount {
      for column in 0...row { factor[row * fieldCount + column] = covariance(row, column) }
    }
    factorSemidefinite(factor, order: fieldCount)
    if isCut { cut() }
  }

  /// Visits every node with its weight; those that together weigh nothing cost nothing.
  @inline(__always)
  func forEachNode(_ visit: (_ weight: Double) -> Void) {
    if cutDimension > 0 { walkPieces(visit) } else { walkAxes(visit) }
  }

  @inline(__always)
  private func walkAxes(_ visit: (_ weight: Double) -> Void) {
    let (p, n) = (width, fieldCount)
    let k = n - p
    for i in 0..<n { digits[i] = 0 }
    var isDone = false
    while !isDone {
      var weight = 1.0
      for i in 0..<n {
        position[i] = nodes[digits[i]]
        weight *= weights[digits[i]]
      }
      if weight > 1e-22 {
        for i in 0..<n {
          var sum = 0.0
          for j in 0...i { sum += factor[i * n + j] * position[j] }
          fields[i < k ? p + i : i - k] = sum
        }
        visit(weight)
      }
      isDone = !nextNode(from: 0)
    }
  }

  /// Moves to the next node of the axes from `first` on; false after the last.
  @inline(__always)
  private func nextNode(from first: Int) -> Bool {
    for i in first..<fieldCount {
      digits[i] += 1
      if digits[i] < nodesPerAxis { return true }
      digits[i] = 0
    }
    return false
  }

  @inline(__always)
  private func walkPieces(_ visit: (_ weight: Double) -> Void) {
    let (p, n, q) = (width, fieldCount, cutDimension)
    let k = n - p
    for i in 0..<n { digits[i] = 0 }
    for (index, share) in directionRule.weights.enumerated() {
      for (radius, radiusWeight) in zip(radii, radiusWeights) where share * radiusWeight > 1e-22 {
        for j in 0..<q { point[j] = radius * directionRule.directions[index * q + j] }
        repeat {
          var weight = share * radiusWeight
          for j in q..<n {
            weight *= weights[digits[j]]
            point[j] = nodes[digits[j]]
          }
          if weight > 1e-22 {
            for i in 0..<n {
              var (field, place) = (0.0, 0.0)
              for j in 0..<n {
                field += turned[i * n + j] * point[j]
                place += rotation[i * n + j] * point[j]
              }
              fields[i < k ? p + i : i - k] = field
              position[i] = place
            }
            visit(weight)
          }
        } while nextNode(from: q)
      }
    }
  }

  // MARK: Cuts

  /// Finds what is to be cut at the covariance factored last, and turns g to it: all kinks, and of the steep
  /// fields the steepest, up to two, for which the nodes do not become too many.
  private func cut() {
    cutDimension = 0
    var (kinks, steep): ([DirectionRule.Plane], [DirectionRule.Plane]) = ([], [])
    let n = fieldCount
    for i in 0..<n {
      guard let breadth = breadths[i] else { continue }
      var square = 0.0
      for j in 0...i { square += factor[i * n + j] * factor[i * n + j] }
      let length = square.squareRoot()
      // Neither 0 nor what is not a number.
      guard length > 0, length < .infinity else { continue }
      let layer = breadth / length
      guard layer < limits.breadth else { continue }
      let normal = (0..<n).map { $0 <= i ? factor[i * n + $0] / length : 0 }
      if breadth == 0 {
        kinks.append(DirectionRule.Plane(normal: normal, layer: nil))
      } else {
        steep.append(DirectionRule.Plane(normal: normal, layer: layer))
      }
    }
    guard kinks.count <= FieldGrid.largestCutCount else { return }
    steep.sort { ($0.layer ?? 0) < ($1.layer ?? 0) }
    for count in (0...min(steep.count, 2)).reversed() {
      if cut(kinks + steep.prefix(count), smallestLayer: count > 0 ? steep[0].layer : nil) {
        return
      }
    }
  }

  /// Whether a cut along these planes was made.
  private func cut(_ given: [DirectionRule.Plane], smallestLayer: Double?) -> Bool {
    if given.isEmpty { return false }
    let n = fieldCount
    var planes = given
    let dimension = turn(&planes)
    if smallestLayer != nil, dimension > 2 { return false }
    directionRule.cut(planes, dimension: dimension)
    cutDimension = dimension
    if let smallestLayer {
      gradeRadii(smallestLayer)
      if nodeCount > limits.count {
        cutDimension = 0
        return false
      }
    } else {
      let rule = radialRules[dimension - 1]
      (radii, radiusWeights) = (rule.nodes, rule.weights)
    }
    for i in 0..<n {
      for j in 0..<n {
        var sum = 0.0
        for a in 0...i { sum += factor[i * n + a] * rotation[a * n + j] }
        turned[i * n + j] = sum
      }
    }
    return true
  }

  /// Turns g so that the planes' normals lie in its first axes, writes them in these coordinates and returns
  /// how many axes they take.
  ///
  /// Of three or more axes every plane takes one of its own: a normal that depends on the others is moved by
  /// 1e-7, which moves the integral by as much at most.
  private func turn(_ planes: inout [DirectionRule.Plane]) -> Int {
    let n = fieldCount
    var basis: [[Double]] = []
    /// What is left of a vector beside the basis, and its coordinates there.
    func split(_ vector: [Double]) -> (rest: [Double], coordinates: [Double]) {
      var (rest, coordinates) = (vector, [Double](repeating: 0, count: basis.count))
      for _ in 0..<2 {
        for (b, axis) in basis.enumerated() {
          let part = zip(axis, rest).reduce(0) { $0 + $1.0 * $1.1 }
          coordinates[b] += part
          for a in 0..<n { rest[a] -= part * axis[a] }
        }
      }
      return (rest, coordinates)
    }
    func append(_ rest: [Double]) -> Double {
      let length = rest.reduce(0) { $0 + $1 * $1 }.squareRoot()
      basis.append(rest.map { $0 / length })
      return length
    }
    /// The unit vector that is farthest from the basis.
    func appendAny() {
      let rests = (0..<n).map { a in split((0..<n).map { $0 == a ? 1 : 0 }).rest }
      let sizes = rests.map { $0.reduce(0) { $0 + $1 * $1 } }
      _ = append(rests[sizes.indices.max { sizes[$0] < sizes[$1] } ?? 0])
    }
    var dependent: [Int] = []
    var order: [Int] = []
    for i in planes.indices {
      var (rest, coordinates) = split(planes[i].normal)
      if rest.reduce(0, { $0 + $1 * $1 }) > 1e-18 {
        coordinates.append(append(rest))
        order.append(i)
      } else {
        dependent.append(i)
      }
      planes[i].normal = coordinates
    }
    if basis.count > 2 {
      for i in dependent {
        appendAny()
        let zeros = [Double](repeating: 0, count: basis.count - 1 - planes[i].normal.count)
        planes[i].normal += zeros + [1e-7]
      }
      planes = (order + dependent).map { planes[$0] }
    }
    let dimension = basis.count
    for i in planes.indices {
      planes[i].normal += [Double](repeating: 0, count: dimension - planes[i].normal.count)
    }
    while basis.count < n { appendAny() }
    for (j, axis) in basis.enumerated() {
      for a in 0..<n { rotation[a * n + j] = axis[a] }
    }
    return dimension
  }

  /// Radii on panels that double in length from the layer on.
  private func gradeRadii(_ layer: Double) {
    radii.removeAll(keepingCapacity: true)
    radiusWeights.removeAll(keepingCapacity: true)
    var (start, next) = (0.0, layer)
    var ends: [Double] = []
    while next < 0.75 {
      ends.append(next)
      next *= 2
    }
    for end in ends + [1.5, 3, 5, 8, 12] {
      for (node, weight) in zip(panel.nodes, panel.weights) {
        let r = start + (end - start) * node
        radii.append(r)
        radiusWeights.append((end - start) * weight * radialDensity(r, dimension: cutDimension))
      }
      start = end
    }
  }
}
