import Dynamics
import Foundation

/// Writes a sweep as one HTML page that needs no network: where the noise is negligible in words, the map of
/// verdicts, figures, fits, exit times, provenance.
///
/// `pictures` are the figures as SVG, in order; `missing` says why others are not there. Throws
/// `DataFileError` for a fits.json of another form.
public func reportHTML(
  _ sweep: SweepTables, pictures: [(figure: Figure, svg: String)], missing: [String] = []
) throws -> Data {
  let report = try SweepReport(sweep)
  let page = ReportPage(
    title: report.title, setting: report.setting, verdicts: report.verdicts, pictures: pictures,
    missing: missing, caveats: report.caveats, provenance: report.provenance,
    version: sweep.provenance?.version ?? escapementVersion,
    experiment: sweep.gridText ?? "sweep.yaml is not in the directory.")
  return try page.html(
    PackageResources.sweep_mustache,
    [
      "hasMap": !sweep.verdicts.isEmpty, "maps": report.maps, "tables": report.tables,
      "hasShifts": !report.shifts.isEmpty, "shifts": report.shifts,
      "margins": report.margins.map(report.percent), "gains": report.gains,
      "adjustment": sweep.adjustment,
    ])
}

/// Says in words what a sweep found.
struct SweepReport {
  private let sweep: SweepTables
  private let fits: SweepFits?

  init(_ sweep: SweepTables) throws {
    self.sweep = sweep
    fits = try sweep.fits()
  }

  private var keys: String {
    sweep.sweptKeys.isEmpty ? "nothing" : sweep.sweptKeys.joined(separator: ", ")
  }

  var title: String { "How does the escape from the plateau depend on \(keys)?" }

  var setting: String {
    let values = sweep.sweptKeys.map { key in
      let all = unique(sweep.points.map { sweep.value($0, key) })
      let shown = all.count <= 10 ? all : [all[0], "…", all[all.count - 1]]
      return "\(key) \(shown.joined(separator: ", "))"
    }
    let kinds = unique(sweep.exits.map { SweepTables.title($0.text("dynamics")) })
    let counts = sweep.exits.compactMap { $0.number("replicas") }.map { Int($0) }
    let replicas = counts.min().map { least in
      let most = counts.max() ?? least
      return least == most ? "\(least)" : "\(least) to \(most)"
    }
    let fixed = ["dimension", "width", "learning-rate"].filter { key in
      Set(sweep.points.map { $0[key] }).count == 1
    }
    let place = sweep.points.first.flatMap { sweep.label($0, fixed) }.map { "At \($0): " } ?? ""
    return place + "\(sweep.points.count) point\(sweep.points.count == 1 ? "" : "s")"
      + (values.isEmpty ? "" : ": \(values.joined(separator: "; "))") + ". "
      + "Dynamics: \(kinds.joined(separator: ", ")); \(replicas ?? "–") replicas each."
  }

  /// What was found, in plain words.
  var verdicts: [[String: String]] { noiseVerdicts + gainVerdicts }

  /// The largest gain from width of each fit.
  private var gainVerdicts: [[String: String]] {
    (fits?.widthGain ?? []).compactMap { gain in
      guard let first = gain.widths.first,
        let best = gain.widths.max(by: { $0.gain < $1.gain }), best.width != first.width
      else { return nil }
      let mark = WrittenMark(criterion: gain.criterion, threshold: gain.threshold)
      let interval = best.interval.flatMap { $0.count == 2 ? $0 : nil }
      let range = interval.map { " (95%: \(NumberText.interval($0)))" } ?? ""
      let predicted = best.predictedGain.map {
        " By the growth rate it would be \(NumberText.short($0))."
      }
      return [
        "kind": "",
        "head": "\(mark.text): p = \(best.width) escapes with \(NumberText.short(best.gain)) times "
          + "fewer samples than p = \(first.width), each at its best learning rate\(range).",
        "text": words(SweepTables.title(gain.dynamics), mark, gain.at) + ". "
          + "\(gain.widths.count) widths were compared; no larger gain was seen."
          + (predicted ?? ""),
      ]
    }
  }

