import Foundation

/// Evaluates the expectations over the fields that the deterministic flow needs.
///
/// `gram` is Ω of the fields, students first, n×n row-major; `secondLayer` is a. Writes, row-major,
/// - `first` (p×n): E[ℰσ'(λ_j)λ̃_x] for every field x,
/// - `second` (p×p): E[ℰ²σ'(λ_j)σ'(λ_l)],
/// - `value` (p): E[ℰσ(λ_j)],
///
/// with y for ℰ by the correlation loss; where ``hasWholePushes``, the first two with v̄_j of ``SamplePush`` for ℰσ'(λ_j)
/// and the third with its mean.
protocol FlowMoments: AnyObject {
  /// Whether the pushes hold the second layer a.
  var hasWholePushes: Bool { get }
  /// Takes another learning rate γ, where the pushes depend on it.
  func take(learningRate: Double)
  func evaluate(
    gram: UnsafePointer<Double>, secondLayer: UnsafePointer<Double>, into output: FlowExpectations)
}

extension FlowMoments {
  var hasWholePushes: Bool { false }
  func take(learningRate: Double) {}
}

/// Holds the expectations of ``FlowMoments``.
final class FlowExpectations {
  let first: UnsafeMutablePointer<Double>
  let second: UnsafeMutablePointer<Double>
  let value: UnsafeMutablePointer<Double>
  private let memory: KernelMemory

  init(model: Model) {
    let (p, n) = (model.width, model.fieldCount)
    memory = KernelMemory([p * n, p * p, p])
    first = memory.take(p * n)
    second = memory.take(p * p)
    value = memory.take(p)
  }

  func clear() { memory.clear() }
}

/// Evaluates the flow of squares in closed form, for any width, Gram matrix and second layer.
///
/// With A = diag(−a/p; 1/k): E[ℰλ_iλ_j] = tr(AΩ) Ω + 2 ΩAΩ and
/// E[ℰ²λ_iλ_j] = [(tr AΩ)² + 2 tr(AΩAΩ) + Δ] Ω + 4 tr(AΩ) ΩAΩ + 8 ΩAΩAΩ. Exact to rounding, O(p n²).
/// Source: Arnaboldi et al. (2023), arXiv 2305.18502.
final class QuadraticMoments: FlowMoments {
  private let model: Model
  private let memory: KernelMemory
  private let form: UnsafeMutablePointer<Double>
  private let once: UnsafeMutablePointer<Double>
  private let twice: UnsafeMutablePointer<Double>

  init(model: Model) {
    self.model = model
    let n = model.fieldCount
    memory = KernelMemory([n, n * n, n * n])
    form = memory.take(n)
    once = memory.take(n * n)
    twice = memory.take(n * n)
  }

  func evaluate(
    gram: UnsafePointer<Double>, secondLayer: UnsafePointer<Double>, into output: FlowExpectations
  ) {
    let (p, n) = (model.width, model.fieldCount)
    let isSquare = model.rule.loss == .square
    for j in 0..<p { form[j] = isSquare ? -secondLayer[j] / Double(p) : 0 }
    for r in p..<n { form[r] = 1 / Double(model.teacherUnits) }
    multiply(gram, gram, into: once)
    multiply(once, gram, into: twice)
    var (trace, square) = (0.0, 0.0)
    for i in 0..<n {
      trace += form[i] * gram[i * n + i]
      square += form[i] * once[i * n + i]
    }
    let level = trace * trace + 2 * square + model.labelNoise
    for j in 0..<p {
      for x in 0..<n {
        output.first[j * n + x] = 2 * (trace * gram[j * n + x] + 2 * once[j * n + x])
      }
      for l in 0..<p {
        let at = j * n + l
        output.second[j * p + l] =
          4 * (level * gram[at] + 4 * trace * once[at] + 8 * twice[at])
      }
      output.value[j] = 0.5 * output.first[j * n + j]
    }
  }

