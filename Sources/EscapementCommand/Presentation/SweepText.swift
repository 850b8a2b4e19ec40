import Escapement
import Foundation
import Rainbow

/// Lists the points of a grid with their estimated work, for `--dry-run`.
///
/// `work` is the work of quadrature at each point, which the estimates by closed forms do not know.
func sweepPlan(_ points: [SweepPoint], _ work: [[QuadratureWork]], _ page: inout Page) {
  let seconds = zip(points, work).map { point, work in
    point.experiment.dynamics.reduce(0) { sum, kind in
      let quadrature = work.first { $0.kind == kind }?.coreSeconds
      return sum + (quadrature ?? point.experiment.estimatedSeconds(kind))
    }
  }
  let rows = zip(points, seconds).map { point, seconds in
    let experiment = point.experiment
    let replicas = experiment.dynamics.map { "\($0.rawValue) \(experiment.replicaCount($0))" }
    return [
      "\(point.index)", point.coordinates.words, NumberText.given(experiment.model.learningRate),
      replicas.joined(separator: ", "), NumberText.short(seconds),
    ]
  }
  let total = seconds.reduce(0, +)
  let threads = points.first?.experiment.threads ?? 1
  page.add(
    "\(points.count) points, about \(NumberText.duration(total / Double(threads))) "
      + "on \(threads) threads")
  page.add(
    Table(
      header: ["point", "keys", "γ", "replicas", "core seconds, about"], rows: rows,
      right: [0, 2, 4], spare: [3], labels: 2))
}

extension Page {
  /// Adds a sweep: from which dimension the noise is negligible, the map of verdicts or of exit times, and as
  /// details the fits.
  mutating func add(_ sweep: Escapement.Sweep) {
    let map = SweepMap(sweep)
    let fits = sweep.summary.fits
    let hasNoise = sweep.results.contains { !$0.pairs.noisePairs.isEmpty }
    for fit in fits.noiseShift {
      for margin in fit.margins where sweep.margins.contains(margin.margin) {
        let (head, text) = marginSentence(margin, fit)
        // Of many only some fit beside the map.
        add(text, mark: head, rank: fits.noiseShift.count > 2 ? 2 : 0)
      }
    }
    for mark in hasNoise ? map.marks : [] {
      add(
        map.table { map.noise($0, mark) },
        title: "Noise in the mean exit time, \(mark.text)".bold + ": SGD's law against the ODE")
    }
    if hasNoise {
      add(map.legend + (hasDetails ? "; \(sweep.summary.adjustment)" : ""), isApart: true)
    }
    for gain in fits.widthGain { add(gain) }
    func addExits(_ page: inout Page) {
      for mark in map.marks where mark.criterion == ExitCriterion.risk.name {
        for dynamics in map.dynamics {
          page.add(
            map.table { map.exits($0, dynamics, mark) },
            title: "Exit over its formula, \(mark.text), \(dynamics.title)".bold
              + ": \(map.formulaName(dynamics, mark))", rank: 2)
        }
      }
    }
    if hasNoise { addDetails(addExits) } else { addExits(&self) }
    guard !fits.samples.isEmpty || !fits.noiseShift.isEmpty else { return }
    addDetails { page in
      if !fits.samples.isEmpty {
        page.add(
          samplesTable(fits.samples), title: "Exit in samples, ν = c d log d + c' d".bold)
      }
      if !fits.noiseShift.isEmpty {
        page.add(
          shiftTable(fits.noiseShift),
          title: "Shift of the mean exit time by the noise, against d".bold)
      }
    }
  }

  /// Adds what width gains.
  private mutating func add(_ gain: WidthGain) {
    let kind = DynamicsKind(rawValue: gain.dynamics)?.title ?? gain.dynamics
    let head =
      "Gain from width in samples".bold
      + ", \(markText(gain.criterion, gain.threshold)), \(kind)\(heading(gain.place)); at most "
      + "\(NumberText.short(gain.largestPredictedGain)) by (12 + Δ)/(2 + Δ)"
    let rows = gain.widths.map { best in
      [
        "\(best.width)", NumberText.short(best.learningRate) + (best.isAtEdge ? " (edge)" : ""),
        NumberText.short(best.predictedLearningRate),
        NumberText.measured(best.meanSamples, best.standardError), NumberText.short(best.gain),
        best.interval.map(NumberText.interval) ?? "–", NumberText.short(best.predictedGain),
        NumberText.short(best.annealedGain),
      ]
    }
    add(
      Table(
        header: ["p", "best γ", "by theory", "samples", "gain", "95%", "by growth", "annealed"],
        rows: rows, right: Set(0...7), spare: [7, 6, 2]), title: head, rank: 1)
  }
}

