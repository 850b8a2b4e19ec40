import Dynamics
import Foundation
import GSL

/// Fits what the noise does to the mean exit time against d: SGD's law less the ODE, in τ.
///
/// The shift tends to a constant: s(d) = s∞ + b/d. Which fraction of the exit time that is falls as
/// 1/log d, so that every margin holds from some d on: see ``MarginDimension``.
public struct ShiftFit: Codable, Sendable {
  /// Holds the shift at one point.
  public struct Value: Codable, Sendable {
    /// Input dimension d.
    public let dimension: Int
    /// Mean difference in τ.
    public let shift: Double
    /// Its standard error, by pairs where starts are shared.
    public let standardError: Double
    /// Ratio of the means.
    public let ratio: Double

    enum CodingKeys: String, CodingKey {
      case dimension, shift, ratio
      case standardError = "standard_error"
    }
  }

  /// What the points agree in.
  public let at: ResolvedValue
  /// The side that follows SGD's law.
  public let first: String
  /// Always `ode`.
  public let second: String
  /// What is watched: `risk`, or `overlap-1`, … by teacher unit.
  @Fallback<Missing.Criterion> public var criterion: String
  /// Fraction T of the initial risk, or level η of an overlap.
  public let threshold: Double
  /// The shift at each d, ascending.
  public let values: [Value]
  /// The fit by a constant and, from three dimensions on, 1/d.
  public let fit: LinearFit
  /// The shift by the linearised law, −log[1 + γs²/(2μ)]/(2μ) with s² = 48 + 4Δ; null but for
  /// p = k = 1.
  @Nullable public var linearised: Double? = nil
  /// From which d margins hold, for random starts; empty for given ones or when nothing grows.
  public let margins: [MarginDimension]
  /// What the points agree in, on one line.
  public var place: String { at.words }

  enum CodingKeys: String, CodingKey {
    case at, first, second, criterion, threshold, values, fit, linearised, margins
  }

  /// Fits every mark of a group at which SGD's law and the ODE were compared at two dimensions
  /// or more, without a censored replica.
  static func all(_ group: FitGroup) throws -> [ShiftFit] {
    let marks = group.points[0].point.experiment.exitRule.marks.map(WrittenMark.init)
    return try marks.compactMap { mark in
      let used = group.points.compactMap { point -> (d: Int, pair: PairComparison)? in
        guard let pair = point.result.headline(at: mark), let means = pair.evidence?.means,
          means.combination(1, -1).standardError > 0, means.second > 0
        else { return nil }
        return (point.model.dimension, pair)
      }.sorted { $0.d < $1.d }
      let count = Set(used.map(\.d)).count
      guard count > 1, Set(used.map(\.pair.first)).count == 1 else { return nil }
      let means = used.map { $0.pair.evidence!.means! }
      let x = used.map { Double($0.d) }
      let shifts = means.map { $0.combination(1, -1) }
      let terms: [(String, (Double) -> Double)] = [("1", { _ in 1 }), ("1/d", { 1 / $0 })]
      let experiment = group.points[0].point.experiment
      return ShiftFit(
        at: group.place, first: used[0].pair.first, second: used[0].pair.second,
        criterion: mark.criterion, threshold: mark.threshold,
        values: zip(used, shifts).map { used, shift in
          let means = used.pair.evidence!.means!
          return Value(
            dimension: used.d, shift: shift.estimate, standardError: shift.standardError,
            ratio: means.first / means.second)
        },
        fit: try LinearFit(
          count > 2 ? terms : [terms[0]], at: x, values: shifts.map(\.estimate),
          errors: shifts.map(\.standardError)),
        linearised: linearisedShift(experiment.model),
        margins: try margins(experiment).map {
          try MarginDimension(
            margin: $0, dimensions: used.map(\.d), means: means,
            growthRate: group.points[0].result.growthRate)
        })
    }
  }

  private static func margins(_ experiment: Experiment) -> [Double] {
    guard experiment.isPaired, EscapeTheory(model: experiment.model).growthRate > 0 else {
      return []
    }
    return Set([0.01, 0.02, 0.05, 0.1, 0.2, experiment.margin]).sorted()
  }

  private static func linearisedShift(_ model: Model) -> Double? {
    let theory = EscapeTheory(model: model)
    let rate = theory.growthRate
    guard model.width == 1, theory.hasExitTimeFormulas, rate > 0 else { return nil }
    let spread = model.learningRate * (48 + 4 * model.labelNoise)
    return -log(1 + spread / (2 * rate)) / (2 * rate)
  }
}

