/// Says how much of the limit d → ∞ comes from draws so rare that a replica does not see them.
///
/// ODE and SDE move by E[x] and Cov[x], x what one sample does to the state, ``IncrementQuadrature``. Where fields are
/// moved by pushes, x is a polynomial of a high degree and these moments may be those of draws that come once in more
/// samples than a replica has: the chain then follows neither. With A the draws of largest |x|² that together have the
/// probability 1/N, `drift` is max_s |E[x_s; A]| / max_s |E[x_s]| at an overlap of a third and `noise` is
/// E[|x|²; A] / E[|x|²] near the start, at 0.03.
/// Symbols: N = `samples`. Accuracy: that of a sum over nodes that is cut between two of them, some hundredths.
public struct RareDraws: Sendable, Equatable {
  /// Samples N that a replica draws by the horizon.
  public let samples: Double
  /// The part of the drift, which may exceed 1 where both parts cancel.
  public let drift: Double
  /// The part of the noise.
  public let noise: Double

  /// The largest parts with which the limit is that of a replica.
  static let largestParts = (drift: 0.05, noise: 0.5)

  /// Whether the SDE is ruled by draws that are not seen: they make most of its noise.
  public var ruleNoise: Bool { noise > RareDraws.largestParts.noise }
  /// Whether the ODE is: beside most of the noise they make a part of the drift. A part of the drift alone is what a
  /// signal below the noise looks like, as at small d.
  public var ruleDrift: Bool { ruleNoise && drift > RareDraws.largestParts.drift }

  /// Estimates the parts for replicas up to a horizon in τ; nil where fields are not moved, or beyond quadrature.
  ///
  /// Throws `GSLError`. Cost: two evaluations by at most ``IncrementQuadrature/largestVisitCount`` nodes.
  public init?(of model: Model, horizon: Double) throws {
    guard model.rule.lookAhead != 0 || model.rule.repetitions > 1, model.samples == nil,
      let rule = try? RareDraws.rule(for: model)
    else { return nil }
    samples = max(model.clock.samples(by: horizon), 1)
    let quadrature = try IncrementQuadrature(model: model, rule: rule)
    let states = model.quadratureStates
    drift = RareDraws.parts(quadrature, at: states[0], rarerThan: 1 / samples).drift
    noise = RareDraws.parts(quadrature, at: states[1], rarerThan: 1 / samples).noise
  }

  /// More nodes than moments need, which do not say where between them a draw is rare enough.
  private static func rule(for model: Model) throws -> FieldGrid.Rule {
    let exact = try IncrementQuadrature.rule(for: model)
    guard exact.edge == 0 else { return exact }
    let largest = Double(IncrementQuadrature.largestVisitCount)
    let finer = try [64, 48, 32, 24].map { FieldGrid.Rule(axis: $0, edge: 0) }.first {
      try $0.axis > exact.axis && IncrementQuadrature.visits(model, rule: $0) <= largest
    }
    return finer ?? exact
  }

  private static func parts(
    _ quadrature: IncrementQuadrature, at state: [Double], rarerThan probability: Double
  ) -> (drift: Double, noise: Double) {
    let count = quadrature.count
    var (weights, changes, sizes): ([Double], [Double], [Double]) = ([], [], [])
    quadrature.watch = { weight, change in
      weights.append(weight)
      changes.append(contentsOf: UnsafeBufferPointer(start: change, count: count))
      sizes.append((0..<count).reduce(0) { $0 + change[$1] * change[$1] })
    }
    quadrature.evaluate(state, order: .drift)
    quadrature.watch = nil
    var (mean, rareMean) = (
      [Double](repeating: 0, count: count), [Double](repeating: 0, count: count)
    )
    var (square, rareSquare, left) = (0.0, 0.0, probability)
    for node in weights.indices.sorted(by: { sizes[$0] > sizes[$1] }) {
      let weight = weights[node]
      let rare = min(weight, left)
      left -= rare
      square += weight * sizes[node]
      rareSquare += rare * sizes[node]
      for s in 0..<count {
        mean[s] += weight * changes[node * count + s]
        rareMean[s] += rare * changes[node * count + s]
      }
    }
    func largest(_ values: [Double]) -> Double { values.reduce(0) { max($0, abs($1)) } }
    return (
      largest(mean) > 0 ? largest(rareMean) / largest(mean) : 0,
      square > 0 ? rareSquare / square : 0
    )
  }
}
