/// Evaluates C, the covariance of the one-sample increments of the overlaps per unit τ.
///
/// Raw increments: 2a_jℰλ_jλ⋆_r for M_jr and 2(a_j + a_l)ℰλ_jλ_l + 4(γ/p)a_ja_lℰ²λ_jλ_l for Q_jl.
/// Their covariance follows from the four-field moments. Spherical: the Jacobian of the
/// first-order normalisation, δM_j − ½M_jδQ_jj and δQ_jl − ½Q_jl(δQ_jj + δQ_ll), is applied on
/// both sides, after which the rows of Q_jj vanish and are left out.
///
/// d(M, Q) = drift dτ + √(γ/(p d)) C^{1/2} dB. Cost O(N²) a call for N = p k + p(p + 1)/2
/// components; exact to rounding. A workspace belongs to one task.
final class IncrementCovariance {
  private struct Increment {
    let first: Int
    let second: Int
    let linear: Double
    let quadratic: Double
  }

  /// Indices in the flat state of the components that move.
  let active: [Int]
  /// Number of components that move.
  var order: Int { active.count }
  /// C over the active components, row-major; only the lower triangle is meant.
  let matrix: UnsafeMutablePointer<Double>

  private let layout: OverlapLayout
  private let increments: [Increment]
  private let raw: UnsafeMutablePointer<Double>
  private let means: UnsafeMutablePointer<Double>

  init(model: Model) {
    let layout = model.layout
    let (p, k) = (layout.width, layout.teacherUnits)
    let unitRate = model.sampleRate / Double(p)
    let a = model.secondLayer
    var increments: [Increment] = []
    for j in 0..<p {
      for r in 0..<k {
        increments.append(Increment(first: j, second: p + r, linear: 2 * a[j], quadratic: 0))
      }
    }
    for j in 0..<p {
      for l in 0...j {
        increments.append(
          Increment(
            first: j, second: l, linear: 2 * (a[j] + a[l]), quadratic: 4 * unitRate * a[j] * a[l]))
      }
    }
    let fixed = Set((0..<p).map { layout.studentOverlap($0, $0) })
    self.layout = layout
    self.increments = increments
    active = (0..<layout.count).filter { !fixed.contains($0) }
    raw = .allocate(capacity: layout.count * layout.count)
    raw.initialize(repeating: 0, count: layout.count * layout.count)
    means = .allocate(capacity: layout.count)
    means.initialize(repeating: 0, count: layout.count)
    matrix = .allocate(capacity: active.count * active.count)
    matrix.initialize(repeating: 0, count: active.count * active.count)
  }

  deinit {
    raw.deallocate()
    means.deallocate()
    matrix.deallocate()
  }

  /// Fills `matrix` from moments that were updated with `.covariance`.
  func evaluate(_ moments: FieldMoments) {
    fillRaw(moments)
    project(moments)
    let count = layout.count
    for (row, s) in active.enumerated() {
      for column in 0...row { matrix[row * order + column] = raw[s * count + active[column]] }
    }
  }

  private func fillRaw(_ moments: FieldMoments) {
    let count = layout.count
    for s in 0..<count {
      let x = increments[s]
      means[s] =
        x.linear * moments.first(x.first, x.second)
        + x.quadratic * moments.second(x.first, x.second)
    }
    for s in 0..<count {
      let x = increments[s]
      for t in 0...s {
        let y = increments[t]
        let (e2, e3, e4) = moments.four(x.first, x.second, y.first, y.second)
        let mixed = x.linear * y.quadratic + x.quadratic * y.linear
        let product = x.linear * y.linear * e2 + mixed * e3 + x.quadratic * y.quadratic * e4
        let value = product - means[s] * means[t]
        raw[s * count + t] = value
        raw[t * count + s] = value
      }
    }
  }

  /// Applies the Jacobian J of the normalisation: first J C over rows, then (J C) Jᵀ over columns.
  private func project(_ moments: FieldMoments) {
    let (p, k) = (layout.width, layout.teacherUnits)
    let count = layout.count
    for j in 0..<p {
      let own = layout.studentOverlap(j, j)
      for r in 0..<k {
        subtract(0.5 * moments.gram(j, p + r), of: own, from: layout.teacherOverlap(j, r))
      }
      for l in 0..<j {
        let (pair, half) = (layout.studentOverlap(j, l), 0.5 * moments.gram(j, l))
        subtract(half, of: own, from: pair)
        subtract(half, of: layout.studentOverlap(l, l), from: pair)
      }
    }
    for row in 0..<count {
      let values = raw + row * count
      for j in 0..<p {
        let own = values[layout.studentOverlap(j, j)]
        for r in 0..<k { values[layout.teacherOverlap(j, r)] -= 0.5 * moments.gram(j, p + r) * own }
        for l in 0..<j {
          let sum = own + values[layout.studentOverlap(l, l)]
          values[layout.studentOverlap(j, l)] -= 0.5 * moments.gram(j, l) * sum
        }
      }
    }
  }

  private func subtract(_ factor: Double, of source: Int, from target: Int) {
    let count = layout.count
    let (from, to) = (raw + source * count, raw + target * count)
    for i in 0..<count { to[i] -= factor * from[i] }
  }
}