  /// Where the noise is negligible, one for each mark, SGD's law against the ODE.
  private var noiseVerdicts: [[String: String]] {
    sweep.marks.compactMap { mark in
      let rows = sweep.verdicts.filter { $0.mark == mark && $0["headline"] == .flag(true) }
      guard let first = rows.first else { return nil }
      func count(_ word: String) -> Int { rows.count { $0.mapVerdict == word } }
      let (same, other) = (count("equivalent"), count("different"))
      let open = rows.count - same - other
      let margins = unique(rows.compactMap { $0.number("margin") }).map(percent)
      let within = margins.joined(separator: ", ")
      let of = "of \(rows.count) point\(rows.count == 1 ? "" : "s")"
      let head: String
      switch (same, other, open) {
      case (rows.count, _, _): head = "The noise is negligible, within \(within), at every point."
      case (_, rows.count, _): head = "The noise is not negligible, beyond \(within), at any point."
      default:
        head =
          "The noise is negligible, within \(within), at \(same) \(of); not at \(other); "
          + "not decided at \(open)."
      }
      let ratios = rows.compactMap { row in row.number("ratio").map { ($0, sweep.label(row)) } }
      func place(_ side: (Double, String)) -> String {
        NumberText.short(side.0) + (sweep.sweptKeys.isEmpty ? "" : " (\(side.1))")
      }
      var text = "Mean exit time of the \(first.sides)"
      if let low = ratios.min(by: { $0.0 < $1.0 }), let high = ratios.max(by: { $0.0 < $1.0 }) {
        text += low.1 == high.1 ? " \(place(low))." : " from \(place(low)) to \(place(high))."
      } else {
        text += ", no ratio anywhere."
      }
      let kind =
        same == rows.count ? "equivalent" : other == rows.count ? "different" : "undetermined"
      return ["kind": kind, "head": "\(mark.text): \(head)", "text": text]
    }
  }

  func percent(_ share: Double) -> String { NumberText.givenPercent(share) }

  private func table(
    _ mark: WrittenMark, _ heads: [String], _ cell: (_ point: DataValue, Int) -> String
  ) -> [String: Any] {
    let rows: [[String: Any]] = sweep.points.map { point in
      [
        "name": sweep.label(point),
        "values": heads.indices.map { cell(point["point"], $0) },
      ]
    }
    return ["rule": "Exit at \(mark.text)", "heads": heads, "rows": rows]
  }

  /// A table of ratios and verdicts for each mark.
  var maps: [[String: Any]] {
    sweep.marks.compactMap { mark in
      let rows = sweep.verdicts.filter { $0.mark == mark }
      let pairs = unique(rows.map(\.sides))
      guard !pairs.isEmpty else { return nil }
      return table(mark, pairs) { point, index in
        guard let row = rows.first(where: { $0["point"] == point && $0.sides == pairs[index] }),
          let ratio = row.number("ratio")
        else { return "–" }
        let ends = [row.number("lower"), row.number("upper")].compactMap { $0 }
        let interval = ends.count == 2 ? " (\(NumberText.interval(ends)))" : ""
        let sign = ["equivalent": "=", "different": "≠"][row.mapVerdict] ?? "?"
        return "\(NumberText.short(ratio))\(interval) \(sign)" + restriction(row)
      }
    }
  }

  /// Up to which time the means of a row count, where replicas were censored.
  private func restriction(_ row: DataTable.Row) -> String {
    let seen = [row.number("first_seen"), row.number("second_seen")].compactMap { $0 }
    guard let end = row.number("restricted_to"), let least = seen.min() else { return "" }
    return " up to τ = \(NumberText.short(end)), \(NumberText.percent(1 - least)) censored"
  }

  /// A table of mean exit times for each mark.
  var tables: [[String: Any]] {
    sweep.marks.map { mark in
      let rows = sweep.exits.filter { $0.mark == mark }
      let kinds = unique(rows.map { $0.text("dynamics") })
      let heads = kinds.flatMap { ["\(SweepTables.title($0)), τ", "samples/(d log d)"] }
      return table(mark, heads) { point, index in
        guard
          let row = rows.first(where: {
            $0["point"] == point && $0.text("dynamics") == kinds[index / 2]
          })
        else { return "–" }
        let error = row.number("standard_error")
        if index % 2 == 1 {
          guard let samples = row.number("samples_over_d_log_d") else { return "–" }
          let mean = row.number("mean") ?? 0
          return NumberText.measured(samples, mean > 0 ? error.map { samples * $0 / mean } : nil)
        }
        if let mean = row.number("mean") { return NumberText.measured(mean, error) }
        return row.number("restricted_mean").map { "≥ \(NumberText.measured($0, error))" } ?? "–"
      }
    }
  }

