import GSL

/// Evaluates the flow of any network by quadrature over all the fields together, on a ``FieldGrid``.
///
/// At most ``largestNodeCount`` nodes where nothing is steep. For polynomials the answer is exact, for ReLU with
/// ReLU or polynomials in up to two kinked fields exact to rounding. Elsewhere nodes are as many as the bound
/// allows, up to 64 an axis, and `errorEstimate` is the largest change of an expectation from fewer nodes,
/// relative to the largest one: of the order of 1e-10 for tanh, sigmoid and softplus in two fields.
/// An evaluation of N nodes costs N (p² + n²) flops and p N activations; a workspace belongs to one task.
final class QuadratureMoments: FlowMoments {
  /// The largest number of nodes an evaluation visits, some 20 ms.
  static let largestNodeCount = 300_000

  /// The largest number where activations are steep, some 150 ms.
  static let largestSteepCount = 2_500_000

  /// The numbers of nodes.
  let rule: FieldGrid.Rule
  private let model: Model
  private let function: ActivationFunction
  /// What pushes at moved fields, and the label's noise with it.
  private let samplePush: SamplePush?
  private let errorNodes: [Double]
  private let errorWeights: [Double]
  private let target: TargetFunction
  private let grid: FieldGrid
  private let memory: KernelMemory
  private let values: UnsafeMutablePointer<Double>
  private let slopes: UnsafeMutablePointer<Double>

  /// Throws `ParameterError` for `width` when too few nodes would fit.
  convenience init(model: Model) throws {
    try self.init(model: model, rule: try QuadratureMoments.rule(for: model))
  }

  convenience init(model: Model, nodesPerAxis count: Int) throws {
    try self.init(model: model, rule: FieldGrid.Rule(axis: count, edge: 0))
  }

  init(model: Model, rule: FieldGrid.Rule) throws {
    self.model = model
    self.rule = rule
    function = ActivationFunction(model.activation)
    samplePush = model.movesFields ? SamplePush(model: model) : nil
    (errorNodes, errorWeights) = try gaussHermiteRule(
      count: model.movesFields ? model.noiseNodes(power: 2) : 1)
    target = TargetFunction(model: model)
    grid = try FieldGrid(
      model: model, rule: rule,
      limits: FieldGrid.SteepLimits(
        breadth: model.fieldCount == 2 ? 1.6 : 0.95, count: Double(Self.largestSteepCount)))
    memory = KernelMemory([model.width, model.width])
    values = memory.take(model.width)
    slopes = memory.take(model.width)
  }

  /// The number of nodes an axis of a plain grid: exact for polynomials, else as many as fit.
  ///
  /// v_jv_l has twice the degree of the push, max(deg σ, deg g⋆) + deg σ − 1 on one sample by the squared loss, and
  /// v_jλ has no more.
  static func nodesPerAxis(for model: Model) throws(ParameterError) -> Int {
    func fits(_ count: Int) -> Bool {
      FieldGrid.nodeCount(model, nodesPerAxis: count) <= Double(largestNodeCount)
    }
    let expected =
      "width + teacher-units of which a grid over all the fields has at most "
      + "\(largestNodeCount) nodes (fewer for the ODE; the exact chain knows no such bound)"
    if let count = exactNodes(model), !model.movesFields || fits(count) {
      try ParameterError.require(
        fits(count), "width",
        "\(model.width) students and \(model.teacherUnits) teacher units at \(count) nodes an axis",
        expected)
      return count
    }
    // Smooth activations gain nothing beyond 64 nodes; kinks that are not cut do.
    let counts = (FieldGrid.kinkCount(model) > 0 ? [128, 96] : []) + [64, 48, 32, 24, 16, 12]
    let count = counts.first(where: fits)
    guard let count else {
      throw ParameterError(
        key: "width", found: "\(model.width) students and \(model.teacherUnits) teacher units",
        expected: expected)
    }
    return count
  }

  /// The number of nodes an axis that is exact for polynomials, nil elsewhere.
  private static func exactNodes(_ model: Model) -> Int? {
    guard let student = model.activation.degree, let target = model.target.degree else {
      return nil
    }
    return model.pushDegree(student: student, target: target) + 1
  }

  var hasWholePushes: Bool { samplePush != nil }

  func take(learningRate: Double) { samplePush?.learningRate = learningRate }

