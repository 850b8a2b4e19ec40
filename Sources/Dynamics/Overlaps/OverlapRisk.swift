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

  /// Whether R falls as |m| grows, so that a threshold is a boundary which |m| rises to.
  var falls: Bool { slope < 0 }

  func value(_ overlap: Double) -> Double { constant + slope * overlap * overlap }

  func value(ofSquare square: Double) -> Double { constant + slope * square }

  /// The |m| with R = `risk` where it rises with |m|; −∞ below its least.
  func overlap(at risk: Double) -> Double {
    precondition(slope > 0, "an overlap that the risk rises with")
    return risk >= constant ? ((risk - constant) / slope).squareRoot() : -.infinity
  }

  /// The smallest |m| with R ≤ `risk`, which must fall as |m| grows.
  func boundary(_ risk: Double) -> Double {
    precondition(falls, "a boundary on |m| where the risk does not fall with it")
    return max(0, (constant - risk) / -slope).squareRoot()
  }
}

extension Model {
  /// Whether one overlap tells all and the risk falls as it grows: p = k = 1 with a positive second layer.
  ///
  /// A student of negative weight lowers the risk by losing its overlap: a threshold is then a boundary
  /// that |m| falls to, which kernels that watch |m| from below know nothing of.
  var riskFallsWithOverlap: Bool {
    hasEscapeTheory && width == 1 && teacherUnits == 1 && OverlapRisk(model: self).falls
  }
}

/// The smallest |m| at which the risk of p = k = 1 has fallen by `threshold` of its value at
/// `overlap`; +∞ when it never does, or where it does not fall as |m| grows.
public func exitBoundary(threshold: Double, overlap: Double, model: Model) -> Double {
  let risk = OverlapRisk(model: model)
  guard risk.falls else { return .infinity }
  return risk.boundary((1 - threshold) * risk.value(overlap))
}