/// Says from which d on two means agree within a margin, for random starts.
///
/// With x the mean of SGD's law and y that of the ODE, the margin δ holds where both
/// x − (1 − δ)y and (1 + δ)y − x are positive. Both means grow as log d/(2μ), so that each of the two
/// is A + δ log d/(2μ) + B/d. A and, from three dimensions on, B are fitted, with the errors that pairs
/// give; the margin holds beyond the largest root. The interval ends where the band of 95% around
/// the fit is zero (Fieller, 1954). A small p-value says that the form does not describe the grid, and
/// the answer is worth less.
public struct MarginDimension: Codable, Sendable {
  /// Says how an answer relates to the dimensions of the grid.
  public enum Status: String, Codable, Sendable {
    /// The margin begins to hold between the smallest and the largest d.
    case inside = "inside the grid"
    /// The margin holds at all d of the grid and above.
    case everywhere = "holds on the whole grid"
    /// The margin begins to hold beyond the largest d: the fit was prolonged.
    case extrapolated = "extrapolated beyond the grid"
    /// The fit never comes to hold.
    case never = "never by this fit"
  }

  /// The margin δ.
  public let margin: Double
  /// The smallest d from which it holds; null when it holds everywhere or never, or overflows.
  @Nullable public var dimension: Double? = nil
  /// log₁₀ of that d, which a margin of a per cent can make larger than any number.
  @Nullable public var decimalLogarithm: Double? = nil
  /// The 95% interval of log₁₀ d; an end that is null is out of reach.
  public let interval: [Double?]
  /// Whether the answer lies in the grid.
  public let status: Status
  /// Probability of a larger χ² of the fit that has the root; null without degrees of freedom.
  @Nullable public var pValue: Double? = nil

  enum CodingKeys: String, CodingKey {
    case margin, dimension, interval, status
    case decimalLogarithm = "log10_dimension"
    case pValue = "p_value"
  }

  init(margin: Double, dimensions: [Int], means: [PairMeans], growthRate: Double) throws {
    let x = dimensions.map(Double.init)
    var terms: [(name: String, value: (Double) -> Double)] = [("1", { _ in 1 })]
    if Set(dimensions).count > 2 { terms.append(("1/d", { 1 / $0 })) }
    let slope = margin / (2 * growthRate)
    func surplus(_ a: Double, _ b: Double) throws -> LinearFit {
      let values = means.map { $0.combination(a, b) }
      return try LinearFit(
        terms, at: x, values: zip(values, x).map { $0.estimate - slope * log($1) },
        errors: values.map(\.standardError))
    }
    let surpluses = [try surplus(1, margin - 1), try surplus(-1, 1 + margin)]
    let reach = NormalDistribution.quantile(0.975)
    let (smallest, largest) = (log(x.min()!), log(x.max()!))
    /// The log d beyond which one is positive, `shift` standard errors off; −∞ when throughout.
    func beginning(_ fit: LinearFit, _ shift: Double) -> Double {
      lastRoot(from: smallest) { logD in
        let (value, error) = fit.fit!.value(at: terms.map { $0.value(exp(logD)) })
        return value + slope * logD + shift * error
      }
    }
    func beginning(_ shift: Double) -> Double { surpluses.map { beginning($0, shift) }.max()! }
    let middle = beginning(0)
    pValue = surpluses.max { beginning($0, 0) < beginning($1, 0) }?.pValue
    // Where the surplus is above zero by its error already, the truth may begin to hold before.
    let ends = [beginning(reach), beginning(-reach)]
    self.margin = margin
    func decimal(_ logD: Double) -> Double? { logD.isFinite ? logD / log(10) : nil }
    decimalLogarithm = decimal(middle)
    dimension = middle.isFinite && middle < 700 ? exp(middle) : nil
    interval = ends.map(decimal)
    switch middle {
    case -.infinity: status = .everywhere
    case .infinity: status = .never
    case ...largest: status = .inside
    default: status = .extrapolated
    }
  }
}

/// The last zero from `start` on, upwards through which `value` goes; −∞ when it is positive
/// throughout, +∞ when it ends negative.
private func lastRoot(from start: Double, _ value: (Double) -> Double) -> Double {
  let end = 1e4
  guard value(end) > 0 else { return .infinity }
  // Far out the functions are straight in log d; near the grid steps of 2% see every turn.
  var upper = end
  var step = 0.02
  var lower = start
  var points = [start]
  while lower < end {
    lower += step
    step *= 1.01
    points.append(min(lower, end))
  }
  for point in points.reversed() {
    if value(point) <= 0 {
      return (try? findRoot(in: point...upper, absoluteTolerance: 1e-9, of: value)) ?? upper
    }
    upper = point
  }
  return -.infinity
}
