/// Evaluates the Gaussian expectations of the fields that drift and diffusion need, in closed form.
///
/// With ℰ = λ̃ᵀAλ̃ + √Δ z, λ̃ ~ N(0, Ω), the generating functions are
/// S(θ) = Σ_n (2θ)ⁿ Ω(AΩ)ⁿ and D(θ) = exp(½ Σ_{n≥1} (2θ)ⁿ tr((AΩ)ⁿ)/n + θ²Δ/2), and
/// - E[ℰⁿ λ_iλ_j] = n! [θⁿ] D S_ij,
/// - E[ℰⁿ λ_iλ_jλ_kλ_l] = n! [θⁿ] D (S_ijS_kl + S_ikS_jl + S_ilS_jk), n ≤ 4,
///
/// for every width p, number of teacher units k and second layer a. Ω is (p + k)×(p + k), students
/// first. The workspace is allocated once; `update` costs 2 (p + k)³ flops a power of AΩ and
/// allocates nothing. Exact to rounding.
///
/// A workspace belongs to one task. Source: moments of Gaussian quadratic forms, as in Arnaboldi et
/// al. (2023), arXiv 2305.18502, extended to all p and k.
final class FieldMoments {
  /// How far the series are taken: order 2 gives the drift, order 4 the covariance as well.
  enum Order: Int { case drift = 2, covariance = 4 }

  let model: Model
  let layout: OverlapLayout
  /// Number of fields n = p + k.
  let count: Int
  /// The diagonal of A in what pushes.
  let form: [Double]
  /// γ, which drift and finite-size drift are taken at.
  var learningRate: Double
  /// The learning rate γ_s of one-sample SGD that the rule is in the limit, see ``Model/sampleRate``.
  var sampleRate: Double { model.sampleRate(at: learningRate) }
  /// The diagonal of A in the error, which the risk is made of.
  let riskForm: [Double]
  private let isCorrelation: Bool
  /// What pairs of samples of a batch add; nil for a batch of one.
  let batchPairs: BatchPairs?

  /// [θᵐ] S for m = 0…4, each n×n; `powers` is S_0 = Ω, S_1, … one after the other.
  private let powers: UnsafeMutablePointer<Double>
  /// [θᵐ] D S for m = 0…4.
  private let weighted: UnsafeMutablePointer<Double>
  /// Scratch, two numbers a student.
  let perStudent: UnsafeMutablePointer<Double>
  /// [θᵐ] D for m = 0…4.
  private(set) var normalisation = [Double](repeating: 0, count: 5)
  /// tr((AΩ)ᵐ) for m = 0…4 (entry 0 unused).
  private(set) var traces = [Double](repeating: 0, count: 5)

  init(model: Model) {
    self.model = model
    layout = model.layout
    count = model.fieldCount
    form = model.pushForm
    learningRate = model.learningRate
    riskForm = model.errorForm
    isCorrelation = model.rule.loss == .correlation
    batchPairs = BatchPairs(model: model)
    let size = count * count
    powers = .allocate(capacity: 5 * size)
    powers.initialize(repeating: 0, count: 5 * size)
    weighted = .allocate(capacity: 5 * size)
    weighted.initialize(repeating: 0, count: 5 * size)
    perStudent = .allocate(capacity: 2 * model.width)
    perStudent.initialize(repeating: 0, count: 2 * model.width)
    let p = model.width
    for r in p..<count {
      for s in p..<count { powers[r * count + s] = model.teacherOverlap(r - p, s - p) }
    }
  }

  deinit {
    powers.deallocate()
    weighted.deallocate()
    perStudent.deallocate()
  }

  /// Takes Ω from a flat state of overlaps and evaluates the series up to `order`.
  func update(_ state: UnsafePointer<Double>, order: Order) {
    fill(state)
    for m in 1...order.rawValue { raise(m) }
    evaluateSeries(order)
  }

  /// The excess risk R = ½E[(λ̃ᵀAλ̃)²] = ½(tr AΩ)² + tr(AΩAΩ).
  var risk: Double {
    guard isCorrelation else { return 0.5 * traces[1] * traces[1] + traces[2] }
    var (trace, squares) = (0.0, 0.0)
    for i in 0..<count {
      trace += riskForm[i] * gram(i, i)
      for j in 0..<count { squares += riskForm[i] * riskForm[j] * gram(i, j) * gram(i, j) }
    }
    return 0.5 * trace * trace + squares
  }

  /// Reads Ω_ij.
  @inline(__always) func gram(_ i: Int, _ j: Int) -> Double { powers[i * count + j] }

  /// E[ℰ λ_iλ_j] = tr(AΩ) Ω + 2 ΩAΩ.
  @inline(__always) func first(_ i: Int, _ j: Int) -> Double {
    weighted[count * count + i * count + j]
  }

  /// E[ℰ² λ_iλ_j].
  @inline(__always) func second(_ i: Int, _ j: Int) -> Double {
    2 * weighted[2 * count * count + i * count + j]
  }

  /// E[ℰλ_iλ̃]ᵀ Ω⁻¹ E[ℰλ_jλ̃] = (tr AΩ)² Ω + 4 tr(AΩ) ΩAΩ + 4 ΩAΩAΩ, which needs no inverse.
  func productOfFirst(_ i: Int, _ j: Int) -> Double {
    let (size, at) = (count * count, i * count + j)
    let once = 2 * traces[1] * powers[size + at]
    return traces[1] * traces[1] * powers[at] + once + powers[2 * size + at]
  }

