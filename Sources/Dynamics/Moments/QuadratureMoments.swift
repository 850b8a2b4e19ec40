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
  private let grid: FieldGrid
  private let memory: KernelMemory
  private let values: UnsafeMutablePointer<Double>
  private let slopes: UnsafeMutablePointer<Double>

  /// Throws `ParameterError` for `width` when too few nodes would fit.
  convenience init(model: Model) throws {
    try self.init(model: model, nodesPerAxis: try QuadratureMoments.nodesPerAxis(for: model))
  }

  init(model: Model, nodesPerAxis count: Int) throws {
    self.model = model
    nodesPerAxis = count
    function = ActivationFunction(model.activation)
    target = TargetFunction(model: model)
    grid = try FieldGrid(model: model, nodesPerAxis: count)
    memory = KernelMemory([model.width, model.width])
    values = memory.take(model.width)
    slopes = memory.take(model.width)
  }

  /// The number of nodes an axis: exact for polynomials, else as many as fit.
  ///
  /// ℰ²σ'σ' has degree 2 max(deg σ, deg g⋆) + 2(deg σ − 1), and ℰσ'λ has no more.
  static func nodesPerAxis(for model: Model) throws(ParameterError) -> Int {
    func fits(_ count: Int) -> Bool {
      FieldGrid.nodeCount(model, nodesPerAxis: count) <= Double(largestNodeCount)
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
    grid.factorCovariance { row, column in
      gram[(row < k ? p + row : row - k) * n + (column < k ? p + column : column - k)]
    }
    output.clear()
    let inverse = 1 / Double(p)
    grid.forEachNode { weight in
      function.evaluate(grid.fields, count: p, values: values, slopes: slopes)
      var student = 0.0
      for j in 0..<p { student += secondLayer[j] * values[j] }
      add(weight, error: target.value(grid.position) - inverse * student, to: output)
    }
  }

  @inline(__always)
  private func add(_ weight: Double, error: Double, to output: FlowExpectations) {
    let (p, n) = (model.width, model.fieldCount)
    let fields = grid.fields
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
    let (p, n, layout) = (model.width, model.fieldCount, model.layout)
    let state = model.ordinaryState
    var gram = [Double](repeating: 0, count: n * n)
    for j in 0..<p {
      for l in 0..<p { gram[j * n + l] = state[layout.studentOverlap(j, l)] }
      for r in p..<n {
        let overlap = state[layout.teacherOverlap(j, r - p)]
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
