import GSL

/// Evaluates drift, finite-size drift and noise of the overlaps of any network by quadrature.
///
/// One sample changes the state s = (M, Q, a) by x/d + y/d² + O(1/d³). With u_j = (γ/p) a_jℰσ'(λ_j), g the
/// fields' own normals and n = p + k, for M_jr, Q_jl and a_j:
/// - free: x = u_jλ⋆_r, b_jl = u_jλ_l + u_lλ_j + u_ju_l, d(γ_a/p) ℰσ(λ_j); y = 0, (|g|² − n) u_ju_l, 0,
/// - spherical: with q_j = b_jj the x are less ½M_jrq_j and ½Q_jl(q_j + q_l), and the y are those of
///   ``FieldMoments/addFiniteSizeDrift(to:)``,
/// - Lagrange: with v_j = u_jλ_j/Q_jj the x are less M_jrv_j and Q_jl(v_j + v_l), and y for Q_jl gains
///   Q_jlv_jv_l − v_jλ_ju_l − v_lλ_lu_j,
/// - Σ a = p kept: S the sum of the raw changes of a, x_j − a_jS/p and −x_jS/p + a_jS²/p².
///
/// Then drift = (p/γ) E[x], finite-size drift = (p/γ) E[y]/d and C = (p/γ)² Cov[x], so that
/// ds = drift dτ + √(γ/(p d)) C^{1/2} dB. Expectations on the nodes of a ``FieldGrid``, cut along kinks, and
/// three on the label noise, which is exact for polynomials. Cost: nodes · 3 (N² + p activations) for N numbers
/// in the state. A workspace belongs to one task.
/// Source: Arnaboldi et al. (2023), arXiv 2305.18502, for squares; expansion of the step derived here.
final class IncrementQuadrature {
  /// The largest number of nodes an evaluation visits, those of the label noise included.
  static let largestVisitCount = 100_000

  let model: Model
  /// The numbers of nodes.
  let rule: FieldGrid.Rule
  /// γ, which may change from one evaluation to the next; γ_a then changes in proportion, times `secondLayerPace`.
  var learningRate: Double { didSet { samplePush?.learningRate = learningRate } }
  var secondLayerPace = 1.0
  /// Length of the state: M, Q in the order of ``OverlapLayout``, then a.
  let count: Int
  /// E[x] p/γ, a number for each of the state.
  let drift: UnsafeMutablePointer<Double>
  /// E[y] p/(γ d).
  let finiteSizeDrift: UnsafeMutablePointer<Double>
  /// C, `count` × `count`, row-major; only the lower triangle is meant.
  let covariance: UnsafeMutablePointer<Double>
  /// Is shown x at each node, with the node's weight.
  var watch: ((_ weight: Double, _ change: UnsafePointer<Double>) -> Void)?

  private let layout: OverlapLayout
  private let function: ActivationFunction
  private let target: TargetFunction
  private let grid: FieldGrid
  /// What pushes at moved fields; nil where pushes are at the fields themselves.
  private let samplePush: SamplePush?
  private let batchPairs: BatchPairs?
  /// Σ of the second layer's increments over Σ a at a node, and its mean.
  private var layerSum = 0.0
  private var meanSum = 0.0
  private let errorNodes: [Double]
  private let errorWeights: [Double]
  private let memory: KernelMemory
  private let values: UnsafeMutablePointer<Double>
  private let slopes: UnsafeMutablePointer<Double>
  private let push: UnsafeMutablePointer<Double>
  private let layerPush: UnsafeMutablePointer<Double>
  /// E[u_j g], p×n.
  private let meanPush: UnsafeMutablePointer<Double>
  private let norm: UnsafeMutablePointer<Double>
  private let first: UnsafeMutablePointer<Double>
  private let second: UnsafeMutablePointer<Double>

  /// Throws `ParameterError` for `width` beyond quadrature's reach, `GSLError`.
  convenience init(model: Model) throws {
    try self.init(model: model, rule: try IncrementQuadrature.rule(for: model))
  }