  /// E[ℰ² λ_iλ_j (λ̃ᵀΩ⁻¹λ̃ − n)], the correlation of the input's norm with the fields.
  ///
  /// Contracting the four-field moment with Ω⁻¹ turns S Ω⁻¹ S into Σ (m + 1) S_m θᵐ, so that a
  /// singular Ω needs no inverse.
  func secondWithNorm(_ i: Int, _ j: Int) -> Double {
    let size = count * count
    let at = i * count + j
    var sum = 0.0
    for m in 0...2 {
      let scale = Double(m + 1) * powers[m * size + at]
      sum += 2 * normalisation[2 - m] * scale
      if m > 0 {
        sum += Double(1 << m) * traces[m] * weighted[(2 - m) * size + at]
      }
    }
    return 2 * sum
  }

  /// Four-field moments E[ℰⁿ λ_iλ_jλ_kλ_l] for n = 2, 3, 4; needs `update` with `.covariance`.
  @inline(__always)
  func four(_ i: Int, _ j: Int, _ k: Int, _ l: Int) -> (Double, Double, Double) {
    let (a2, a3, a4) = pair(i * count + j, k * count + l)
    let (b2, b3, b4) = pair(i * count + k, j * count + l)
    let (c2, c3, c4) = pair(i * count + l, j * count + k)
    return (2 * (a2 + b2 + c2), 6 * (a3 + b3 + c3), 24 * (a4 + b4 + c4))
  }

  /// E[ℰⁿ λ_j³λ_l] for n = 2, 3, 4, where the three pairings are one.
  @inline(__always)
  func fourOfOne(_ j: Int, _ l: Int) -> (Double, Double, Double) {
    let (a2, a3, a4) = pair(j * count + j, j * count + l)
    return (6 * a2, 18 * a3, 72 * a4)
  }

  /// E[ℰⁿ λ_j²λ_l²] for n = 2, 3, 4, where two of the three pairings are one.
  @inline(__always)
  func fourOfTwo(_ j: Int, _ l: Int) -> (Double, Double, Double) {
    let (a2, a3, a4) = pair(j * count + j, l * count + l)
    let (b2, b3, b4) = pair(j * count + l, j * count + l)
    return (2 * (a2 + 2 * b2), 6 * (a3 + 2 * b3), 24 * (a4 + 2 * b4))
  }

  /// [θⁿ] (D S_x) S_y for n = 2, 3, 4.
  @inline(__always) private func pair(_ x: Int, _ y: Int) -> (Double, Double, Double) {
    let size = count * count
    let d0 = weighted[x]
    let d1 = weighted[size + x]
    let d2 = weighted[2 * size + x]
    let d3 = weighted[3 * size + x]
    let d4 = weighted[4 * size + x]
    let s0 = powers[y]
    let s1 = powers[size + y]
    let s2 = powers[2 * size + y]
    let s3 = powers[3 * size + y]
    let s4 = powers[4 * size + y]
    let order2 = d0 * s2 + d1 * s1 + d2 * s0
    let order3 = d0 * s3 + d1 * s2 + d2 * s1 + d3 * s0
    let order4 = d0 * s4 + d1 * s3 + d2 * s2 + d3 * s1 + d4 * s0
    return (order2, order3, order4)
  }

  private func fill(_ state: UnsafePointer<Double>) {
    let (p, k) = (layout.width, layout.teacherUnits)
    var index = 0
    for j in 0..<p {
      for r in p..<(p + k) {
        powers[j * count + r] = state[index]
        powers[r * count + j] = state[index]
        index += 1
      }
    }
    for j in 0..<p {
      for l in 0...j {
        powers[j * count + l] = state[index]
        powers[l * count + j] = state[index]
        index += 1
      }
    }
  }

  /// S_m = 2 S_{m−1} A Ω; symmetric, so half of it is computed and mirrored.
  private func raise(_ m: Int) {
    let size = count * count
    let previous = powers + (m - 1) * size
    let next = powers + m * size
    let gram = powers
    for i in 0..<count {
      let out = next + i * count
      for j in 0...i { out[j] = 0 }
      for l in 0..<count {
        let factor = 2 * previous[i * count + l] * form[l]
        let row = gram + l * count
        for j in 0...i { out[j] += factor * row[j] }
      }
    }
    for i in 0..<count {
      for j in 0..<i { next[j * count + i] = next[i * count + j] }
    }
  }

  private func evaluateSeries(_ order: Order) {
    let size = count * count
    let last = order.rawValue
    for m in 1...last {
      // (AΩ)ᵐ has the diagonal A_i [Ω(AΩ)ᵐ⁻¹]_ii, and S_m carries 2ᵐ.
      var trace = 0.0
      for i in 0..<count { trace += form[i] * powers[(m - 1) * size + i * count + i] }
      traces[m] = trace / Double(1 << (m - 1))
    }
    let series = ErrorSeries(
      traces: (traces[1], traces[2], traces[3], traces[4]), labelNoise: model.labelNoise)
    normalisation[0] = 1
    normalisation[1] = series.first
    normalisation[2] = series.second
    if order == .covariance {
      normalisation[3] = series.third
      normalisation[4] = series.fourth
    }
    for m in 0...last {
      let out = weighted + m * size
      for i in 0..<size { out[i] = powers[m * size + i] }
      for b in 1..<(m + 1) {
        let factor = normalisation[b]
        let source = powers + (m - b) * size
        for i in 0..<size { out[i] += factor * source[i] }
      }
    }
  }
}
