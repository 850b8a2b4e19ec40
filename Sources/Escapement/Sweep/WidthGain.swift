import Dynamics
import Foundation
import GSL

/// Measures how many times fewer samples a width needs than the smallest of the sweep, each at its
/// best learning rate.
///
/// The best rate is the one of fewest samples in the grid. Where it has a neighbour on either side,
/// a parabola of 1/ν in γ through the three, the shape that theory gives it, refines rate and
/// samples.
public struct WidthGain: Codable, Sendable {
  /// Holds the best of one width.
  public struct Best: Codable, Sendable {
    /// Student width p.
    public let width: Int
    /// Number of learning rates in the grid.
    public let rates: Int
    /// The best learning rate γ.
    public let learningRate: Double
    /// The best rate by theory.
    public let predictedLearningRate: Double?
    /// Whether the best of the grid is at its edge, so that a better one may lie outside.
    public let isAtEdge: Bool
    /// Mean exit in samples there.
    public let meanSamples: Double
    /// Its standard error.
    public let standardError: Double
    /// Samples of the smallest width over these.
    public let gain: Double
    /// The 95% interval of the gain; null for the smallest width.
    public let interval: [Double]?
    /// The gain by growth rates alone, (12 + Δ)/(2 + 2/p + 8/p² + Δ) over width 1.
    public let predictedGain: Double?
    /// The gain by the annealed exit times at the best rates, logarithms included.
    public let annealedGain: Double?

    enum CodingKeys: String, CodingKey {
      case width, rates, gain, interval
      case learningRate = "learning_rate"
      case predictedLearningRate = "predicted_learning_rate"
      case isAtEdge = "at_edge"
      case meanSamples = "mean_samples"
      case standardError = "standard_error"
      case predictedGain = "predicted_gain"
      case annealedGain = "annealed_gain"
    }
  }

  /// What the points agree in.
  public let at: ResolvedValue
  /// Which dynamics.
  public let dynamics: String
  /// What is watched: `risk`, or `overlap-1`, … by teacher unit.
  @Fallback<Missing.Criterion> public var criterion: String
  /// Fraction T of the initial risk, or level η of an overlap.
  public let threshold: Double
  /// The best of each width, ascending.
  public let widths: [Best]
  /// The largest gain that any width brings by theory, (12 + Δ)/(2 + Δ) over width 1.
  public let largestPredictedGain: Double?
  /// What the points agree in, on one line.
  public var place: String { at.words }

  enum CodingKeys: String, CodingKey {
    case at, dynamics, criterion, threshold, widths
    case largestPredictedGain = "largest_predicted_gain"
  }

  /// Measures every dynamics and mark of a group with two widths or more, and several learning
  /// rates at one of them; points with censored replicas are left out.
  static func all(_ group: FitGroup) throws -> [WidthGain] {
    let rates = Dictionary(grouping: group.points, by: \.model.width).values
    guard rates.contains(where: { Set($0.map(\.model.learningRate)).count > 1 }) else { return [] }
    return try group.series.compactMap { dynamics, mark in
      let widths = Set(group.points.map(\.model.width)).sorted()
      let bests = try widths.compactMap { width in
        try Minimum(group.points.filter { $0.model.width == width }, dynamics, mark)
      }
      guard let first = bests.first, bests.count > 1 else { return nil }
      let reach = NormalDistribution.quantile(0.975)
      return WidthGain(
        at: group.place, dynamics: dynamics, criterion: mark.criterion,
        threshold: mark.threshold,
        widths: bests.map { best in
          let gain = first.samples / best.samples
          let spread = (pow(first.error / first.samples, 2) + pow(best.error / best.samples, 2))
            .squareRoot()
          let (old, new) = (first.theory, best.theory)
          return Best(
            width: best.model.width, rates: best.rates, learningRate: best.learningRate,
            predictedLearningRate: new.optimalLearningRate, isAtEdge: best.isAtEdge,
            meanSamples: best.samples, standardError: best.error, gain: gain,
            interval: best.model.width == first.model.width
              ? nil : [gain * exp(-reach * spread), gain * exp(reach * spread)],
            predictedGain: new.hasGainFromWidth && old.hasGainFromWidth
              ? new.gainFromWidth / old.gainFromWidth : nil,
            annealedGain: annealedSamples(old, mark).flatMap { old in
              annealedSamples(new, mark).map { old / $0 }
            })
        },
        largestPredictedGain: first.theory.hasGainFromWidth
          ? first.theory.largestGainFromWidth / first.theory.gainFromWidth : nil)
    }
  }

  /// The annealed exit in samples at the best learning rate.
  private static func annealedSamples(_ theory: EscapeTheory, _ mark: WrittenMark) -> Double? {
    guard mark.criterion == ExitCriterion.risk.name, let rate = theory.optimalLearningRate,
      let model = try? Model(
        dimension: theory.model.dimension, width: theory.model.width, learningRate: rate,
        labelNoise: theory.model.labelNoise),
      let time = EscapeTheory(model: model).annealedExitTime(threshold: mark.threshold)
    else { return nil }
    return model.clock.samples(by: time)
  }
}

/// Finds the learning rate of fewest samples among the points of one width.
private struct Minimum {
  let model: Model
  let rates: Int
  let learningRate: Double
  let isAtEdge: Bool
  let samples: Double
  let error: Double

  var theory: EscapeTheory { EscapeTheory(model: model) }

  init?(_ points: [FitPoint], _ dynamics: String, _ mark: WrittenMark) throws {
    let all = points.compactMap { point -> (model: Model, samples: Double, error: Double)? in
      guard let exits = point.exits(dynamics, mark), let samples = exits.meanSamples,
        samples > 0, let error = exits.meanSamplesError, error > 0
      else { return nil }
      return (point.model, samples, error)
    }.sorted { $0.model.learningRate < $1.model.learningRate }
    guard let index = all.indices.min(by: { all[$0].samples < all[$1].samples }) else { return nil }
    let best = all[index]
    (model, rates) = (best.model, Set(all.map(\.model.learningRate)).count)
    isAtEdge = index == 0 || index == all.count - 1
    guard !isAtEdge, rates > 2 else {
      (learningRate, samples, error) = (best.model.learningRate, best.samples, best.error)
      return
    }
    // In units of the best rate, so that the columns are of one size.
    let unit = best.model.learningRate
    let near = all[(index - 1)...(index + 1)]
    let fit = try LinearFit(
      [("1", { _ in 1 }), ("γ", { $0 }), ("γ²", { $0 * $0 })],
      at: near.map { $0.model.learningRate / unit }, values: near.map { 1 / $0.samples },
      errors: near.map { $0.error / ($0.samples * $0.samples) }
    ).fit!
    let (slope, bend) = (fit.coefficients[1], fit.coefficients[2])
    let place = bend < 0 ? -slope / (2 * bend) : 1
    // At its maximum the value does not depend on the place to first order.
    let (speed, speedError) = fit.value(at: [1, place, place * place])
    learningRate = place * unit
    samples = 1 / speed
    error = speedError / (speed * speed)
  }
}