  func evaluate(
    gram: UnsafePointer<Double>, secondLayer: UnsafePointer<Double>, into output: FlowExpectations
  ) {
    let (p, n) = (model.width, model.fieldCount)
    let k = n - p
    grid.factorCovariance { row, column in
      gram[(row < k ? p + row : row - k) * n + (column < k ? p + column : column - k)]
    }
    output.clear()
    let inverse = model.rule.loss == .square ? 1 / Double(p) : 0
    let deviation = model.labelNoise.squareRoot()
    if let samplePush {
      return grid.forEachNode { weight in
        let label = target.value(grid.position)
        for (node, share) in zip(errorNodes, errorWeights) {
          samplePush.evaluate(
            fields: grid.fields, label: label + deviation * node, secondLayer: secondLayer)
          add(weight * share, samplePush, to: output)
        }
      }
    }
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

  private func add(_ weight: Double, _ push: SamplePush, to output: FlowExpectations) {
    let (p, n) = (model.width, model.fieldCount)
    for j in 0..<p {
      let pull = weight * push.pushes[j]
      for x in 0..<n { output.first[j * n + x] += pull * grid.fields[x] }
      for l in 0..<p { output.second[j * p + l] += pull * push.pushes[l] }
      output.value[j] += weight * push.layerPushes[j]
    }
  }

  /// The numbers of nodes: exact where that is possible, else the fewest with kinks cut whose error estimate is
  /// below 1e-9 or as many as fit; where none fits, a plain grid across the kinks.
  ///
  /// Throws `ParameterError` for `width` beyond quadrature's reach, `GSLError`.
  static func rule(for model: Model) throws -> FieldGrid.Rule {
    let plain = try nodesPerAxis(for: model)
    guard FieldGrid.kinkCount(model) > 0 else {
      return FieldGrid.Rule(axis: plain, edge: model.hasPolynomialPieces ? 0 : 1)
    }
    let rules = try cutRules(for: model).filter {
      try FieldGrid.nodeCount(model, rule: $0) <= Double(largestNodeCount)
    }
    try requireCuts(!rules.isEmpty, of: model)
    for rule in rules.dropLast() where try errorEstimate(of: model, rule: rule) < 1e-9 {
      return rule
    }
    return rules.last ?? FieldGrid.Rule(axis: plain, edge: 0)
  }

  /// Throws `ParameterError` for `width` beyond quadrature's reach, and as ``requireCuts(_:of:)``; `GSLError`.
  static func requireReach(of model: Model) throws {
    _ = try nodesPerAxis(for: model)
    if model.target.jumps { _ = try rule(for: model) }
  }

  /// Throws `ParameterError` for `target` where labels jump and nodes cannot be cut along the jumps: a grid across
  /// them would be off by the inverse of its nodes an axis.
  static func requireCuts(_ areCut: Bool, of model: Model) throws(ParameterError) {
    guard model.target.jumps, !areCut else { return }
    throw ParameterError(
      key: "target",
      found: "labels that jump, with \(FieldGrid.kinkCount(model)) fields to cut along",
      expected:
        "at most \(FieldGrid.largestCutCount) fields with jumps or kinks, and few enough of all, for the ODE "
        + "and SDE (the exact chain knows no such bound)")
  }

  /// Rules with kinks cut, the coarsest first.
  private static func cutRules(for model: Model) -> [FieldGrid.Rule] {
    // ℰ²σ'σ' and ℰσ'λ, as for a plain grid.
    let exact = model.pieceDegree.map { $0 + 1 }
    return FieldGrid.rules(for: model, exactAxis: exact)
  }

  /// The relative tolerance of the ODE's steps: 1e-12, or a hundredth of the error where nodes across kinks make
  /// the drift rough.
  static func stepTolerance(of model: Model, error: Double) throws -> Double {
    if model.movesKinks { return max(1e-12, min(0.01 * error, 1e-4)) }
    var isAcrossKinks = !NetworkFlow.isClosed(model) && FieldGrid.kinkCount(model) > 0
    if isAcrossKinks, let coarsest = cutRules(for: model).first {
      isAcrossKinks = try FieldGrid.nodeCount(model, rule: coarsest) > Double(largestNodeCount)
    }
    return max(1e-12, min(0.01 * error, isAcrossKinks ? 1e-4 : 1e-9))
  }

  /// The largest change of an expectation from fewer nodes, relative to the largest, at
  /// ``Model/quadratureStates``; 0 for polynomials.
  static func errorEstimate(of model: Model, rule: FieldGrid.Rule? = nil) throws -> Double {
    let rule = try rule ?? QuadratureMoments.rule(for: model)
    if let exact = exactNodes(model), rule.axis >= exact { return 0 }
    return try model.quadratureError(rule) { rule, state in
      try QuadratureMoments(model: model, rule: rule).values(at: state)
    }
  }

  /// The expectations at a state, those of the drift of the first layer apart from those of its square.
  private func values(at state: [Double]) -> [[Double]] {
    let (p, n, layout) = (model.width, model.fieldCount, model.layout)
    var gram = [Double](repeating: 0, count: n * n)
    for j in 0..<p {
      for l in 0..<p { gram[j * n + l] = state[layout.studentOverlap(j, l)] }
      for r in p..<n {
        let overlap = state[layout.teacherOverlap(j, r - p)]
        (gram[j * n + r], gram[r * n + j]) = (overlap, overlap)
      }
    }
    for r in p..<n { for s in p..<n { gram[r * n + s] = model.teacherOverlap(r - p, s - p) } }
    let output = FlowExpectations(model: model)
    evaluate(gram: gram, secondLayer: model.secondLayer, into: output)
    return [
      (0..<(p * n)).map { output.first[$0] } + (0..<(p * p)).map { output.second[$0] }
    ]
  }
}