  var margins: [Double] {
    Set((fits?.noiseShift ?? []).flatMap { $0.margins.map(\.margin) }).sorted()
  }

  /// One row a fit of the noise's shift against d.
  var shifts: [[String: Any]] {
    (fits?.noiseShift ?? []).map { shift in
      let mark = WrittenMark(criterion: shift.criterion, threshold: shift.threshold)
      let constant = shift.fit.terms.first
      return [
        "name": words(SweepTables.title(shift.first), mark, shift.at),
        "shift": constant.map { NumberText.measured($0.estimate, $0.standardError) } ?? "–",
        "beginnings": margins.map { margin in
          shift.margins.first { $0.margin == margin }.map(beginning) ?? "–"
        },
      ]
    }
  }

  private func words(
    _ name: String, _ mark: WrittenMark, _ place: ResolvedValue
  ) -> String {
    "\(name), \(mark.text)" + (place.words.isEmpty ? "" : ", \(place.words)")
  }

  private func beginning(_ margin: MarginDimension) -> String {
    guard let decimal = margin.decimalLogarithm else {
      return margin.status == .everywhere ? "all d" : "no d"
    }
    let isInside = margin.status == .inside
    return "d = \(NumberText.dimension(decimal))\(isInside ? "" : " *")"
  }

  /// A table for each fit of the gain from width.
  var gains: [[String: Any]] {
    (fits?.widthGain ?? []).map { gain in
      let mark = WrittenMark(criterion: gain.criterion, threshold: gain.threshold)
      let rows: [[String: Any]] = gain.widths.map { best in
        let interval = best.interval.flatMap { $0.count == 2 ? NumberText.interval($0) : nil }
        return [
          "width": "\(best.width)",
          "values": [
            NumberText.short(best.learningRate),
            NumberText.measured(best.meanSamples, best.standardError),
            NumberText.short(best.gain), interval ?? "–", NumberText.short(best.predictedGain),
          ],
        ]
      }
      return ["name": words(SweepTables.title(gain.dynamics), mark, gain.at), "rows": rows]
    }
  }

  var caveats: [String] {
    func total(_ column: String) -> Int {
      sweep.exits.reduce(0) { $0 + Int($1.number(column) ?? 0) }
    }
    let (censored, diverged) = (total("censored"), total("diverged"))
    var caveats = [
      censored == 0
        ? "Every replica exited before its horizon, or diverged."
        : "\(censored) exits, counted for each threshold, are cut off by the horizon; their means are "
          + "restricted to it, and fits leave them out.",
      diverged == 0
        ? "No replica diverged." : "\(diverged) exits are those of replicas that diverged.",
    ]
    if !sweep.verdicts.isEmpty {
      caveats.append(
        "All verdicts of this page, in words, table and figures, are those of map_verdict in "
          + "verdicts.csv, \(sweep.adjustment). Its column verdict judges each pair by itself, "
          + "headline_verdict those of SGD against the ODE by Holm, at 5% for all of them together."
      )
    }
    if fits?.noiseShift.isEmpty == false {
      caveats.append(
        "Dimensions marked * prolong a fit beyond the grid; the model of the fit is not tested there."
      )
    }
    caveats.append(
      "Points have seeds of their own and are independent; dynamics of one point share their starts "
        + "where these are random.")
    return caveats
  }

  var provenance: [[String: String]] {
    guard let source = sweep.provenance else {
      return [["name": "program", "value": "not known: the points are not in the directory"]]
    }
    // The seed of the sweep stands in its file, that of a point says little.
    return source.words.filter { $0["name"] != "seed" }
      + [["name": "points", "value": "\(sweep.points.count), provenance that of the first"]]
  }
}
