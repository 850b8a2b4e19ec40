import Dynamics
import Foundation

/// Says from which dimension on the noise would be negligible, where it is not.
///
/// Near the plateau the noise shifts the mean exit time by a constant s while the time t of the ODE
/// grows by log(d'/d)/(2μ): |s|/t falls to the margin δ at d' = d exp[2μ(|s|/δ − t)].
public struct NegligibleFrom: Codable, Sendable {
  /// The dimension: by the law of the SDE where it is known, else from the measured shift.
  public let dimension: Double
  /// `law` or `shift`.
  public let method: String
  /// The dimensions at the ends of the 95% intervals of the measured shift and of the ODE's mean;
  /// the upper one null when it is beyond all numbers.
  public let interval: [Double?]
  /// Always true: no dimension but the experiment's own was run.
  public private(set) var isExtrapolated = true

  enum CodingKeys: String, CodingKey {
    case dimension, method, interval
    case isExtrapolated = "extrapolated"
  }

  /// Extrapolates; nil unless the ratio is outside the margin, an interval is known, the closed forms
  /// of escape hold and the plateau is left by growth.
  init?(
    _ experiment: Experiment, threshold: Double, ratio: PairComparison.Ratio?,
    shift: ClosedRange<Double>?, referenceMean: ClosedRange<Double>?
  ) throws {
    let model = experiment.model
    let theory = EscapeTheory(model: model)
    let (rate, margin) = (theory.growthRate, experiment.margin)
    guard let ratio, !ratio.isRestricted, ratio.verdict == .different, let shift,
      let referenceMean, rate > 0, theory.hasExitTimeFormulas
    else { return nil }
    func dimension(_ shift: Double, _ time: Double) -> Double {
      Double(model.dimension) * exp(2 * rate * (shift / margin - time))
    }
    let sizes = [abs(shift.lowerBound), abs(shift.upperBound)]
    let nearest = dimension(sizes.min() ?? 0, referenceMean.upperBound)
    let farthest = dimension(sizes.max() ?? 0, referenceMean.lowerBound)
    interval = [nearest, farthest].map { $0.isFinite ? $0 : nil }
    if let exact = NegligibleFrom.byLaw(experiment, threshold) {
      (self.dimension, method) = (exact, "law")
    } else {
      let middle = dimension(
        0.5 * (sizes[0] + sizes[1]), 0.5 * (referenceMean.lowerBound + referenceMean.upperBound))
      guard middle.isFinite else { return nil }
      (self.dimension, method) = (middle, "shift")
    }
  }

  private static func byLaw(_ experiment: Experiment, _ threshold: Double) -> Double? {
    let model = experiment.model
    guard model.width == 1, model.teacherUnits == 1 else { return nil }
    // Without the law there is the measured shift.
    return try? NoiseShift(model: model, start: experiment.start, threshold: threshold)
      .dimension(margin: experiment.margin)
  }
}
