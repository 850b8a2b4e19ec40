extension Model {
  /// γr/B, the learning rate of the one-sample SGD that the rule is in the limit d → ∞, counted in samples.
  ///
  /// A batch of B adds B increments of one sample at the rate γ/B, and r steps on it are one at r times that rate with
  /// the mean of the r pushes, see ``SamplePush``.
  var sampleRate: Double { sampleRate(at: learningRate) }

  /// γr/B while a schedule has the learning rate at γ.
  func sampleRate(at learningRate: Double) -> Double { learningRate / rule.samplesPerStep }

  /// The diagonal of A in what pushes, e = λ̃ᵀAλ̃ + √Δ z, for squares: as ``errorForm``, without the students by the
  /// correlation loss.
  var pushForm: [Double] {
    rule.loss == .square
      ? errorForm
      : Array(repeating: 0, count: width)
        + Array(repeating: 1 / Double(teacherUnits), count: teacherUnits)
  }

  /// Whether gradients are taken at fields other than those of the weights: by a look-ahead or repetitions.
  var movesFields: Bool { rule.lookAhead != 0 || rule.repetitions > 1 }

  /// Whether drift and noise of the limit d → ∞ are closed forms: squares on the sphere, any teacher Gram matrix, a
  /// fixed second layer, batches and either loss.
  public var hasClosedLimit: Bool {
    activation == .square && target == .mean(.square) && constraint.keepsNorm
      && !trainsSecondLayer && !movesFields && samples == nil
  }

  /// Whether the closed forms of escape hold beside ``hasClosedLimit``: orthonormal teacher units.
  public var hasEscapeTheory: Bool {
    hasClosedLimit && teacherGram == nil && clock.isUniform
  }

  /// Throws `ParameterError` for the first key in which the model is not ``hasEscapeTheory``.
  func requireEscapeTheory(_ who: String) throws(ParameterError) {
    let require = ParameterError.require
    try require(activation == .square, "activation", activation.name, "square for \(who)")
    try require(target == .mean(.square), "target", "another", "square for \(who)")
    try require(
      teacherGram == nil, "teacher-gram", "correlated teacher units", "the identity for \(who)")
    try require(
      constraint.keepsNorm, "constraint", constraint.rawValue,
      "spherical or riemannian for \(who)")
    try require(
      !trainsSecondLayer, "second-layer-learning-rate", "\(secondLayerRate)", "0 for \(who)")
    try requireOneRate(who)
    try SampleSet.requireNone(samples, who)
    try require(rule.lookAhead == 0, "look-ahead", "\(rule.lookAhead)", "0 for \(who)")
    try require(rule.repetitions == 1, "repetitions", "\(rule.repetitions)", "1 for \(who)")
  }

  /// The degree in all fields together of the push ``SamplePush/pushes``, where student and target are polynomials of
  /// these degrees.
  ///
  /// Degrees grow as fields are moved by pushes; far beyond any grid they are held at 10⁶.
  func pushDegree(student: Int, target: Int) -> Int {
    func degree(_ fields: Int) -> Int {
      let output = rule.loss == .square ? max(student * fields, target) : target
      return min(output + max(student - 1, 0) * fields, 1_000_000)
    }
    func ahead(_ fields: Int) -> Int {
      rule.lookAhead == 0 ? degree(fields) : degree(max(fields, degree(fields)))
    }
    var (fields, push) = (1, ahead(1))
    for _ in 1..<min(rule.repetitions, 8) {
      fields = max(fields, push)
      push = max(push, ahead(fields))
    }
    return push
  }

  /// The degree of the push in the label's noise; nil where it is no polynomial of it.
  var pushNoiseDegree: Int? {
    if !movesFields { return 1 }
    guard let student = activation.degree else { return nil }
    func degree(_ fields: Int) -> Int {
      let output = rule.loss == .square ? max(student * fields, 1) : 1
      return min(output + max(student - 1, 0) * fields, 1_000_000)
    }
    func ahead(_ fields: Int) -> Int {
      rule.lookAhead == 0 ? degree(fields) : degree(max(fields, degree(fields)))
    }
    var (fields, push) = (0, ahead(0))
    for _ in 1..<min(rule.repetitions, 8) {
      fields = max(fields, push)
      push = max(push, ahead(fields))
    }
    return push
  }

  /// Nodes on the label's noise that make the `power`-th power of the push exact, or 16 where none does.
  func noiseNodes(power: Int) -> Int {
    guard labelNoise > 0 else { return 1 }
    return min(pushNoiseDegree.map { power * $0 / 2 + 1 } ?? 16, 24)
  }
}

