import GSL

/// Evaluates the flow of any network by Gauss–Hermite quadrature over all the fields together.
///
/// N nodes on each of the n = p + k axes, Nⁿ in all, at most ``largestNodeCount``. For polynomials N makes
/// the answer exact. Elsewhere N is as large as the bound allows, up to 64, or 128 for ReLU, and `errorEstimate` is the
/// largest change of an expectation, relative to the largest one, from half as many nodes: of the order of
/// 1e-10 for tanh, sigmoid and softplus in two fields, 1e-3 for ReLU, whose kink quadrature does not like.
/// An evaluation costs Nⁿ (p² + n²) flops and p Nⁿ activations; a workspace belongs to one task.
final class QuadratureMoments: FlowMoments {
  /// The largest number of nodes an evaluation visits, some 20 ms.
  static let largestNodeCount = 300_000

  /// Nodes on each axis.
  let nodesPerAxis: Int
  private let model: Model
  private let function: ActivationFunction
  private let target: TargetFunction
  private let nodes: [Double]
  private let weights: [Double]
  private let memory: KernelMemory
  private let factor: UnsafeMutablePointer<Double>
  private let position: UnsafeMutablePointer<Double>
  private let fields: UnsafeMutablePointer<Double>
  private let values: UnsafeMutablePointer<Double>
  private let slopes: UnsafeMutablePointer<Double>
  private var digits: [Int]

  /// Throws `ParameterError` for `width` when too few nodes would fit.
  convenience init(model: Model) throws {
    try self.init(model: model, nodesPerAxis: try QuadratureMoments.nodesPerAxis(for: model))
  }

  init(model: Model, nodesPerAxis count: Int) throws {
    self.model = model
    nodesPerAxis = count
    function = ActivationFunction(model.activation)
    target = TargetFunction(model: model)
    (nodes, weights) = try gaussHermiteRule(count: count)
    let (p, n) = (model.width, model.fieldCount)
    memory = KernelMemory([n * n, n, n, p, p])
    factor = memory.take(n * n)
    position = memory.take(n)
    fields = memory.take(n)
    values = memory.take(p)
    slopes = memory.take(p)
    digits = Array(repeating: 0, count: n)
  }

  /// The number of nodes an axis: exact for polynomials, else as many as fit.
  ///
  /// ℰ²σ'σ' has degree 2 max(deg σ, deg g⋆) + 2(deg σ − 1), and ℰσ'λ has no more.
  static func nodesPerAxis(for model: Model) throws(ParameterError) -> Int {
    let n = model.fieldCount
    func fits(_ count: Int) -> Bool {
      var total = 1.0
      for _ in 0..<min(n, 64) { total *= Double(count) }
      return total <= Double(largestNodeCount)
    }
    let expected =
      "width + teacher-units of which a grid over all the fields has at most "
      + "\(largestNodeCount) nodes (fewer for the ODE; the exact chain knows no such bound)"
    if let student = model.activation.degree, let target = model.target.degree {
      let count = max(student, target) + student
      try ParameterError.require(
        fits(count), "width",
        "\(model.width) students and \(model.teacherUnits) teacher units at \(count) nodes an axis",
        expected)
      return count
    }
    // Smooth activations gain nothing beyond 64 nodes, kinks do.
    let hasKink = model.activation == .relu || model.target == .mean(.relu)
    let counts = (hasKink ? [128, 96] : []) + [64, 48, 32, 24, 16, 12]
    let count = counts.first(where: fits)
    guard let count else {
      throw ParameterError(
        key: "width", found: "\(model.width) students and \(model.teacherUnits) teacher units",
        expected: expected)
    }
    return count
  }

  func evaluate(
    gram: UnsafePointer<Double>, secondLayer: UnsafePointer<Double>, into output: FlowExpectations
  ) {
    let (p, n) = (model.width, model.fieldCount)
    let k = n - p
    // The teacher's axes come first, so that the target reads their coordinates as they are.
    for i in 0..<n {
      let row = i < k ? p + i : i - k
      for j in 0...i {
        factor[i * n + j] = gram[row * n + (j < k ? p + j : j - k)]
      }
    }
    factorSemidefinite(factor, order: n)
    output.clear()
    for i in 0..<n { digits[i] = 0 }
    let inverse = 1 / Double(p)
    var isDone = false
    while !isDone {
      var weight = 1.0
      for i in 0..<n {
        position[i] = nodes[digits[i]]
        weight *= weights[digits[i]]
      }
      // Nodes that together weigh nothing cost nothing.
      if weight > 1e-22 {
        for i in 0..<n {
          var sum = 0.0
          for j in 0...i { sum += factor[i * n + j] * position[j] }
          fields[i < k ? p + i : i - k] = sum
        }
        function.evaluate(fields, count: p, values: values, slopes: slopes)
        var student = 0.0
        for j in 0..<p { student += secondLayer[j] * values[j] }
        add(weight, error: target.value(position) - inverse * student, to: output)
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

  @inline(__always)
  private func add(_ weight: Double, error: Double, to output: FlowExpectations) {
    let (p, n) = (model.width, model.fieldCount)
    let square = weight * (error * error + model.labelNoise)
    for j in 0..<p {
      let pull = weight * error * slopes[j]
      for x in 0..<n { output.first[j * n + x] += pull * fields[x] }
      for l in 0..<p { output.second[j * p + l] += square * slopes[j] * slopes[l] }
      output.value[j] += weight * error * values[j]
    }
  }

  /// The largest change from half as many nodes, relative to the largest expectation, where students
  /// overlap by a third with all units; 0 for polynomials.
  static func errorEstimate(of model: Model) throws -> Double {
    if model.activation.degree != nil && model.target.degree != nil { return 0 }
    let count = try nodesPerAxis(for: model)
    let (p, k, n) = (model.width, model.teacherUnits, model.fieldCount)
    var gram = [Double](repeating: 0, count: n * n)
    for j in 0..<p {
      gram[j * n + j] = 1
      for l in 0..<j { (gram[j * n + l], gram[l * n + j]) = (0.2, 0.2) }
      for r in p..<n {
        let overlap = model.teacherOverlap(r - p, r - p).squareRoot() / (3 * Double(k))
        (gram[j * n + r], gram[r * n + j]) = (overlap, overlap)
      }
    }
    for r in p..<n { for s in p..<n { gram[r * n + s] = model.teacherOverlap(r - p, s - p) } }
    let (fine, coarse) = (FlowExpectations(model: model), FlowExpectations(model: model))
    for (points, output) in [(count, fine), (count / 2, coarse)] {
      try QuadratureMoments(model: model, nodesPerAxis: points)
        .evaluate(gram: gram, secondLayer: model.secondLayer, into: output)
    }
    var (change, size) = (0.0, 0.0)
    for i in 0..<(p * n) {
      change = max(change, abs(fine.first[i] - coarse.first[i]))
      size = max(size, abs(fine.first[i]))
    }
    for i in 0..<(p * p) {
      change = max(change, abs(fine.second[i] - coarse.second[i]))
      size = max(size, abs(fine.second[i]))
    }
    return change / size
  }
}
