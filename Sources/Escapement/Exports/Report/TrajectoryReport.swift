import Dynamics
import Foundation

/// Writes trajectories as one HTML page that needs no network: what the risk does in words, when it has
/// fallen, figures, quantiles at some times, provenance.
///
/// `pictures` are the figures as SVG, in order; `missing` says why others are not there. Throws
/// `GSLError`.
public func reportHTML(
  _ run: TrajectoryRun, pictures: [(figure: Figure, svg: String)], missing: [String] = []
) throws -> Data {
  let report = TrajectoryReport(run: run, courses: run.courses())
  let page = ReportPage(
    title: report.title, setting: report.setting, verdicts: report.verdicts, pictures: pictures,
    missing: missing, caveats: report.caveats, provenance: run.provenance.words + report.plan,
    version: run.provenance.version, experiment: run.experimentText)
  return try page.html(
    PackageResources.trajectories_mustache,
    [
      "hasFalls": !report.courses.isEmpty,
      "fractions": timedFractions.map(report.percent),
      "falls": report.falls,
      "fallsNote": report.fallsNote,
      "tables": report.tables,
    ])
}

/// Says in words what the risk does along time.
struct TrajectoryReport {
  let run: TrajectoryRun
  let courses: [RiskCourse]

  private typealias Words = [String: String]
  private var experiment: Experiment { run.plan.experiment }
  private var model: Model { experiment.model }
  private var times: [Double] { run.plan.grid.times }

  var title: String {
    "What does the risk of SGD do along time? d = \(model.dimension), p = \(model.width)"
  }

  var setting: String { experiment.settingWords(seed: run.provenance.seed) }

  /// The random dynamics, SGD itself first.
  private var randomCourses: [RiskCourse] {
    DynamicsKind.fromSGD.filter { !$0.isDeterministic }
      .compactMap { kind in courses.first { $0.kind == kind } }
  }

  private var limit: RiskCourse? { courses.first { $0.kind.isDeterministic } }

  /// What was found, in plain words.
  var verdicts: [[String: String]] {
    courses.isEmpty ? [] : [fallVerdict, limitVerdict, endVerdict].compactMap { $0 }
  }

  /// When half and 99% of the risk are gone.
  private var fallVerdict: Words? {
    func sentence(_ fraction: Double) -> String? {
      let places = (randomCourses + [limit].compactMap { $0 }).enumerated().map { index, course in
        let time = course.timeOfFall(by: fraction, quantile: course.middle)
        return
          (time.map { (index == 0 ? "at τ = " : "") + NumberText.short($0) }
          ?? "not by τ = \(last)") + " \(typical(course))"
      }
      return places.isEmpty ? nil : places.joined(separator: ", ") + "."
    }
    guard let half = sentence(0.5), let most = sentence(0.99) else { return nil }
    let scale = model.scaledSamples
    let samples =
      scale.isFinite ? " One unit of τ is \(NumberText.short(scale)) d log d samples." : ""
    return [
      "kind": "", "head": "Half of the risk is gone \(half)",
      "text": "99% of it: \(most)\(samples)",
    ]
  }