/// Evaluates the push of one sample in the limit d → ∞, the mean over the repetitions of its batch.
///
/// With |x|²/d = 1 the fields move by ρ v_j before a gradient by the look-ahead ρ, and by (γ/(pB)) v_j after each
/// repetition: v̄_j = (1/r) Σ_i v_j(λ⁽ⁱ⁾), λ⁽ⁱ⁺¹⁾ = λ⁽ⁱ⁾ + (γ/(pB)) v(λ⁽ⁱ⁾), v_j(λ) = a_j e σ'(λ_j) at the fields
/// λ + ρ a e σ'(λ). What other samples of a batch do to a field is of relative order B/d. A workspace belongs to one
/// task; a call allocates nothing.
final class SamplePush {
  /// v̄_j.
  let pushes: UnsafeMutablePointer<Double>
  /// The mean of e σ(λ_j), by which the second layer moves.
  let layerPushes: UnsafeMutablePointer<Double>
  /// γ, which a repetition moves the fields by.
  var learningRate: Double
  private let model: Model
  private let function: ActivationFunction
  private let memory: KernelMemory
  private let values: UnsafeMutablePointer<Double>
  private let slopes: UnsafeMutablePointer<Double>
  private let current: UnsafeMutablePointer<Double>
  private let moved: UnsafeMutablePointer<Double>

  init(model: Model) {
    self.model = model
    learningRate = model.learningRate
    function = ActivationFunction(model.activation)
    let p = model.width
    memory = KernelMemory([p, p, p, p, p, p])
    pushes = memory.take(p)
    layerPushes = memory.take(p)
    values = memory.take(p)
    slopes = memory.take(p)
    current = memory.take(p)
    moved = memory.take(p)
  }

  /// Writes the pushes at fields λ_j for a label y, with a the second layer.
  func evaluate(
    fields: UnsafePointer<Double>, label: Double, secondLayer a: UnsafePointer<Double>
  ) {
    let p = model.width
    let share = 1 / Double(model.rule.repetitions)
    let move = learningRate / Double(p * model.rule.batchSize)
    let reach = model.rule.lookAhead
    for j in 0..<p { (current[j], pushes[j], layerPushes[j]) = (fields[j], 0, 0) }
    for _ in 0..<model.rule.repetitions {
      var error = error(current, label, a)
      if reach != 0 {
        for j in 0..<p { moved[j] = current[j] + reach * a[j] * error * slopes[j] }
        error = self.error(moved, label, a)
      }
      for j in 0..<p {
        let push = a[j] * error * slopes[j]
        pushes[j] += share * push
        layerPushes[j] += share * error * values[j]
        current[j] += move * push
      }
    }
  }

  private func error(
    _ fields: UnsafePointer<Double>, _ label: Double, _ a: UnsafePointer<Double>
  ) -> Double {
    let p = model.width
    function.evaluate(fields, count: p, values: values, slopes: slopes)
    guard model.rule.loss == .square else { return label }
    var sum = 0.0
    for j in 0..<p { sum += a[j] * values[j] }
    return label - sum / Double(p)
  }
}

