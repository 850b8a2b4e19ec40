import Dynamics
import Foundation

/// Writes a notebook that loads a run's netCDF data set and draws its figures with matplotlib.
public func runNotebook(_ run: Run) throws -> Data {
  let report = RunReport(run: run)
  return try notebook(
    PackageResources.notebook_py_txt, ["title": report.title, "setting": report.setting])
}

/// Writes a notebook that loads the netCDF data set of trajectories and draws their figures with matplotlib.
public func trajectoryNotebook(_ run: TrajectoryRun) throws -> Data {
  let report = TrajectoryReport(run: run, courses: [])
  return try notebook(
    PackageResources.trajectories_py_txt,
    [
      "title": report.title, "setting": report.setting,
      "scale": run.plan.hasLogarithmicTimes ? "log" : "linear",
      "plateau": EscapeTheory(model: run.plan.experiment.model).plateau.map { "\($0)" } ?? "0",
    ])
}

/// Writes a notebook that loads the tables of a sweep and draws its figures with matplotlib.
public func sweepNotebook(_ sweep: SweepTables) throws -> Data {
  // Text in JSON is text in Python, whatever it holds.
  func literal<Value: Encodable>(_ value: Value) throws -> String {
    String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
  }
  let curves = SweepCurves(sweep)
  return try notebook(
    PackageResources.sweep_py_txt,
    [
      "swept": literal(sweep.sweptKeys), "axis": literal(curves.axis),
      "others": literal(curves.others), "adjustment": sweep.adjustment,
      "symbols": criterionSymbols,
    ])
}

/// A Python dictionary from a criterion's word to what stands before ' = ' in its label; those of overlaps follow
/// from theirs.
var criterionSymbols: String {
  let entries = ExitCriterion.Family.listed.filter { !$0.isNumbered }.map { family in
    let label = family.criterion().label("").dropLast(" = ".count)
    return "\"\(family.rawValue)\": \"\(label)\""
  }
  return "{" + entries.joined(separator: ", ") + "}"
}

private func notebook(_ script: [UInt8], _ words: [String: String]) throws -> Data {
  // A line end in a word would leave the comment, or the cell, that the word stands in.
  let lines = words.mapValues(singleLine)
  return try Notebook(
    script: rendered(
      script, lines.merging(FigureStyle.pythonWords) { own, _ in own },
      with: ["style": PackageResources.style_py_txt])
  ).contents
}