  init(model: Model, rule: FieldGrid.Rule) throws {
    self.model = model
    self.rule = rule
    learningRate = model.learningRate
    layout = model.layout
    function = ActivationFunction(model.activation)
    target = TargetFunction(model: model)
    grid = try FieldGrid(
      model: model, rule: rule,
      limits: FieldGrid.SteepLimits(
        // Where kinks are cut anyway, cutting along the other field costs little.
        breadth: model.fieldCount == 2 && FieldGrid.kinkCount(model) > 0 ? 1.6 : 0.95,
        count: Double(3 * Self.largestVisitCount)))
    samplePush = model.movesFields ? SamplePush(model: model) : nil
    batchPairs = model.movesFields ? nil : BatchPairs(model: model)
    // v⁴ is the highest power of the push: three nodes on the label noise are exact at fields that are not moved.
    (errorNodes, errorWeights) = try gaussHermiteRule(count: model.noiseNodes(power: 4))
    let (p, n) = (model.width, model.fieldCount)
    count = layout.count + p
    memory = KernelMemory([count, count, count * count, p, p, p, p, p, count, count, p * n])
    drift = memory.take(count)
    finiteSizeDrift = memory.take(count)
    covariance = memory.take(count * count)
    values = memory.take(p)
    slopes = memory.take(p)
    push = memory.take(p)
    layerPush = memory.take(p)
    norm = memory.take(p)
    first = memory.take(count)
    second = memory.take(count)
    meanPush = memory.take(p * n)
  }

  /// The nodes an evaluation visits; throws `GSLError`.
  static func visits(_ model: Model, rule: FieldGrid.Rule) throws -> Double {
    Double(model.noiseNodes(power: 4)) * (try FieldGrid.nodeCount(model, rule: rule))
  }

  /// The numbers of nodes: exact for polynomials, else the fewest whose error estimate is below 1e-6, with kinks
  /// cut 1e-9, or as many as fit; where kinks cannot be cut, a plain grid across them.
  ///
  /// Throws `ParameterError` for `width` when too few nodes would fit.
  static func rule(for model: Model) throws -> FieldGrid.Rule {
    func plain(_ count: Int) -> FieldGrid.Rule {
      FieldGrid.Rule(axis: count, edge: model.hasPolynomialPieces ? 0 : 1)
    }
    func fits(_ rule: FieldGrid.Rule) throws -> Bool {
      try visits(model, rule: rule) <= Double(largestVisitCount)
    }
    let expected =
      "width + teacher-units of which a grid over all the fields has at most \(largestVisitCount) nodes "
      + "for the SDE beyond squares on the sphere (the exact chain knows no such bound)"
    let found = "\(model.width) students and \(model.teacherUnits) teacher units"
    let exact = exactNodes(model)
    if FieldGrid.kinkCount(model) == 0, let exact, try !model.movesFields || fits(plain(exact)) {
      try ParameterError.require(
        try fits(plain(exact)), "width", "\(found) at \(exact) nodes an axis", expected)
      return plain(exact)
    }
    let cut = try FieldGrid.rules(for: model, exactAxis: exact).filter(fits)
    let uncut = try [16, 24, 32, 48, 64, 96].map {
      FieldGrid.Rule(axis: $0, edge: FieldGrid.kinkCount(model) > 0 ? 0 : 1)
    }.filter(fits)
    try QuadratureMoments.requireCuts(!cut.isEmpty, of: model)
    let rules = cut.isEmpty ? uncut : cut
    guard let largest = rules.last else {
      throw ParameterError(key: "width", found: found, expected: expected)
    }
    let tolerance = cut.isEmpty ? 1e-6 : 1e-9
    for rule in rules.dropLast() where try errorEstimate(of: model, rule: rule) < tolerance {
      return rule
    }
    return largest
  }

  /// The number of nodes an axis that is exact for polynomials between kinks, nil elsewhere: v²λ² and v⁴.
  private static func exactNodes(_ model: Model) -> Int? {
    model.pieceDegree.map { max(2 * ($0 + 1), 4 * $0) / 2 + 1 }
  }

  /// The largest change of drift and covariance from fewer nodes, relative to the largest of each, at
  /// ``Model/quadratureStates``; 0 for polynomials.
  static func errorEstimate(of model: Model, rule: FieldGrid.Rule? = nil) throws -> Double {
    let rule = try rule ?? IncrementQuadrature.rule(for: model)
    if FieldGrid.kinkCount(model) == 0, let exact = exactNodes(model), rule.axis >= exact {
      return 0
    }
    return try model.quadratureError(rule) { rule, state in
      let quadrature = try IncrementQuadrature(model: model, rule: rule)
      quadrature.evaluate(state, order: .covariance)
      let count = quadrature.count
      return [
        (0..<count).map { quadrature.drift[$0] },
        (0..<(count * count)).map { quadrature.covariance[$0] },
      ]
    }
  }