private func markText(_ criterion: String, _ threshold: Double) -> String {
  WrittenMark(criterion: criterion, threshold: threshold).text
}

private func heading(_ place: String) -> String { place.isEmpty ? "" : " at " + place }

extension Escapement.Sweep {
  /// The margins that were declared.
  fileprivate var margins: Set<Double> { Set(points.map(\.experiment.margin)) }
}

/// Lays the points of a grid out in a plane: the axis with the fewest values across, the rest down.
private struct SweepMap {
  let sweep: Escapement.Sweep
  private let across: String?

  init(_ sweep: Escapement.Sweep) {
    self.sweep = sweep
    func count(_ key: String) -> Int {
      Set(sweep.points.map { $0.value(of: key) }).count
    }
    let keys = sweep.summary.keys.filter { count($0) > 1 }
    across = keys.count < 2 ? nil : keys.min { count($0) < count($1) }
  }

  var marks: [WrittenMark] {
    (sweep.points.first?.experiment.exitRule.marks ?? []).map(WrittenMark.init)
  }
  var dynamics: [DynamicsKind] { sweep.points.first?.experiment.dynamics ?? [] }

  func table(_ cell: (Int) -> String) -> Table {
    let keys = sweep.summary.keys.filter { $0 != across }
    let columns = across.map { key in unique(sweep.points.map { $0.value(of: key) }) } ?? [""]
    func words(_ key: String, _ value: String) -> String {
      sweep.points.first { $0.value(of: key) == value }?.words(of: key) ?? value
    }
    let places = unique(sweep.points.map { point in keys.map { point.value(of: $0) } })
    let rows = places.map { place in
      zip(keys, place).map(words)
        + columns.map { column in
          let index = sweep.points.firstIndex { point in
            keys.map { point.value(of: $0) } == place
              && (across.map { point.value(of: $0) } ?? "") == column
          }
          return index.map(cell) ?? ""
        }
    }
    let header = keys + columns.map { column in across.map { "\($0) \(words($0, column))" } ?? "" }
    return Table(
      header: header, rows: rows, right: Set(header.indices), labels: max(1, keys.count))
  }

  private func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
    var seen: Set<Value> = []
    return values.filter { seen.insert($0).inserted }
  }

  /// The shift in per cent of the ODE's time, with the verdict of the map.
  func noise(_ index: Int, _ mark: WrittenMark) -> String {
    let result = sweep.results[index]
    guard let pair = result.headline(at: mark), let ratio = pair.meanRatio else { return "–" }
    var shift = NumberText.signedPercent(ratio.estimate - 1)
    // Restricted means tend to each other as more is censored.
    if let end = ratio.restrictedTo ?? pair.restrictedTo, let least = ratio.seen.min() {
      shift += " to τ \(NumberText.short(end)), \(NumberText.percent(1 - least)) censored"
    }
    switch sweep.summary.mapVerdict(point: sweep.points[index].index, mark) {
    case .equivalent: return "\(shift) =".green
    case .different: return "\(shift) ≠".red
    default: return "\(shift) ?".yellow
    }
  }

  var legend: String {
    let margins = unique(sweep.points.map { NumberText.givenPercent($0.experiment.margin) })
    return "= negligible, ≠ not negligible, ? not decided, at a margin of "
      + margins.joined(separator: ", ")
  }

  func formulaName(_ kind: DynamicsKind, _ mark: WrittenMark) -> String {
    let isQuenched = sweep.results.indices.contains {
      sweep.formulas(at: $0, mark).quenched != nil
    }
    return isQuenched ? "annealed | quenched" : "annealed"
  }

  func exits(_ index: Int, _ kind: DynamicsKind, _ mark: WrittenMark) -> String {
    let found = sweep.results[index].exits.first {
      $0.dynamics == kind.rawValue && $0.mark == mark
    }
    guard let exits = found, let mean = exits.mean else { return "–" }
    func ratio(_ formula: Double?) -> String? {
      formula.map { formula in
        NumberText.measured(mean / formula, exits.standardError.map { $0 / formula })
      }
    }
    let formulas = sweep.formulas(at: index, mark)
    let both = [ratio(formulas.annealed), ratio(formulas.quenched)].compactMap { $0 }
    return both.isEmpty ? "–" : both.joined(separator: " | ")
  }
}

