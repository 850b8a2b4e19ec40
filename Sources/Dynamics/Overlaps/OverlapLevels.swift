/// Evaluates what exits by overlaps are watched by, and whether norms are bounded.
///
/// The level of `overlap(r)` is max_j |M_jr|/√(Q_jjP_rr), that of `subspace` is ``SubspaceOverlap``.
struct OverlapLevels {
  /// What is watched, in the order of levels.
  let criteria: [ExitCriterion]
  private let width: Int
  private let units: Int
  private let factor: [Double]?
  private let unitNorms: [Double]
  private let isSpherical: Bool
  private let subspace: SubspaceOverlap?

  init(model: Model, criteria: [ExitCriterion] = []) {
    self.criteria = criteria
    width = model.width
    units = model.teacherUnits
    factor = model.teacherFactor
    unitNorms = (0..<model.teacherUnits).map { model.teacherOverlap($0, $0).squareRoot() }
    isSpherical = model.constraint.keepsNorm
    subspace =
      criteria.contains(.subspace) ? SubspaceOverlap(width: width, units: units) : nil
  }

  /// Writes the levels, for coordinates C (p×k) and packed student overlaps.
  func write(
    into output: UnsafeMutablePointer<Double>, axes: UnsafePointer<Double>,
    gram: UnsafePointer<Double>
  ) {
    for (index, criterion) in criteria.enumerated() {
      switch criterion {
      case .overlap(let unit):
        output[index] = largest(unit, axes, gram).level
      case .subspace:
        output[index] = subspace?.value(axes: axes, gram: gram) ?? 0
      case .risk: break
      }
    }
  }

  /// The largest level of a unit, the student that has it, and its overlap M_jr.
  private func largest(
    _ unit: Int, _ axes: UnsafePointer<Double>, _ gram: UnsafePointer<Double>
  ) -> (level: Double, student: Int, overlap: Double) {
    var found = (level: 0.0, student: 0, overlap: 0.0)
    var diagonal = 0
    for j in 0..<width {
      let norm = isSpherical ? 1 : gram[diagonal].squareRoot()
      diagonal += width - j
      let row = axes + j * units
      var overlap = row[unit]
      if let factor {
        overlap = 0
        for s in 0...unit { overlap += factor[unit * units + s] * row[s] }
      }
      let level = abs(overlap) / (norm * unitNorms[unit])
      if level > found.level { found = (level, j, overlap) }
    }
    return found
  }

  /// Writes the gradient of level `index` with respect to M and Q, flat as in `layout`.
  ///
  /// Where students tie for the largest overlap it is that of one of them.
  func writeGradient(
    _ index: Int, into output: UnsafeMutablePointer<Double>, layout: OverlapLayout,
    axes: UnsafePointer<Double>, gram: UnsafePointer<Double>
  ) {
    for i in 0..<layout.count { output[i] = 0 }
    switch criteria[index] {
    case .overlap(let unit):
      let (_, j, overlap) = largest(unit, axes, gram)
      let square = isSpherical ? 1 : gram[packedIndex(j, j, order: width)]
      let scale = 1 / (square.squareRoot() * unitNorms[unit])
      output[layout.teacherOverlap(j, unit)] = overlap < 0 ? -scale : scale
      if !isSpherical {
        output[layout.studentOverlap(j, j)] = -0.5 * abs(overlap) * scale / square
      }
    case .subspace: writeSubspaceGradient(into: output, layout, axes, gram)
    case .risk: break
    }
  }

  private func writeSubspaceGradient(
    into output: UnsafeMutablePointer<Double>, _ layout: OverlapLayout,
    _ axes: UnsafePointer<Double>, _ gram: UnsafePointer<Double>
  ) {
    let (p, k) = (width, units)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: p * k) { buffer in
      guard let weights = buffer.baseAddress else { return }
      subspace?.writeWeights(into: weights, axes: axes, gram: gram)
      for j in 0..<p {
        let own = weights + j * k
        for l in 0...j {
          var product = 0.0
          for r in 0..<k { product += own[r] * weights[l * k + r] }
          // Q_jl stands for two entries of the matrix.
          output[layout.studentOverlap(j, l)] = -(j == l ? 1 : 2) * product / Double(k)
        }
      }
      for j in 0..<p {
        let own = weights + j * k
        // M = C Tᵀ with T lower triangular, so that dC = dM T⁻ᵀ: T⁻ᵀ of the weights, from the last unit back.
        for r in (0..<k).reversed() {
          var value = own[r]
          if let factor {
            for s in (r + 1)..<max(k, r + 1) {
              value -= factor[s * k + r] * own[s]
            }
            let pivot = factor[r * k + r]
            value = pivot > 0 ? value / pivot : 0
          }
          own[r] = value
          output[layout.teacherOverlap(j, r)] = 2 * value / Double(k)
        }
      }
    }
  }

  /// Whether every norm |w_j|/√d is a finite number.
  func isFinite(gram: UnsafePointer<Double>) -> Bool {
    var diagonal = 0
    for j in 0..<width {
      guard gram[diagonal].isFinite else { return false }
      diagonal += width - j
    }
    return true
  }
}
