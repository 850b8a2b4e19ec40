import Dynamics
import Foundation

extension SweepTables {
  /// Makes the figures: ratios of mean exit times of all pairs over the margin, the exit time against each swept
  /// key, ratios to the closed forms, and exits in samples against d log d with their fits.
  public func figures() -> Figures {
    var figures = Figures()
    let curves = SweepCurves(self)
    let parameters = parameterLines(parameters)
    for mark in marks.sorted(by: { ($0.threshold, $0.criterion) < ($1.threshold, $1.criterion) }) {
      figures.add { () throws(NothingToDraw) in try forestFigure(mark, parameters) }
      for key in sweptKeys {
        figures.add { () throws(NothingToDraw) in try exitTimeFigure(key, mark, parameters) }
      }
      if mark.criterion == ExitCriterion.risk.name {
        for formula in ["annealed", "quenched"] {
          figures.add { () throws(NothingToDraw) in
            try ratioFigure(formula, mark, curves, parameters)
          }
        }
      }
      figures.add { () throws(NothingToDraw) in try samplesFigure(mark, parameters) }
    }
    return figures
  }

  /// The rows at a mark of the dynamics that others are measured against, among those that `isKept` keeps.
  private func references(
    _ mark: WrittenMark, _ isKept: (DataTable.Row) -> Bool
  ) -> (kind: DynamicsKind, rows: [DataTable.Row])? {
    let rows = exits.filter { $0.mark == mark && isKept($0) }
    return DynamicsKind.references.lazy.map { kind in
      (kind, rows.filter { $0.text("dynamics") == kind.rawValue })
    }.first { !$0.1.isEmpty }
  }

  /// Ratio to a closed form along the axis, a curve for each combination of the other keys.
  private func ratioFigure(
    _ formula: String, _ mark: WrittenMark, _ layout: SweepCurves, _ parameters: [String]
  ) throws(NothingToDraw) -> Figure? {
    let column = "ratio_to_\(formula)"
    guard let (kind, rows) = references(mark, { $0.number(column) != nil }) else { return nil }
    return try SweepCurveFigure(
      name: "ratio-to-\(formula)-T\(mark.threshold)",
      title: "Mean exit time of the \(kind.title) over the \(formula) formula, \(mark.text)",
      caption: "Mean exit time of the \(kind.title) over the \(formula) closed form, "
        + "against the \(layout.axisTitle), at \(mark.text)\(layout.curveWords). "
        + "Bars are 95% intervals; at 1 the formula holds.",
      parameters: parameters, layout: layout,
      valueTitle: "mean exit time / \(formula) formula", reference: (1, "the formula"),
      value: { row in
        row.number(column).map { ($0, 1.96 * (row.number("\(column)_standard_error") ?? 0)) }
      }
    ).figure(rows)
  }

  /// Mean exit time along one swept key: a curve for each combination of the others, or without any for each
  /// dynamics.
  private func exitTimeFigure(
    _ key: String, _ mark: WrittenMark, _ parameters: [String]
  ) throws(NothingToDraw) -> Figure? {
    let layout = SweepCurves(self, along: key)
    guard layout.axis == key,
      let (kind, rows) = references(mark, { $0.number("mean") != nil })
    else { return nil }
    let name = "exit-time-against-\(key)-\(mark.suffix)"
    guard Set(rows.map(layout.place)).count > 1 else {
      throw NothingToDraw(name: name, reason: "a mean at one value of \(key) alone")
    }
    let isAlone = layout.others.isEmpty
    let curves =
      !isAlone
      ? nil
      : DynamicsKind.allCases.sorted().compactMap { kind in
        let rows = exits.filter {
          $0.mark == mark && $0.text("dynamics") == kind.rawValue && $0.number("mean") != nil
        }.sorted { layout.place($0) < layout.place($1) }
        return rows.isEmpty
          ? nil
          : SweepCurves.Curve(name: kind.title, rows: rows, lineType: FigureStyle.lineType(kind))
      }
    let whose = isAlone ? "" : " of the \(kind.title)"
    return try SweepCurveFigure(
      name: name,
      title: "Mean exit time\(whose) against the \(layout.axisTitle), \(mark.text)",
      caption: "Mean exit time\(whose) against the \(layout.axisTitle), at \(mark.text)"
        + (isAlone ? ", a curve for each dynamics" : layout.curveWords)
        + ". Bars are 95% intervals; points with replicas left at the horizon have no mean.",
      parameters: parameters, layout: layout, valueTitle: "mean exit time τ = ν γ / (p d)",
      value: { row in
        row.number("mean").map { ($0, 1.96 * (row.number("standard_error") ?? 0)) }
      }
    ).figure(rows, curves: curves)
  }