extension SweepPoint {
  /// The value of a key with all its digits, which tells it from others.
  fileprivate func value(of key: String) -> String {
    coordinates.first { $0.key == key }.map { [$0].text } ?? ""
  }

  /// The value of a key as a person reads it.
  fileprivate func words(of key: String) -> String {
    coordinates.first { $0.key == key }?.words ?? ""
  }
}

private func samplesTable(_ fits: [SamplesFit]) -> Table {
  let rows = fits.map { fit in
    let (c, rest) = (fit.fit.terms[0], fit.fit.terms[1])
    return [
      fit.place, DynamicsKind(rawValue: fit.dynamics)?.title ?? fit.dynamics,
      markText(fit.criterion, fit.threshold),
      NumberText.measured(c.estimate, c.standardError), NumberText.short(fit.predictedPrefactor),
      NumberText.measured(rest.estimate, rest.standardError),
      NumberText.short(fit.fit.pValue),
    ]
  }
  return Table(
    header: ["at", "dynamics", "exit", "c", "c by 1/(2μγ/p)", "c'", "p of χ²"], rows: rows,
    right: [2, 3, 4, 5, 6], labels: 3)
}

private func shiftTable(_ fits: [ShiftFit]) -> Table {
  let margins = Set(fits.flatMap { $0.margins.map(\.margin) }).sorted()
  let rows = fits.map { fit in
    let constant = fit.fit.terms[0]
    return [
      fit.place, markText(fit.criterion, fit.threshold),
      NumberText.measured(constant.estimate, constant.standardError),
      NumberText.short(fit.linearised), NumberText.short(fit.fit.pValue),
    ]
      + margins.map { margin in
        fit.margins.first { $0.margin == margin }.map(beginning) ?? "–"
      }
  }
  let columns = margins.map { "\(NumberText.givenPercent($0)) from d" }
  return Table(
    header: ["at", "exit", "τ for large d", "linearised law", "p of χ²"] + columns, rows: rows,
    right: Set(1..<(5 + columns.count)), labels: 2)
}

private func beginning(_ margin: MarginDimension) -> String {
  switch margin.status {
  case .everywhere: return "all"
  case .never: return "none"
  case .inside: return margin.decimalLogarithm.map(NumberText.dimension) ?? "–"
  case .extrapolated: return (margin.decimalLogarithm.map(NumberText.dimension) ?? "–") + " *"
  }
}

/// Says in words from which d the noise is negligible at the margin declared beforehand, after its mark.
private func marginSentence(
  _ margin: MarginDimension, _ fit: ShiftFit
) -> (mark: String, text: String) {
  let name = NumberText.givenPercent(margin.margin)
  let place = margin.decimalLogarithm.map(NumberText.dimension) ?? "–"
  let ends = margin.interval.map { $0.map(NumberText.dimension) ?? "–" }.joined(separator: " … ")
  var text: String
  switch margin.status {
  case .everywhere: text = "negligible within \(name) at every d of the grid".green
  case .never: text = "not negligible at \(name) for any d".red
  case .inside: text = "negligible within \(name) from d = \(place) on (95%: \(ends))"
  case .extrapolated:
    text = "not negligible at \(name) at any d of the grid".red
    text += "; prolonged beyond the grid (*) it would be from d = \(place) on (95%: \(ends))"
  }
  if let value = margin.pValue, value < 0.01 {
    text += "; the fit is poor, p of χ² \(NumberText.short(value))"
  }
  return ("\(markText(fit.criterion, fit.threshold))\(heading(fit.place)): ", text)
}
