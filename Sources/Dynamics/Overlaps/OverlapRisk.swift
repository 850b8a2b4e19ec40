/// The excess risk as a function of the overlap for p = k = 1: R = c + s m².
struct OverlapRisk {
  let constant: Double
  let slope: Double

  init(model: Model) {
    let form = model.errorForm
    let trace = form[0] + form[1]
    constant = 0.5 * trace * trace + form[0] * form[0] + form[1] * form[1]
    slope = 2 * form[0] * form[1]
  }

  func value(_ overlap: Double) -> Double { constant + slope * overlap * overlap }

  func value(ofSquare square: Double) -> Double { constant + slope * square }

  /// The smallest |m| with R ≤ `risk`; +∞ when there is none.
  func boundary(_ risk: Double) -> Double {
    guard slope < 0 else { return constant <= risk ? 0 : .infinity }
    return max(0, (constant - risk) / -slope).squareRoot()
  }
}

/// The smallest |m| at which the risk of p = k = 1 has fallen by `threshold` of its value at
/// `overlap`; +∞ when it never does.
public func exitBoundary(threshold: Double, overlap: Double, model: Model) -> Double {
  let risk = OverlapRisk(model: model)
  return risk.boundary((1 - threshold) * risk.value(overlap))
}
