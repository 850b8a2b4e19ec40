import Escapement
import Foundation
import Rainbow

/// Lists the points of a grid with their estimated work, for `--dry-run`.
///
/// `work` is the work of quadrature at each point, which the estimates by closed forms do not know.
func sweepPlan(_ points: [SweepPoint], _ work: [[QuadratureWork]]) -> String {
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
  return textTable(
    ["point", "keys", "γ", "replicas", "core seconds, about"], rows, rightAligned: [0, 2, 4])
    + "\n\(points.count) points, about \(NumberText.duration(total / Double(threads))) "
    + "on \(threads) threads\n"
}

/// Writes a sweep for a person: the map of verdicts or of exit times, then the fits in words.
func sweepText(_ sweep: Escapement.Sweep) -> String {
  let map = SweepMap(sweep)
  var text = "Sweep".bold + " of \(sweep.points.count) points\n"
  let hasNoise = sweep.results.contains { result in
    !result.pairs.noisePairs.isEmpty
  }
  for mark in map.marks {
    if hasNoise {
      text +=
        "\n" + "Noise in the mean exit time, \(mark.text)".bold
        + ": SGD's law against the ODE\n"
      text += map.table { map.noise($0, mark) }
    }
    for dynamics in map.dynamics where mark.criterion == ExitCriterion.risk.name {
      text += "\n" + "Exit over its formula, \(mark.text), \(dynamics.title)".bold
      text += ": \(map.formulaName(dynamics, mark))\n"
      text += map.table { map.exits($0, dynamics, mark) }
    }
  }
  if hasNoise { text += "\n" + map.legend }
  let fits = sweep.summary.fits
  if !fits.samples.isEmpty {
    text += "\n" + "Exit in samples, ν = c d log d + c' d".bold + "\n" + samplesTable(fits.samples)
  }
  if !fits.noiseShift.isEmpty {
    text += "\n" + "Shift of the mean exit time by the noise, against d".bold + "\n"
    text += shiftTable(fits.noiseShift)
    for fit in fits.noiseShift {
      text += fit.margins.filter { sweep.margins.contains($0.margin) }
        .map { marginSentence($0, fit) }.joined()
    }
  }
  for gain in fits.widthGain { text += "\n" + gainText(gain) }
  return text
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

  func table(_ cell: (Int) -> String) -> String {
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
    return textTable(header, rows, rightAligned: Set(header.indices))
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
      + "\(margins.joined(separator: ", ")); \(sweep.summary.adjustment)\n"
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

private func samplesTable(_ fits: [SamplesFit]) -> String {
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
  return textTable(
    ["at", "dynamics", "exit", "c", "c by 1/(2μγ/p)", "c'", "p of χ²"], rows,
    rightAligned: [2, 3, 4, 5, 6])
}

private func shiftTable(_ fits: [ShiftFit]) -> String {
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
  return textTable(
    ["at", "exit", "τ for large d", "linearised law", "p of χ²"] + columns, rows,
    rightAligned: Set(1..<(5 + columns.count)))
}

private func beginning(_ margin: MarginDimension) -> String {
  switch margin.status {
  case .everywhere: return "all"
  case .never: return "none"
  case .inside: return margin.decimalLogarithm.map(NumberText.dimension) ?? "–"
  case .extrapolated: return (margin.decimalLogarithm.map(NumberText.dimension) ?? "–") + " *"
  }
}

/// Says in words from which d the noise is negligible at the margin declared beforehand.
private func marginSentence(_ margin: MarginDimension, _ fit: ShiftFit) -> String {
  let name = NumberText.givenPercent(margin.margin)
  let head = "\(markText(fit.criterion, fit.threshold))\(heading(fit.place)): "
  let place = margin.decimalLogarithm.map(NumberText.dimension) ?? "–"
  let ends = margin.interval.map { $0.map(NumberText.dimension) ?? "–" }.joined(separator: " … ")
  var text: String
  switch margin.status {
  case .everywhere: text = head + "negligible within \(name) at every d of the grid".green
  case .never: text = head + "not negligible at \(name) for any d".red
  case .inside: text = head + "negligible within \(name) from d = \(place) on (95%: \(ends))"
  case .extrapolated:
    text = head + "not negligible at \(name) at any d of the grid".red
    text += "; prolonged beyond the grid (*) it would be from d = \(place) on (95%: \(ends))"
  }
  if let value = margin.pValue, value < 0.01 {
    text += "; the fit is poor, p of χ² \(NumberText.short(value))"
  }
  return text + "\n"
}

private func gainText(_ gain: WidthGain) -> String {
  let kind = DynamicsKind(rawValue: gain.dynamics)?.title ?? gain.dynamics
  let head =
    "Gain from width in samples".bold
    + ", \(markText(gain.criterion, gain.threshold)), \(kind)\(heading(gain.place)); at most "
    + "\(NumberText.short(gain.largestPredictedGain)) by (12 + Δ)/(2 + Δ)\n"
  let rows = gain.widths.map { best in
    [
      "\(best.width)", NumberText.short(best.learningRate) + (best.isAtEdge ? " (edge)" : ""),
      NumberText.short(best.predictedLearningRate),
      NumberText.measured(best.meanSamples, best.standardError), NumberText.short(best.gain),
      best.interval.map(NumberText.interval) ?? "–", NumberText.short(best.predictedGain),
      NumberText.short(best.annealedGain),
    ]
  }
  return head
    + textTable(
      ["p", "best γ", "by theory", "samples", "gain", "95%", "by growth", "annealed"], rows,
      rightAligned: Set(0...7))
}