  /// X A Y.
  private func multiply(
    _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>,
    into output: UnsafeMutablePointer<Double>
  ) {
    let n = model.fieldCount
    for i in 0..<n {
      let row = output + i * n
      for j in 0..<n { row[j] = 0 }
      for l in 0..<n {
        let factor = x[i * n + l] * form[l]
        for j in 0..<n { row[j] += factor * y[l * n + j] }
      }
    }
  }
}

/// Evaluates the flow of erf(x/√2) on both sides in closed form, for any width.
///
/// With C = Ω: E[g'(u_i)u_jg(u_m)] = (2/π) [C_jm(1 + C_ii) − C_ijC_im]/((1 + C_ii)√Λ), and
/// E[g'g'gg] = (4/π²) arcsin(Λ₀/√(Λ₁Λ₂))/√Λ₄. Exact to rounding, O(p²n²).
/// Source: Saad and Solla (1995), Phys. Rev. E 52, 4225, appendix.
final class ErrorFunctionMoments: FlowMoments {
  private let model: Model
  private let memory: KernelMemory
  private let form: UnsafeMutablePointer<Double>

  init(model: Model) {
    self.model = model
    memory = KernelMemory([model.fieldCount])
    form = memory.take(model.fieldCount)
  }

  func evaluate(
    gram: UnsafePointer<Double>, secondLayer: UnsafePointer<Double>, into output: FlowExpectations
  ) {
    let (p, n) = (model.width, model.fieldCount)
    // ℰ = Σ_m form_m g(λ̃_m) + noise.
    let isSquare = model.rule.loss == .square
    for j in 0..<p { form[j] = isSquare ? -secondLayer[j] / Double(p) : 0 }
    for r in p..<n { form[r] = 1 / Double(model.teacherUnits) }
    let scale = 2 / Double.pi
    for i in 0..<p {
      let own = 1 + gram[i * n + i]
      var value = 0.0
      for x in 0..<n { output.first[i * n + x] = 0 }
      for m in 0..<n {
        let (other, cross) = (1 + gram[m * n + m], gram[i * n + m])
        let root = (own * other - cross * cross).squareRoot()
        let weight = form[m] * scale / (own * root)
        for x in 0..<n {
          output.first[i * n + x] += weight * (gram[x * n + m] * own - gram[i * n + x] * cross)
        }
        value += form[m] * scale * asin(cross / (own * other).squareRoot())
      }
      output.value[i] = value
    }
    for i in 0..<p {
      for j in 0...i {
        let sum = pair(i, j, gram)
        output.second[i * p + j] = sum
        output.second[j * p + i] = sum
      }
    }
  }

  private func pair(_ i: Int, _ j: Int, _ gram: UnsafePointer<Double>) -> Double {
    let n = model.fieldCount
    let (c11, c22, c12) = (1 + gram[i * n + i], 1 + gram[j * n + j], gram[i * n + j])
    let base = c11 * c22 - c12 * c12
    func variance(_ m: Int) -> Double {
      let (c1, c2) = (gram[i * n + m], gram[j * n + m])
      let reduced = c2 * c2 * c11 + c1 * c1 * c22 - 2 * c12 * c1 * c2
      return base * (1 + gram[m * n + m]) - reduced
    }
    var sum = 0.0
    for m in 0..<n {
      let (a1, a2, first) = (gram[i * n + m], gram[j * n + m], variance(m))
      for q in 0...m {
        let (b1, b2) = (gram[i * n + q], gram[j * n + q])
        let reduced = a2 * b2 * c11 + a1 * b1 * c22 - c12 * (a1 * b2 + b1 * a2)
        let sine = (base * gram[m * n + q] - reduced) / (first * variance(q)).squareRoot()
        let weight = (q == m ? 1 : 2) * form[m] * form[q]
        sum += weight * asin(min(max(sine, -1), 1))
      }
    }
    let scale = 2 / (Double.pi * base.squareRoot())
    return scale * (2 / Double.pi * sum + model.labelNoise)
  }
}
