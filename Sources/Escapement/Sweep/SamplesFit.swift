import Dynamics
import Foundation

/// Fits the mean exit in samples of one dynamics at one mark against d log d.
///
/// ν(d) = c d log d + c' d: near mediocrity the exit time is (log d + a constant)/(2μ), so that
/// c = 1/(2μ γ/p) in the limit of large d.
public struct SamplesFit: Codable, Sendable {
  /// What the points agree in.
  public let at: ResolvedValue
  /// Which dynamics.
  public let dynamics: String
  /// What is watched: `risk`, or `overlap-1`, … by teacher unit.
  @Fallback<Missing.Criterion> public var criterion: String
  /// Fraction T of the initial risk, or level η of an overlap.
  public let threshold: Double
  /// The dimensions fitted over, ascending.
  public let dimensions: [Int]
  /// The fit by d log d and d.
  public let fit: LinearFit
  /// The fit by d log d alone.
  public let singleTerm: LinearFit
  /// The prefactor of d log d by the growth rate, 1/(2μ γ/p); null when nothing grows.
  public let predictedPrefactor: Double?
  /// What the points agree in, on one line.
  public var place: String { at.words }

  enum CodingKeys: String, CodingKey {
    case at, dynamics, criterion, threshold, dimensions, fit
    case singleTerm = "single_term"
    case predictedPrefactor = "predicted_prefactor"
  }

  /// Fits every dynamics and mark of a group; those with fewer than two dimensions without
  /// censored replicas are left out.
  static func all(_ group: FitGroup) throws -> [SamplesFit] {
    try group.series.compactMap { dynamics, mark in
      let used = group.points.compactMap { point -> (d: Int, value: Double, error: Double)? in
        guard let exits = point.exits(dynamics, mark), let value = exits.meanSamples,
          let error = exits.meanSamplesError, error > 0
        else { return nil }
        return (point.model.dimension, value, error)
      }.sorted { $0.d < $1.d }
      guard Set(used.map(\.d)).count > 1 else { return nil }
      func fit(_ terms: [(String, (Double) -> Double)]) throws -> LinearFit {
        try LinearFit(
          terms, at: used.map { Double($0.d) }, values: used.map(\.value), errors: used.map(\.error)
        )
      }
      let first = group.points[0]
      let (rate, step) = (
        first.result.growthRate, first.model.clock.timePerSample * Double(first.model.dimension)
      )
      return SamplesFit(
        at: group.place, dynamics: dynamics, criterion: mark.criterion, threshold: mark.threshold,
        dimensions: used.map(\.d),
        fit: try fit([("d log d", { $0 * log($0) }), ("d", { $0 })]),
        singleTerm: try fit([("d log d", { $0 * log($0) })]),
        predictedPrefactor: rate > 0 ? 1 / (2 * rate * step) : nil)
    }
  }
}