  /// Evaluates the drift, and with `.covariance` the finite-size drift and C, at a state.
  func evaluate(_ state: UnsafePointer<Double>, order: FieldMoments.Order) {
    let (p, n) = (model.width, model.fieldCount)
    grid.factorCovariance(of: model, at: state)
    for s in 0..<count { (drift[s], finiteSizeDrift[s]) = (0, 0) }
    for s in 0..<(count * count) { covariance[s] = 0 }
    let deviation = model.labelNoise.squareRoot()
    let a = state + layout.count
    let pairs = order == .covariance ? batchPairs : nil
    pairs?.clear()
    meanSum = 0
    for i in 0..<(p * n) { meanPush[i] = 0 }
    grid.forEachNode { weight in
      var square = 0.0
      for i in 0..<n { square += grid.position[i] * grid.position[i] }
      if let samplePush {
        let label = target.value(grid.position)
        for (node, share) in zip(errorNodes, errorWeights) {
          samplePush.evaluate(fields: grid.fields, label: label + deviation * node, secondLayer: a)
          takePushes(of: samplePush)
          fillIncrements(state, excess: square - Double(n), order)
          add(weight * share, order)
        }
        return
      }
      function.evaluate(grid.fields, count: p, values: values, slopes: slopes)
      var error = 0.0
      for j in 0..<p { error += a[j] * values[j] }
      error = target.value(grid.position) - (model.rule.loss == .square ? error / Double(p) : 0)
      for (node, share) in zip(errorNodes, errorWeights) {
        takePushes(a, error: error + deviation * node)
        fillIncrements(state, excess: square - Double(n), order)
        add(weight * share, order)
        if let pairs { add(weight * share, to: pairs) }
      }
    }
    scale(order)
    if let pairs { finish(pairs, state) }
    // Moved fields bring terms of this order that are not known.
    if samplePush != nil { for s in 0..<count { finiteSizeDrift[s] = 0 } }
  }

  /// u_j and d(γ_a/p) eσ(λ_j) at the fields of a node.
  private func takePushes(_ a: UnsafePointer<Double>, error: Double) {
    let p = model.width
    let unitRate = sampleRate / Double(p)
    let pace = Double(model.dimension) * layerRate / Double(p) * error
    for j in 0..<p {
      push[j] = unitRate * a[j] * error * slopes[j]
      layerPush[j] = pace * values[j]
    }
  }

  private func takePushes(of sample: SamplePush) {
    let p = model.width
    let unitRate = sampleRate / Double(p)
    let pace = Double(model.dimension) * layerRate / Double(p)
    for j in 0..<p {
      push[j] = unitRate * sample.pushes[j]
      layerPush[j] = pace * sample.layerPushes[j]
    }
  }

  /// The second layer's rate in samples.
  private var layerRate: Double {
    model.secondLayerRate * (learningRate / model.learningRate) * secondLayerPace
      / model.rule.samplesPerStep
  }
  private var sampleRate: Double { model.sampleRate(at: learningRate) }

  private func add(_ weight: Double, to pairs: BatchPairs) {
    let (p, n) = (model.width, model.fieldCount)
    for j in 0..<p {
      let share = weight * push[j]
      for x in 0..<n {
        pairs.fields[j * n + x] += share * grid.fields[x]
        meanPush[j * n + x] += share * grid.position[x]
      }
      for l in 0..<p { pairs.squares[j * p + l] += share * push[l] }
    }
    meanSum += weight * layerSum
  }

  /// Adds what pairs of samples do to the finite-size drift, of a normalised second layer as well.
  private func finish(_ pairs: BatchPairs, _ state: UnsafePointer<Double>) {
    let (p, n) = (model.width, model.fieldCount)
    for j in 0..<p {
      for l in 0..<p {
        var sum = 0.0
        for x in 0..<n { sum += meanPush[j * n + x] * meanPush[l * n + x] }
        pairs.dots[j * p + l] = sum
      }
    }
    pairs.add(to: finiteSizeDrift, at: state, sampleRate: sampleRate)
    guard model.trainsSecondLayer, model.normalisesSecondLayer else { return }
    let share = Double(model.rule.batchSize - 1) / Double(model.dimension) * meanSum
    for s in layout.count..<count { finiteSizeDrift[s] -= share * drift[s] }
  }

