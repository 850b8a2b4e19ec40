import Dynamics
import Foundation

/// Writes trajectories as one HTML page that needs no network: what the risk does in words, when it has
/// fallen, figures, quantiles at some times, provenance.
///
/// `pictures` are the figures as SVG, in order; without them the page says that they are missing. Throws
/// `GSLError`.
public func reportHTML(
  _ run: TrajectoryRun, pictures: [(figure: Figure, svg: String)], missing: String? = nil
) throws -> Data {
  let report = TrajectoryReport(run: run, courses: try run.courses())
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

  /// How far the ODE is from median and mean where it has lost 95% of the risk, or at the end.
  private var limitVerdict: Words? {
    guard let limit, let truth = randomCourses.first else { return nil }
    let fall = limit.timeOfFall(by: 0.95, quantile: limit.middle) ?? run.plan.grid.last
    let place = times.lastIndex { $0 <= fall } ?? 0
    guard let risk = limit.quantiles[place][limit.middle], risk > 0 else { return nil }
    let sides = randomCourses.map { course in
      let (middle, mean) = (course.quantiles[place][course.middle], course.means[place])
      func part(_ word: String, _ value: Double?, _ error: Double?) -> String {
        value.map {
          "the \(word) \(NumberText.risk($0, error)), \(String(format: "%.2g", $0 / risk)) times that"
        } ?? "no \(word)"
      }
      return "\(name(course)) has \(part(middleWord(course), middle, nil)), and "
        + part("mean", mean, course.standardErrors[place])
    }
    let middle = distance(truth.quantiles[place][truth.middle], 0, to: risk)
    let mean = distance(truth.means[place], truth.standardErrors[place] ?? 0, to: risk)
    let meanWords: String
    switch mean {
    case .near: meanWords = " and near its mean"
    case .far: meanWords = " and far from its mean"
    case .unknown: meanWords = "; whether it is near its mean is not decided"
    }
    let kind =
      middle == .near && mean == .near
      ? Verdict.equivalent : middle == .far || mean == .far ? .different : .undetermined
    return [
      "kind": kind.rawValue,
      "head": "The ODE is \(middle == .near ? "near" : "far from") the \(middleWord(truth)) of "
        + "\(name(truth))\(meanWords).",
      "text": "At τ = \(NumberText.short(times[place])) the excess risk of the ODE"
        + (limit.replicas > 1 ? ", in the \(middleWord(limit))," : "")
        + " is \(NumberText.short(risk)). There \(sides.joined(separator: "; ")). Near means within a "
        + "factor of \(NumberText.short(TrajectoryReport.near)), beyond the error of the mean.",
    ]
  }

  /// Within this factor two risks count as near.
  private static let near = 1.5

  private enum Distance {
    case near
    case far
    case unknown
  }

  /// Whether a risk with its standard error is within the factor of another, with 95% confidence.
  private func distance(_ value: Double?, _ error: Double, to risk: Double) -> Distance {
    guard let value else { return .far }
    let (low, high) = (value - 1.96 * error, value + 1.96 * error)
    let (least, most) = (risk / TrajectoryReport.near, risk * TrajectoryReport.near)
    if low > least && high < most { return .near }
    return low > most || high < least ? .far : .unknown
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
        let mean = course.means[place].map { NumberText.risk($0, course.standardErrors[place]) }
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
