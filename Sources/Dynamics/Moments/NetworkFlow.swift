import GSL

/// Evaluates the deterministic flow of any network: d(M, Q, a)/dτ in the limit d → ∞.
///
/// With Ψ_jr = a_jE[ℰσ'(λ_j)λ⋆_r], ψ_jl = a_jE[ℰσ'(λ_j)λ_l] and
/// Φ_jl = ψ_jl + ψ_lj + (γ/p)a_ja_lE[ℰ²σ'(λ_j)σ'(λ_l)]:
/// - free: dM = Ψ, dQ = Φ,
/// - spherical: dM_j = Ψ_j − ½Φ_jjM_j, dQ_jl = Φ_jl − ½(Φ_jj + Φ_ll)Q_jl,
/// - Lagrange: dM_j = Ψ_j − (ψ_jj/Q_jj)M_j, dQ_jl = Φ_jl − (ψ_jj/Q_jj + ψ_ll/Q_ll)Q_jl,
/// - da_j = (γ_a d/γ) E[ℰσ(λ_j)], less a_j/p of their sum when Σ a_j is kept.
///
/// By other rules of learning e = y for ℰ, γr/B for γ and the mean push v̄_j of ``SamplePush`` for a_jℰσ'(λ_j); the
/// Riemannian sphere has the flow of the sphere.
///
/// The state is M and Q in the order of ``OverlapLayout``, then a. Squares and erf by closed forms at any
/// width, the rest by quadrature. A workspace belongs to one task.
/// Source: Saad and Solla (1995); Arnaboldi et al. (2023), arXiv 2305.18502.
final class NetworkFlow {
  let model: Model
  /// Length of the state.
  let stateLength: Int
  /// γ, which may change from one evaluation to the next; γ_a then changes in proportion, times `secondLayerPace`.
  var learningRate: Double { didSet { moments.take(learningRate: learningRate) } }
  var secondLayerPace = 1.0
  private let layout: OverlapLayout
  private let moments: any FlowMoments
  private let expectations: FlowExpectations
  private let networkRisk: NetworkRisk
  private let overlapLevels: OverlapLevels
  private let frame: StateFrame
  private let memory: KernelMemory
  private let gram: UnsafeMutablePointer<Double>
  private let growth: UnsafeMutablePointer<Double>
  private let radial: UnsafeMutablePointer<Double>
  private let ones: UnsafeMutablePointer<Double>

  /// Throws `ParameterError` for `width` when no closed form holds and quadrature does not reach.
  ///
  /// `levels` are what ``writeLevels(of:into:)`` writes.
  init(model: Model, levels: [ExitCriterion] = []) throws {
    self.model = model
    learningRate = model.learningRate
    layout = model.layout
    let (p, k, n) = (model.width, model.teacherUnits, model.fieldCount)
    stateLength = layout.count + p
    moments = try NetworkFlow.moments(of: model)
    expectations = FlowExpectations(model: model)
    networkRisk = try NetworkRisk(model: model)
    overlapLevels = OverlapLevels(model: model, criteria: levels)
    frame = StateFrame(model: model)
    memory = KernelMemory([n * n, p * p, p, p])
    gram = memory.take(n * n)
    growth = memory.take(p * p)
    radial = memory.take(p)
    ones = memory.take(p)
    for j in 0..<p { ones[j] = 1 }
    for r in 0..<k { for s in 0..<k { gram[(p + r) * n + p + s] = model.teacherOverlap(r, s) } }
  }

  /// Whether drift is a closed form.
  static func isClosed(_ model: Model) -> Bool {
    if model.movesFields { return false }
    switch (model.activation, model.target) {
    case (.square, .mean(.square)), (.erf, .mean(.erf)): return true
    default: return false
    }
  }

  private static func moments(of model: Model) throws -> any FlowMoments {
    guard isClosed(model) else { return try QuadratureMoments(model: model) }
    return model.activation == .square
      ? QuadraticMoments(model: model) : ErrorFunctionMoments(model: model)
  }