  /// How far the ODE is from SGD's law where it has lost 95% of the risk, or at the end: its mean from
  /// that mean, its median from that median.
  private var limitVerdict: Words? {
    guard let limit, let truth = randomCourses.first else { return nil }
    let fall = limit.timeOfFall(by: 0.95, quantile: limit.middle) ?? run.plan.grid.last
    let place = times.lastIndex { $0 <= fall } ?? 0
    func mean(_ course: RiskCourse) -> Level? {
      course.means[place].map { Level(value: $0, error: course.standardErrors[place]) }
    }
    func median(_ course: RiskCourse) -> Level? {
      course.quantiles[place][course.middle].map { Level(value: $0, error: nil) }
    }
    guard let limitMedian = median(limit), limitMedian.value > 0 else { return nil }
    func words(_ word: String, _ level: (RiskCourse) -> Level?) -> String {
      let sides = randomCourses.map { course -> String in
        guard let value = level(course) else { return "\(name(course)) has none" }
        guard let other = level(limit), other.value > 0 else {
          return "\(value.text) for \(name(course))"
        }
        let ratio = String(format: "%.2g", value.value / other.value)
        return "\(value.text) for \(name(course)), \(ratio) times that"
      }
      let own = level(limit)?.text ?? "none"
      let path = limit.replicas > 1 ? "" : "'s one path"
      return "The \(word) is \(own) for the ODE\(path), \(sides.joined(separator: "; "))."
    }
    let meanDistance = distance(mean(truth), mean(limit))
    let medianDistance = distance(median(truth), limitMedian)
    let kind =
      meanDistance == .near && medianDistance == .near
      ? Verdict.equivalent
      : meanDistance == .far || medianDistance == .far ? .different : .undetermined
    let middle = middleWord(truth)
    let head =
      limit.replicas > 1
      ? "The mean risk of the ODE is \(meanDistance.words) the mean of \(name(truth)), its \(middle) "
        + "\(medianDistance.words) the \(middle)."
      : "The ODE's one path is \(meanDistance.words) the mean risk of \(name(truth)), and "
        + "\(medianDistance.words) its \(middle)."
    return [
      "kind": kind.rawValue, "head": head,
      "text": "At τ = \(NumberText.short(times[place])). \(words("mean", mean)) "
        + "\(words(middleWord(truth), median)) Near means within a factor of "
        + "\(NumberText.short(TrajectoryReport.near)), for means beyond the errors of both.",
    ]
  }

  /// A risk with its standard error, if it has one.
  private struct Level {
    let value: Double
    let error: Double?

    var text: String { NumberText.measured(value, error) }
  }

  /// Within this factor two risks count as near.
  private static let near = 1.5

  private enum Distance {
    case near
    case far
    case unknown

    var words: String {
      switch self {
      case .near: return "near"
      case .far: return "far from"
      case .unknown: return "not decidedly near"
      }
    }
  }

  /// Whether one risk is within the factor of another, with 95% confidence.
  ///
  /// By the differences x − fy and x − y/f, whose errors are those of both risks as if they were
  /// independent; of shared starts they are smaller.
  private func distance(_ first: Level?, _ second: Level?) -> Distance {
    guard let first, let second else { return .far }
    func excess(_ factor: Double) -> (low: Double, high: Double) {
      let (x, y) = (first.error ?? 0, factor * (second.error ?? 0))
      let (difference, reach) = (
        first.value - factor * second.value, 1.96 * (x * x + y * y).squareRoot()
      )
      return (difference - reach, difference + reach)
    }
    let (above, below) = (excess(TrajectoryReport.near), excess(1 / TrajectoryReport.near))
    if above.high < 0 && below.low > 0 { return .near }
    return above.low > 0 || below.high < 0 ? .far : .unknown
  }

  /// What is left at the last time.
  private var endVerdict: Words? {
    let sides = (randomCourses + [limit].compactMap { $0 }).compactMap { course in
      course.quantiles.last?[course.middle].map { "\(NumberText.short($0)) \(typical(course))" }
    }
    guard !sides.isEmpty else { return nil }
    let plateau = EscapeTheory(model: model).plateau.flatMap { $0 > 0 ? $0 : nil }
    let formula = plateau.map {
      "The closed form γΔ/(1 − 6γ) of the plateau at long times is \(NumberText.short($0))."
    }
    return [
      "kind": "",
      "head": "At the end, τ = \(last), the excess risk is \(sides.joined(separator: ", ")).",
      "text": formula ?? "",
    ]
  }

  /// One row a dynamics and quantile, a time for each of ``timedFractions``.
  var falls: [[String: Any]] {
    courses.flatMap { course -> [[String: Any]] in
      let ends = [0, course.middle, course.probabilities.count - 1]
      let places = course.replicas == 1 ? [course.middle] : Array(Set(ends)).sorted()
      return places.map { place in
        let quantile = course.replicas == 1 ? "" : ", \(word(course.probabilities[place]))"
        return [
          "name": course.kind.title + quantile,
          "times": timedFractions.map { fraction in
            course.timeOfFall(by: fraction, quantile: place).map(NumberText.short) ?? "–"
          },
        ]
      }
    }
  }