  /// Mean exit in samples against d log d, with the fit c d log d + c′ d of each combination of the other keys.
  private func samplesFigure(
    _ mark: WrittenMark, _ parameters: [String]
  ) throws(NothingToDraw) -> Figure? {
    let layout = SweepCurves(self, along: "dimension")
    func scale(_ dimension: Double) -> Double { dimension * log(dimension) }
    let column = "samples_over_d_log_d"
    guard sweptKeys.contains("dimension"), layout.axis == "dimension",
      let (kind, rows) = references(
        mark, { $0.number(column) != nil && ($0.number("mean") ?? 0) > 0 })
    else { return nil }
    let fits = ((try? fits())?.samples ?? []).filter {
      $0.dynamics == kind.rawValue && $0.criterion == mark.criterion
        && $0.threshold == mark.threshold && $0.fit.terms.count == 2
    }
    guard !fits.isEmpty else { return nil }
    return try SweepCurveFigure(
      name: "samples-against-d-log-d-\(mark.suffix)",
      title: "Mean exit of the \(kind.title) in samples against d log d, \(mark.text)",
      caption: "Mean exit of the \(kind.title) in samples ν against d log d, at \(mark.text)"
        + "\(layout.curveWords). Bars are 95% intervals; lines are the fits c d log d + c′ d of "
        + "fits.json, ± one standard error of c.",
      parameters: parameters, layout: layout, valueTitle: "mean exit in samples ν",
      axis: ("d log d", scale),
      value: { row in
        guard let samples = row.number(column), let mean = row.number("mean") else { return nil }
        let whole = samples * scale(layout.place(row))
        return (whole, 1.96 * whole * (row.number("standard_error") ?? 0) / mean)
      },
      line: { curve in
        let mine = fits.first { fit in curve.rows.allSatisfy { agrees($0, fit.at) } }
        guard let fit = mine else { return nil }
        let (first, second) = (fit.fit.terms[0], fit.fit.terms[1])
        let ends = curve.rows.map(layout.place).filter { $0 > 1 }
        guard let least = ends.min(), let largest = ends.max(), least < largest else { return nil }
        return SweepCurveFigure.Line(
          title: "c = \(NumberText.measured(first.estimate, first.standardError))",
          rows: (0...60).map { index in
            let d = least * pow(largest / least, Double(index) / 60)
            return [scale(d), first.estimate * scale(d) + second.estimate * d]
          })
      }
    ).figure(rows)
  }

  /// Whether a row is of a point that has these values of keys.
  private func agrees(_ row: DataTable.Row, _ place: ResolvedValue) -> Bool {
    guard case .map(let pairs) = place else { return true }
    return pairs.allSatisfy { key, value in
      let column = row.columns.contains("swept-\(key)") ? "swept-\(key)" : key
      guard row.columns.contains(column) else { return true }
      let expected = DataValue(value)
      return row[column] == expected || row.number(column).map { $0 == expected.number } ?? false
    }
  }

  /// What all points share, for the lines under the titles.
  private var parameters: [String] {
    let swept = Set(sweptKeys).union(
      ["dimension", "width", "learning-rate"].filter { key in
        Set(points.map { $0[key] }).count > 1
      })
    let known =
      firstExperiment?.parameters
      ?? ["dimension", "width", "learning-rate"].compactMap { key in
        points.first.flatMap { label($0, [key]) }.map { (key, $0) }
      }
    return known.filter { !swept.contains($0.key) }.map(\.words) + [replicaRange].compactMap { $0 }
  }

  /// How many replicas the points have.
  private var replicaRange: String? {
    let counts = exits.compactMap { $0.number("replicas") }.filter { $0 > 1 }.map { Int($0) }
    guard let least = counts.min(), let most = counts.max() else { return nil }
    return least == most ? "\(least) replicas each" : "\(least) to \(most) replicas each"
  }
}

extension SweepCurves {
  /// What the curves are, for captions.
  fileprivate var curveWords: String {
    others.isEmpty
      ? "" : ", a curve for each combination of \(others.joined(separator: ", "))"
  }
}
