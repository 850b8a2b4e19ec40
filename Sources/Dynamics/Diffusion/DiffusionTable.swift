import Foundation
import GSL

/// Holds drift, variance rate and risk as series in the overlap m, for one student and one unit on the sphere.
///
/// Chebyshev series of what ``IncrementQuadrature`` and ``NetworkRisk`` give, made once: exact for
/// polynomials, of order 64 elsewhere. They are in m on [−1, 1] or, where kinks make √(1 − m²) appear, in the
/// angle arccos m on [0, π]. `error` is the largest distance from them at 33 places between the
/// nodes, relative to the largest value: 1e-12 for polynomials and ReLU, 1e-9 for erf and tanh,
/// 5e-9 for ReLU beside tanh.
/// dm = drift(m) dτ + √variance(m) dB.
struct DiffusionTable: Sendable {
  /// Largest relative error of the three series.
  let error: Double
  private let driftSeries: ChebyshevSeries
  private let varianceSeries: ChebyshevSeries
  private let riskSeries: ChebyshevSeries
  private let isInAngle: Bool

  /// Whether the overlap is all that moves.
  static func covers(_ model: Model) -> Bool {
    model.width == 1 && model.teacherUnits == 1 && model.teacherGram == nil
      && model.constraint.keepsNorm && !model.trainsSecondLayer && model.hasConstantRates
  }

  /// Tabulates a model that is covered; throws `ParameterError` or `GSLError` as quadrature does.
  init(model: Model, finiteSizeDrift: Bool) throws {
    let quadrature = try IncrementQuadrature(model: model)
    let flow = try NetworkFlow(model: model)
    var state = [0, 1, model.secondLayer[0]]
    func drift(_ m: Double) -> Double {
      state[0] = m
      quadrature.evaluate(state, order: .covariance)
      return quadrature.drift[0] + (finiteSizeDrift ? quadrature.finiteSizeDrift[0] : 0)
    }
    func variance(_ m: Double) -> Double {
      state[0] = m
      quadrature.evaluate(state, order: .covariance)
      return model.clock.timePerSample * quadrature.covariance[0]
    }
    func risk(_ m: Double) -> Double {
      state[0] = m
      return flow.risk(of: state)
    }
    var order = 64
    if let student = model.activation.degree, let target = model.target.degree {
      // A field's power brings one of m; ½Mq² and ½Aq one more than ℰ⁴σ'⁴.
      order = min(4 * model.pushDegree(student: student, target: target) + 2, 256)
    }
    let isInAngle = FieldGrid.kinkCount(model) > 0
    func series(_ function: (Double) -> Double) throws -> ChebyshevSeries {
      isInAngle
        ? try ChebyshevSeries(order: order, on: 0...Double.pi) { function(cos($0)) }
        : try ChebyshevSeries(order: order, on: -1...1, of: function)
    }
    self.isInAngle = isInAngle
    driftSeries = try series(drift)
    varianceSeries = try series(variance)
    riskSeries = try series(risk)
    var error = 0.0
    for (series, function) in [
      (driftSeries, drift), (varianceSeries, variance), (riskSeries, risk),
    ] {
      var (distance, largest) = (0.0, 0.0)
      for i in -16...16 {
        let m = Double(i) / 16
        let value = function(m)
        distance = max(distance, abs(series.value(at: isInAngle ? acos(m) : m) - value))
        largest = max(largest, abs(value))
      }
      if largest > 0 { error = max(error, distance / largest) }
    }
    self.error = error
  }
}

extension DiffusionTable: ScalarDynamics {
  func drift(_ m: Double) -> Double { driftSeries.value(at: place(m)) }

  func variance(_ m: Double) -> Double { max(0, varianceSeries.value(at: place(m))) }

  func risk(_ m: Double) -> Double { riskSeries.value(at: place(m)) }

  /// The slope of the chord, which turns the step's Δm into its ΔR exactly.
  func riskSlope(from before: Double, to after: Double) -> Double {
    let change = after - before
    if abs(change) > 1e-6 { return (risk(after) - risk(before)) / change }
    let middle = min(max(0.5 * (before + after), -1 + 1e-6), 1 - 1e-6)
    return (risk(middle + 1e-6) - risk(middle - 1e-6)) / 2e-6
  }

  /// A predicted overlap may lie a little outside, where series mean nothing.
  private func place(_ m: Double) -> Double {
    let held = min(max(m, -1), 1)
    return isInAngle ? acos(held) : held
  }
}
