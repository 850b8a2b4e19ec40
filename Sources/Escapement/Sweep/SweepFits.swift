import Dynamics
import Foundation
import GSL

/// Holds what is fitted over the points of a sweep.
public struct SweepFits: Codable, Sendable {
  /// Exit in samples against d log d; an entry for each dynamics, mark and set of other keys.
  @Fallback<Missing.List<SamplesFit>> public var samples: [SamplesFit]
  /// Noise shift against d, and from which d a margin holds.
  @Fallback<Missing.List<ShiftFit>> public var noiseShift: [ShiftFit]
  /// Gain from width at the best learning rate of each width.
  @Fallback<Missing.List<WidthGain>> public var widthGain: [WidthGain]

  enum CodingKeys: String, CodingKey {
    case samples
    case noiseShift = "noise_shift"
    case widthGain = "gain_from_width"
  }

  init(points: [SweepPoint], results: [PointResult]) throws {
    let all = zip(points, results).map { FitPoint(point: $0, result: $1) }
    let alongDimension = FitGroup.groups(all, along: [SweepKey.experiment(.dimension).name]) {
      $0.model.dimension
    }
    samples = try alongDimension.flatMap(SamplesFit.all)
    noiseShift = try alongDimension.flatMap(ShiftFit.all)
    let rates: [SweepKey] = [
      .experiment(.width), .experiment(.learningRate), .learningRateOverWidth,
      .learningRateOverBest,
    ]
    widthGain = try FitGroup.groups(all, along: rates.map(\.name)) { $0.model.width }
      .flatMap(WidthGain.all)
  }
}

/// Pairs a point with its result.
struct FitPoint {
  let point: SweepPoint
  let result: PointResult

  var model: Model { point.experiment.model }
}

/// Holds the points of a sweep that agree in all keys but those a fit runs along.
struct FitGroup {
  /// What the points agree in.
  let coordinates: [SweepPoint.Coordinate]
  let points: [FitPoint]

  /// Keys in which points may differ though they follow one law.
  private static let numerical: Set<String> = Set(
    [.replicas, .seed, .horizon, .timeStep].map(\ExperimentKey.rawValue.self))

  /// Groups points that agree in everything but `along`; groups in which `variable` takes one value
  /// only are left out.
  static func groups(
    _ all: [FitPoint], along keys: [String], _ variable: (FitPoint) -> Int
  ) -> [FitGroup] {
    var groups: [(key: String, group: FitGroup)] = []
    for point in all {
      let rest = point.point.coordinates.filter {
        !keys.contains($0.key) && !numerical.contains($0.key)
      }
      let old = groups.firstIndex { $0.key == rest.text }
      let members = (old.map { groups[$0].group.points } ?? []) + [point]
      let group = FitGroup(coordinates: rest, points: members)
      if let old { groups[old].group = group } else { groups.append((rest.text, group)) }
    }
    return groups.map(\.group).filter { Set($0.points.map(variable)).count > 1 }
  }

  /// The dynamics and marks that every point of the group has.
  var series: [(dynamics: String, mark: WrittenMark)] {
    points[0].result.exits.map { ($0.dynamics, $0.mark) }
  }

  /// The keys the points agree in, for JSON.
  var place: ResolvedValue { .map(coordinates.map { ($0.key, $0.value) }) }

  /// The points as the text of a table, empty when nothing else is swept.
  var text: String { coordinates.words }
}

extension FitPoint {
  func exits(_ dynamics: String, _ mark: WrittenMark) -> ExitTimeSummary? {
    result.exits.first { $0.dynamics == dynamics && $0.mark == mark }
  }
}

/// Is a linear combination of terms, fitted by weighted least squares.
public struct LinearFit: Codable, Sendable {
  /// Is a term with its coefficient.
  public struct Term: Codable, Sendable {
    /// The term, such as `d log d`.
    public let term: String
    /// The coefficient.
    public let estimate: Double
    /// Its standard error, if the terms describe the values.
    public let standardError: Double
    /// Its 95% interval.
    public let interval: [Double]

    enum CodingKeys: String, CodingKey {
      case term, estimate, interval
      case standardError = "standard_error"
    }
  }

  /// The terms.
  public let terms: [Term]
  /// Sum of squared residuals in units of their errors.
  public let chiSquare: Double
  /// Points less terms.
  public let degreesOfFreedom: Int
  /// Probability of a larger χ² if the terms describe the values; null without degrees of freedom.
  @Nullable public var pValue: Double? = nil
  /// What it was made of; nil when it was read back.
  private(set) var fit: LeastSquaresFit?

  enum CodingKeys: String, CodingKey {
    case terms
    case chiSquare = "chi_square"
    case degreesOfFreedom = "degrees_of_freedom"
    case pValue = "p_value"
  }

  /// Fits values at `x` by named terms; throws `GSLError` when there are too few.
  init(
    _ terms: [(name: String, value: (Double) -> Double)], at x: [Double], values: [Double],
    errors: [Double]
  ) throws {
    let fitted = try LeastSquaresFit(
      design: Matrix(x.map { x in terms.map { $0.value(x) } }), values: values,
      standardErrors: errors)
    let reach = NormalDistribution.quantile(0.975)
    self.terms = terms.indices.map { index in
      let estimate = fitted.coefficients[index]
      let error = max(fitted.covariance[index, index], 0).squareRoot()
      return Term(
        term: terms[index].name, estimate: estimate, standardError: error,
        interval: [estimate - reach * error, estimate + reach * error])
    }
    chiSquare = fitted.chiSquare
    degreesOfFreedom = fitted.degreesOfFreedom
    fit = fitted
    pValue = fitted.pValue
  }
}