  /// The state of a start.
  func state(of frame: StudentFrame) -> [Double] {
    frame.overlaps(of: model) + model.secondLayer
  }

  /// Writes the derivatives per unit τ.
  func derivatives(
    of state: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>
  ) {
    let (p, k, n) = (model.width, model.teacherUnits, model.fieldCount)
    fillGram(state)
    let secondLayer = state + layout.count
    moments.evaluate(gram: gram, secondLayer: secondLayer, into: expectations)
    let (first, second) = (expectations.first, expectations.second)
    let a = moments.hasWholePushes ? UnsafePointer(ones) : secondLayer
    let unitRate = model.sampleRate(at: learningRate) / Double(p)
    for j in 0..<p {
      for l in 0..<p {
        growth[j * p + l] =
          a[j] * first[j * n + l] + a[l] * first[l * n + j] + unitRate * a[j] * a[l]
          * second[j * p + l]
      }
    }
    for j in 0..<p {
      switch model.constraint {
      case .free: radial[j] = 0
      case .spherical, .riemannian: radial[j] = 0.5 * growth[j * p + j]
      case .lagrange: radial[j] = a[j] * first[j * n + j] / gram[j * n + j]
      }
    }
    for j in 0..<p {
      for r in 0..<k {
        output[layout.teacherOverlap(j, r)] =
          a[j] * first[j * n + p + r] - radial[j] * gram[j * n + p + r]
      }
      for l in 0...j {
        output[layout.studentOverlap(j, l)] =
          growth[j * p + l] - (radial[j] + radial[l]) * gram[j * n + l]
      }
      // Φ_jj − Φ_jjQ_jj, which the constraint holds at zero.
      if model.constraint.keepsNorm { output[layout.studentOverlap(j, j)] = 0 }
    }
    moveSecondLayer(secondLayer, into: output + layout.count)
  }

  private func moveSecondLayer(
    _ a: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>
  ) {
    let p = model.width
    let secondLayerFactor =
      model.secondLayerRate * Double(model.dimension) / model.learningRate * secondLayerPace
    var (sum, total) = (0.0, 0.0)
    for j in 0..<p {
      output[j] = secondLayerFactor == 0 ? 0 : secondLayerFactor * expectations.value[j]
      sum += output[j]
      total += a[j]
    }
    guard model.normalisesSecondLayer else { return }
    // Over Σ a as it is rather than p, which it equals but for rounding: the sum's derivative is then 0
    // whatever the sum, and rounding cannot grow.
    for j in 0..<p { output[j] -= a[j] * sum / total }
  }

  /// The excess risk; not a number once a norm is no finite number.
  func risk(of state: UnsafePointer<Double>) -> Double {
    frame.fill(from: state)
    guard overlapLevels.isFinite(gram: frame.gram) else { return .nan }
    return networkRisk.value(axes: frame.axes, gram: frame.gram, secondLayer: state + layout.count)
  }

  /// Whether some combination of the fields all but vanishes, where quadrature is not smooth in Ω.
  func isAtEdge(_ state: [Double]) -> Bool {
    fillGram(state)
    let n = model.fieldCount
    let rows = (0..<n).map { i in (0..<n).map { gram[i * n + $0] } }
    guard let smallest = try? symmetricEigenvalues(of: Matrix(rows)).first else { return true }
    return smallest < 1e-4
  }

  /// Writes the levels that are watched beside the risk.
  func writeLevels(
    of state: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>
  ) {
    frame.fill(from: state)
    overlapLevels.write(into: output, axes: frame.axes, gram: frame.gram)
  }

  private func fillGram(_ state: UnsafePointer<Double>) {
    let (p, k, n) = (model.width, model.teacherUnits, model.fieldCount)
    for j in 0..<p {
      for r in 0..<k {
        let value = state[layout.teacherOverlap(j, r)]
        gram[j * n + p + r] = value
        gram[(p + r) * n + j] = value
      }
      for l in 0...j {
        let value = state[layout.studentOverlap(j, l)]
        gram[j * n + l] = value
        gram[l * n + j] = value
      }
    }
  }
}
