import GSL

/// Walks a grid of Gauss–Hermite nodes over all the fields of a network.
///
/// The n = p + k fields are L g with g standard normal and L Lᵀ = Ω. L takes the teacher's axes first, so
/// that a target reads their coordinates in g as they are. Nodes on an axis: `nodesPerAxis`, in all their
/// n-th power. A workspace belongs to one task; a walk allocates nothing.
final class FieldGrid {
  /// g at the node visited, the teacher's axes first.
  let position: UnsafeMutablePointer<Double>
  /// The fields at the node visited, students first.
  let fields: UnsafeMutablePointer<Double>

  private let width: Int
  private let fieldCount: Int
  private let nodesPerAxis: Int
  private let nodes: [Double]
  private let weights: [Double]
  private let memory: KernelMemory
  private let factor: UnsafeMutablePointer<Double>
  private var digits: [Int]

  init(model: Model, nodesPerAxis: Int) throws {
    let n = model.fieldCount
    width = model.width
    fieldCount = n
    self.nodesPerAxis = nodesPerAxis
    (nodes, weights) = try gaussHermiteRule(count: nodesPerAxis)
    memory = KernelMemory([n * n, n, n])
    factor = memory.take(n * n)
    position = memory.take(n)
    fields = memory.take(n)
    digits = Array(repeating: 0, count: n)
  }

  /// The nodes of a grid.
  static func nodeCount(_ model: Model, nodesPerAxis: Int) -> Double {
    var total = 1.0
    for _ in 0..<min(model.fieldCount, 64) { total *= Double(nodesPerAxis) }
    return total
  }

  /// Factors Ω, given by its entries for `row` ≥ `column`, teacher units before students.
  @inline(__always)
  func factorCovariance(_ covariance: (_ row: Int, _ column: Int) -> Double) {
    for row in 0..<fieldCount {
      for column in 0...row { factor[row * fieldCount + column] = covariance(row, column) }
    }
    factorSemidefinite(factor, order: fieldCount)
  }

  /// Visits every node with its weight; those that together weigh nothing cost nothing.
  @inline(__always)
  func forEachNode(_ visit: (_ weight: Double) -> Void) {
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
      isDone = true
      for i in 0..<n {
        digits[i] += 1
        if digits[i] < nodesPerAxis {
          isDone = false
          break
        }
        digits[i] = 0
      }
    }
  }
}