  /// x and y at one node; `excess` is |g|² − n.
  private func fillIncrements(
    _ state: UnsafePointer<Double>, excess: Double, _ order: FieldMoments.Order
  ) {
    let (p, k) = (model.width, model.teacherUnits)
    let (a, fields) = (state + layout.count, grid.fields)
    let isRiemannian = model.constraint == .riemannian
    for j in 0..<p {
      let u = push[j]
      switch model.constraint {
      case .free: norm[j] = 0
      case .spherical, .riemannian: norm[j] = u * (2 * fields[j] + u)
      case .lagrange: norm[j] = u * fields[j] / state[layout.studentOverlap(j, j)]
      }
    }
    let isSpherical = model.constraint.keepsNorm
    let share = isSpherical ? 0.5 : 1.0
    for j in 0..<p {
      let (u, q) = (push[j], norm[j])
      for r in 0..<k {
        let at = layout.teacherOverlap(j, r)
        let (m, pull) = (state[at], u * fields[p + r])
        first[at] = pull - share * m * q
        second[at] = isSpherical ? 0.375 * m * q * q - 0.5 * pull * q - 0.5 * m * u * u * excess : 0
        if isRiemannian {
          let v = u * fields[j]
          second[at] += pull * v - m * (v * v + v * u * u)
        }
      }
      for l in 0...j {
        let at = layout.studentOverlap(j, l)
        let (overlap, v, w) = (state[at], push[l], norm[l])
        let pair = u * fields[l] + v * fields[j] + u * v
        first[at] = pair - share * overlap * (q + w)
        switch model.constraint {
        case .free: second[at] = excess * u * v
        case .lagrange:
          second[at] =
            excess * u * v + overlap * q * w - q * fields[j] * v - w * fields[l] * u
        case .spherical, .riemannian:
          let curvature = 0.375 * (q * q + w * w) + 0.25 * q * w
          second[at] =
            overlap * curvature - 0.5 * pair * (q + w)
            + excess * (u * v - 0.5 * overlap * (u * u + v * v))
          if isRiemannian {
            let (x, y) = (u * fields[j], v * fields[l])
            second[at] +=
              u * u * (fields[j] * fields[l] + v * fields[j]) - overlap * (x * x + x * u * u)
            second[at] +=
              v * v * (fields[j] * fields[l] + u * fields[l]) - overlap * (y * y + y * v * v)
          }
        }
      }
      // The constraint holds Q_jj at one, to all orders.
      if isSpherical {
        let own = layout.studentOverlap(j, j)
        (first[own], second[own]) = (0, 0)
      }
    }
    guard model.trainsSecondLayer else { return }
    var (sum, total) = (0.0, 0.0)
    for j in 0..<p {
      first[layout.count + j] = layerPush[j]
      second[layout.count + j] = 0
      sum += layerPush[j]
      total += a[j]
    }
    guard model.normalisesSecondLayer else { return }
    // Over Σ a as it is rather than p: no increment then changes the sum, and rounding cannot grow.
    sum /= total
    layerSum = sum
    for j in 0..<p {
      let raw = first[layout.count + j]
      first[layout.count + j] = raw - a[j] * sum
      second[layout.count + j] = (a[j] * sum - raw) * sum
    }
  }

  private func add(_ weight: Double, _ order: FieldMoments.Order) {
    watch?(weight, first)
    for s in 0..<count { drift[s] += weight * first[s] }
    guard order == .covariance else { return }
    for s in 0..<count {
      finiteSizeDrift[s] += weight * second[s]
      let (row, value) = (covariance + s * count, weight * first[s])
      for t in 0...s { row[t] += value * first[t] }
    }
  }

  private func scale(_ order: FieldMoments.Order) {
    let pace = Double(model.width) / sampleRate
    if order == .covariance {
      for s in 0..<count {
        for t in 0...s {
          covariance[s * count + t] =
            pace * pace * (covariance[s * count + t] - drift[s] * drift[t])
        }
        finiteSizeDrift[s] *= pace / Double(model.dimension)
      }
    }
    for s in 0..<count { drift[s] *= pace }
  }
}
