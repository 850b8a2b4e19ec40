import Foundation
import GSL

/// Says how much the noise shifts the mean exit time of p = k = 1, and from which dimension on the
/// shift is a small part of it.
///
/// The shift tends to a constant while the exit time grows like log d, so that its share falls like
/// 1/log d. Mean times of SDE and ODE are both known without Monte Carlo: the former by ``ExitLaw``, the
/// latter by the logistic formula, averaged over random starts. A given start keeps m₀√d.
public struct NoiseShift: Sendable {
  private let model: Model
  private let start: Start
  private let threshold: Double

  /// Creates the answer for one model, start and threshold.
  public init(model: Model, start: Start, threshold: Double) {
    (self.model, self.start, self.threshold) = (model, start, threshold)
  }

  /// Mean exit times of SDE and ODE at the dimension `dimension`.
  ///
  /// Nil where the ODE never exits. Throws `ParameterError` where the SDE has no law, `GSLError`.
  /// Cost: about a millisecond. Accuracy: about 1e-8.
  public func means(dimension: Int) throws -> (sde: Double, ode: Double)? {
    let model = try Model(
      dimension: dimension, learningRate: model.learningRate, labelNoise: model.labelNoise,
      secondLayer: model.secondLayer, constraint: model.constraint, rule: model.rule)
    let theory = EscapeTheory(model: model)
    func time(_ overlap: Double) -> Double {
      theory.logisticExitTime(threshold: threshold, overlap: overlap) ?? .nan
    }
    let (place, ode): (Start, Double)
    switch start {
    case .fixed(let frame):
      let scale = (Double(self.model.dimension) / Double(dimension)).squareRoot()
      let overlap = abs(frame.teacherOverlaps[0]) * scale
      guard overlap < 1 else { return nil }
      (place, ode) = (try .overlaps([overlap], of: model), time(overlap))
    case .randomOfNorm, .warm: return nil
    case .random: (place, ode) = (.random, try average(time, dimension: dimension))
    }
    guard ode.isFinite, ode > 0 else { return nil }
    let sde = try ExitLaw.moments(
      model: model, start: place, threshold: threshold, finiteSizeDrift: true
    ).mean
    return (sde, ode)
  }

  /// The smallest dimension, above the model's, from which the means differ by less than the fraction
  /// `margin` of the ODE's.
  ///
  /// Nil where they already do, and where 10¹⁸ dimensions are not enough. Throws as `means` does.
  /// Cost: some tens of milliseconds.
  public func dimension(margin: Double) throws -> Double? {
    func excess(_ logDimension: Double) throws -> Double {
      let dimension = Int(exp(logDimension).rounded())
      guard let (sde, ode) = try means(dimension: dimension) else { return .nan }
      return abs(sde / ode - 1) - margin
    }
    var lower = log(Double(model.dimension))
    guard try excess(lower) > 0 else { return nil }
    let last = log(1e18)
    while lower < last {
      let upper = min(lower + log(10), last)
      if try excess(upper) <= 0 {
        return exp(try findRoot(in: lower...upper, absoluteTolerance: 1e-4, of: excess))
      }
      lower = upper
    }
    return nil
  }

  /// The mean over m₀ of density ∝ (1 − m²)^((d − 3)/2).
  private func average(_ value: (Double) -> Double, dimension: Int) throws -> Double {
    let exponent = 0.5 * Double(dimension - 3)
    // In y = log(m√d) both ends are negligible.
    let root = Double(dimension).squareRoot()
    func sum(_ body: (Double) -> Double) throws -> Double {
      try integrate(
        from: -40, to: min(log(9), log(root) - 1e-9), absoluteTolerance: 0,
        relativeTolerance: 1e-10
      ) { y in
        let overlap = exp(y) / root
        return exp(y + exponent * log1p(-overlap * overlap)) * body(overlap)
      }.value
    }
    return try sum(value) / sum { _ in 1 }
  }
}
