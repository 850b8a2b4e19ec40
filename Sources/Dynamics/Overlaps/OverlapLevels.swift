/// Evaluates how far each teacher unit is found, max_j |M_jr|/√(Q_jjP_rr), and whether norms are bounded.
struct OverlapLevels {
  private let width: Int
  private let units: Int
  private let factor: [Double]?
  private let unitNorms: [Double]
  private let isSpherical: Bool

  init(model: Model) {
    width = model.width
    units = model.teacherUnits
    factor = model.teacherFactor
    unitNorms = (0..<model.teacherUnits).map { model.teacherOverlap($0, $0).squareRoot() }
    isSpherical = model.constraint == .spherical
  }

  /// Writes one level a teacher unit, for coordinates C (p×k) and packed student overlaps.
  func write(
    into output: UnsafeMutablePointer<Double>, axes: UnsafePointer<Double>,
    gram: UnsafePointer<Double>
  ) {
    for r in 0..<units { output[r] = 0 }
    var diagonal = 0
    for j in 0..<width {
      let norm = isSpherical ? 1 : gram[diagonal].squareRoot()
      diagonal += width - j
      let row = axes + j * units
      for r in 0..<units {
        var overlap = row[r]
        if let factor {
          overlap = 0
          for s in 0...r { overlap += factor[r * units + s] * row[s] }
        }
        output[r] = max(output[r], abs(overlap) / (norm * unitNorms[r]))
      }
    }
  }

  /// Whether every norm |w_j|/√d is a number of at most ``NetworkRisk/largestNorm``.
  func isBounded(gram: UnsafePointer<Double>) -> Bool {
    var diagonal = 0
    let largest = NetworkRisk.largestNorm * NetworkRisk.largestNorm
    for j in 0..<width {
      guard gram[diagonal] <= largest else { return false }
      diagonal += width - j
    }
    return true
  }
}