/// Adds to the finite-size drift what pairs of different samples of a batch do, of relative order B/d.
///
/// The mean of one step over a batch has beside B increments of one sample at the rate γ_s = γ/B the products of their
/// means: with u at that rate, F_jx = E[u_jλ̃_x], P_jl = E[u_ju_l] and D_jl = E[u_j g]·E[u_l g] over the fields' own
/// normals g, a step changes Q_jl by B(B − 1) D_jl/d² and M, Q besides by the second-order terms of the constraint:
/// - free: none,
/// - Lagrange: w leaves out its radial part, D_jl − v_jF_lj − v_lF_jl + v_jv_lQ_jl for D_jl, v_j = F_jj/Q_jj,
/// - spherical: with A_jr = F_jr, b_jl = F_jl + F_lj + P_jl and q_j = b_jj, M_jr gains
///   ⅜M_jrq_j² − ½A_jrq_j − ½M_jrD_jj and Q_jl, D_jl + Q_jl[⅜(q_j² + q_l²) + ¼q_jq_l] − ½b_jl(q_j + q_l)
///   − ½Q_jl(D_jj + D_ll),
/// - Riemannian: as the sphere, with D of Lagrange, A and b less the radial parts, and q_j = P_jj.
///
/// A step takes the time B γ_s/(p d), which makes them (B − 1)(p/γ_s)/d of these per unit τ; for the free constraint
/// (γ/p)((B − 1)/B) E[v_j g]·E[v_l g]/d. Source: derived here from the normalised step, after arXiv 2406.02157.
final class BatchPairs {
  /// F, p×n over all fields, students first.
  let fields: UnsafeMutablePointer<Double>
  /// P, p×p.
  let squares: UnsafeMutablePointer<Double>
  /// D, p×p.
  let dots: UnsafeMutablePointer<Double>
  private let model: Model
  private let layout: OverlapLayout
  private let memory: KernelMemory

  /// Nil for a batch of one.
  init?(model: Model) {
    guard model.rule.batchSize > 1 else { return nil }
    self.model = model
    layout = model.layout
    let (p, n) = (model.width, model.fieldCount)
    memory = KernelMemory([p * n, p * p, p * p])
    fields = memory.take(p * n)
    squares = memory.take(p * p)
    dots = memory.take(p * p)
  }

  func clear() { memory.clear() }

  /// Adds to the finite-size drift per unit τ of M and Q at a state; `sampleRate` is γ_s.
  func add(
    to output: UnsafeMutablePointer<Double>, at state: UnsafePointer<Double>, sampleRate: Double
  ) {
    let (p, k, n) = (model.width, model.teacherUnits, model.fieldCount)
    let (isTangential, keepsNorm) = (model.constraint.isTangential, model.constraint.keepsNorm)
    let pairs = Double(model.rule.batchSize - 1)
    let scale = pairs * Double(p) / sampleRate / Double(model.dimension)
    func overlap(_ j: Int, _ l: Int) -> Double {
      state[layout.studentOverlap(max(j, l), min(j, l))]
    }
    func radial(_ j: Int) -> Double { isTangential ? fields[j * n + j] / overlap(j, j) : 0 }
    func dot(_ j: Int, _ l: Int) -> Double {
      let (v, w) = (radial(j), radial(l))
      return dots[j * p + l] - v * fields[l * n + j] - w * fields[j * n + l] + v * w * overlap(j, l)
    }
    func linear(_ j: Int, _ l: Int) -> Double {
      fields[j * n + l] + fields[l * n + j] + squares[j * p + l]
        - (radial(j) + radial(l)) * overlap(j, l)
    }
    for j in 0..<p {
      let q = keepsNorm ? linear(j, j) : 0
      if keepsNorm {
        for r in 0..<k {
          let at = layout.teacherOverlap(j, r)
          let (m, pull) = (state[at], fields[j * n + p + r] - radial(j) * state[at])
          output[at] += scale * (0.375 * m * q * q - 0.5 * pull * q - 0.5 * m * dot(j, j))
        }
      }
      for l in 0..<(keepsNorm ? j : j + 1) {
        let at = layout.studentOverlap(j, l)
        var term = dot(j, l)
        if keepsNorm {
          let (c, s) = (state[at], linear(l, l))
          term += c * (0.375 * (q * q + s * s) + 0.25 * q * s)
          term -= 0.5 * linear(j, l) * (q + s) + 0.5 * c * (dot(j, j) + dot(l, l))
        }
        output[at] += scale * term
      }
    }
  }
}