  var fallsNote: String {
    "Times τ at which the quantile of the risk over replicas has lost a fraction of what it was at "
      + "τ = \(first). –, not by τ = \(last)."
  }

  /// A table a dynamics, at no more than nine times.
  var tables: [[String: Any]] {
    let count = min(9, times.count)
    let places = (0..<count).map { count == 1 ? 0 : $0 * (times.count - 1) / (count - 1) }
    return courses.map { course in
      let isRandom = course.replicas > 1
      let hasDiverged = course.diverged.contains { $0 > 0 }
      let rows: [[String: Any]] = places.map { place in
        let scaled = times[place] * model.scaledSamples
        let mean = course.means[place].map { NumberText.measured($0, course.standardErrors[place]) }
        var values = [scaled.isFinite ? NumberText.short(scaled) : "–", mean ?? "–"]
        if isRandom { values += course.quantiles[place].map { NumberText.short($0) } }
        if hasDiverged { values.append("\(course.diverged[place])") }
        return ["time": NumberText.short(times[place]), "values": values]
      }
      let heads =
        ["samples/(d log d)", isRandom ? "mean" : "excess risk"]
        + (isRandom ? course.probabilities.map(word) : []) + (hasDiverged ? ["diverged"] : [])
      return ["name": title(course), "heads": heads, "rows": rows]
    }
  }

  var caveats: [String] {
    var caveats = run.warnings
    caveats.append(
      "Quantiles and means are over replicas at one time. The mean is carried by the paths that have "
        + "not left the plateau yet, the median is not.")
    let diverged = courses.reduce(0) { $0 + ($1.diverged.last ?? 0) }
    caveats.append(
      diverged == 0
        ? "No replica diverged."
        : "\(diverged) replicas left the finite numbers; quantiles count them as +∞, and there is no "
          + "mean from then on.")
    for course in courses where course.replicas > 1 && course.replicas < 100 {
      caveats.append(
        "\(course.replicas) replicas of \(name(course)): its outer quantiles are those of a few paths."
      )
    }
    caveats.append(
      "Times of falls lie between the times that were looked at, the logarithm of the risk taken as "
        + "linear; fractions are of the risk at the first of these, τ = \(first).")
    if experiment.dynamics.contains(.sde) {
      caveats.append(
        "The SDE takes equal steps of at most \(NumberText.short(experiment.timeStep)) in τ.")
    }
    return caveats + experiment.sharedCaveats
  }

  /// What was followed, for the table of provenance.
  var plan: [[String: String]] {
    let counts = experiment.dynamics.map { kind in
      "\(kind.title) \(run.plan.replicaCount(kind))"
    }
    return [
      ["name": "times", "value": "\(times.count), from τ = \(first) to \(last)"],
      ["name": "replicas", "value": counts.joined(separator: ", ")],
      ["name": "paths kept one by one", "value": "\(run.plan.paths) at most"],
    ]
  }

  private var first: String { NumberText.short(times[0]) }
  private var last: String { NumberText.short(run.plan.grid.last) }

  func percent(_ share: Double) -> String { NumberText.short(100 * share) + "%" }

  private func name(_ course: RiskCourse) -> String { course.kind.titleWithArticle }

  private func title(_ course: RiskCourse) -> String {
    course.kind.title
      + (course.replicas == 1 ? ", one path" : ", \(course.replicas) replicas")
  }

  /// The quantile nearest to one half, in words.
  private func middleWord(_ course: RiskCourse) -> String {
    let probability = course.probabilities[course.middle]
    return probability == 0.5 ? "median" : "\(percent(probability)) quantile"
  }

  private func word(_ probability: Double) -> String {
    probability == 0.5 ? "median" : percent(probability)
  }

  /// Whose typical risk it is.
  private func typical(_ course: RiskCourse) -> String {
    course.replicas == 1 ? "by \(name(course))" : "in the \(middleWord(course)) of \(name(course))"
  }
}
