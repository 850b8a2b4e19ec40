import Dynamics
import Foundation
import NetCDF

/// Writes a run as a netCDF-4 data set with the dimensions dynamics, threshold and replica.
///
/// Variables as in ``DataDictionary/netCDF``; conventions CF-1.10. An exit rule of another criterion
/// takes a place of its own along `threshold`. The experiment, its keys and the provenance are global
/// attributes, the seed as text since not every reader has 64-bit integers without sign. Throws
/// `NetCDFError`. Cost: about 1 µs a record, mostly compression.
public func writeNetCDF(_ run: Run, to path: String) throws {
  let file = try NetCDFFile(creating: path)
  let (kinds, rules) = (run.dynamics, run.rules)
  let replicaCount = run.series.map(\.records.count).max() ?? 0
  let dynamics = try file.addDimension("dynamics", count: kinds.count)
  let threshold = try file.addDimension("threshold", count: rules.count)
  let replica = try file.addDimension("replica", count: replicaCount)

  func describe(_ variable: NetCDFFile.Variable) throws {
    guard let field = DataDictionary.netCDF.first(where: { $0.name == variable.name }) else {
      preconditionFailure("every variable is in the dictionary")
    }
    try file.setAttribute("long_name", field.meaning, of: variable)
    if !field.unit.isEmpty { try file.setAttribute("units", field.unit, of: variable) }
  }
  func add<Value: NetCDFValue>(
    _ name: String, _ values: [Value], along dimension: NetCDFFile.Dimension, fill: Value? = nil
  ) throws {
    let variable = try file.addVariable(name, of: Value.self, along: [dimension], fill: fill)
    try describe(variable)
    try file.write(values, to: variable)
  }

  try describe(try file.addWords("dynamics", kinds.map(\.rawValue), along: dynamics))
  try add("threshold", rules.map(\.threshold), along: threshold)
  try describe(try file.addWords("criterion", rules.map(\.criterion), along: threshold))
  try add("replica", (0..<Int64(replicaCount)).map { $0 }, along: replica)
  try addRecords(run, to: file, along: [dynamics, threshold, replica], describe)

  let counts = kinds.map { kind in
    run.series.filter { $0.dynamics == kind }.map(\.records.count).max() ?? 0
  }
  try add("replicas", counts.map(Int64.init), along: dynamics)
  let timing = kinds.map { run.summary.timing?[$0.rawValue] }
  try add("steps", timing.map { Int64($0?.steps ?? -1) }, along: dynamics, fill: -1)
  try add("seconds", timing.map { $0?.seconds ?? .nan }, along: dynamics, fill: .nan)
  let theory = run.summary.theory
  for (name, values) in [
    ("annealed_exit_time", theory.annealedExitTime),
    ("quenched_exit_time", theory.quenchedExitTime),
    ("linearised_exit_time", theory.linearisedExitTime),
  ] {
    let predictions = rules.map { rule -> Double in
      rule.criterion == ExitCriterion.risk.name
        ? (values?["\(rule.threshold)"] ?? nil) ?? .nan : .nan
    }
    try add(name, predictions, along: threshold, fill: .nan)
  }
  try addLaw(run, to: file, along: threshold, describe)
  try addProvenance(
    title: "Exit times of one-pass SGD and its descriptions from the plateau",
    provenance: run.summary.provenance, warnings: run.summary.warnings ?? [],
    experiment: run.experimentText, options: run.options, to: file)
  try file.close()
}

private func addRecords(
  _ run: Run, to file: NetCDFFile, along dimensions: [NetCDFFile.Dimension],
  _ describe: (NetCDFFile.Variable) throws -> Void
) throws {
  let time = try file.addVariable("exit_time", of: Double.self, along: dimensions, fill: .nan)
  let last = try file.addVariable("last_time", of: Double.self, along: dimensions, fill: .nan)
  let step = try file.addVariable("exit_step", of: Int64.self, along: dimensions, fill: -1)
  let outcome = try file.addVariable("outcome", of: Int8.self, along: dimensions, fill: -1)
  for variable in [time, last, step, outcome] {
    try describe(variable)
    try file.setAttribute("coordinates", "criterion", of: variable)
  }
  let outcomes: [Outcome] = [.exited, .censored, .diverged]
  try file.setAttribute("flag_values", outcomes.map { Int8($0.rawValue) }, of: outcome)
  try file.setAttribute(
    "flag_meanings", outcomes.map(\.name).joined(separator: " "), of: outcome)
  let (kinds, rules) = (run.dynamics, run.rules)
  for series in run.series {
    guard let kind = kinds.firstIndex(of: series.dynamics),
      let rule = rules.firstIndex(where: series.hasSameRule)
    else { preconditionFailure("kinds and rules are those of the series") }
    let (place, records) = ([kind, rule], series.records)
    try file.write(records.map { $0.outcome == .exited ? $0.time : .nan }, to: time, at: place)
    try file.write(records.map { $0.outcome == .exited ? .nan : $0.time }, to: last, at: place)
    try file.write(records.map { Int64($0.step) }, to: step, at: place)
    try file.write(records.map { Int8($0.outcome.rawValue) }, to: outcome, at: place)
  }
}

/// Adds the law of the SDE's exit time at about 400 times, where it can be solved for.
private func addLaw(
  _ run: Run, to file: NetCDFFile, along threshold: NetCDFFile.Dimension,
  _ describe: (NetCDFFile.Variable) throws -> Void
) throws {
  let laws = run.rules.map(run.exitLaw)
  let curves = laws.map { found in
    found.map { law, _ in
      stride(from: 0, to: law.times.count, by: max(1, law.times.count / 400)).map {
        (time: law.times[$0], survival: law.survival[$0])
      }
    } ?? []
  }
  guard let count = curves.map(\.count).max(), count > 0 else { return }
  let point = try file.addDimension("law_point", count: count)
  for (name, value) in [
    ("law_time", \(time: Double, survival: Double).time), ("law_survival", \.survival),
  ] {
    let variable = try file.addVariable(
      name, of: Double.self, along: [threshold, point], fill: .nan)
    try describe(variable)
    if let monitoring = laws.compactMap({ $0?.monitoring.rawValue }).first {
      try file.setAttribute("monitoring", monitoring, of: variable)
    }
    for (index, curve) in curves.enumerated() where !curve.isEmpty {
      try file.write(curve.map { $0[keyPath: value] }, to: variable, at: [index])
    }
  }
}

/// Says in global attributes where a data set comes from, with every key of its experiment.
func addProvenance(
  title: String, provenance: RunSummary.Provenance, warnings: [String], experiment: String,
  options: ExperimentOptions, to file: NetCDFFile
) throws {
  let commit = provenance.commit.map { ", commit \($0)" } ?? ""
  var attributes = [
    ("Conventions", "CF-1.10"),
    ("title", title),
    ("source", "Escapement \(provenance.version)\(commit)"),
    ("references", "Arnaboldi et al. (2023), arXiv:2305.18502"),
    ("escapement_version", provenance.version),
    ("gsl_version", provenance.gsl),
    ("generator", provenance.generator),
    ("seed", "\(provenance.seed)"),
    ("experiment", experiment),
  ]
  if let commit = provenance.commit { attributes.append(("escapement_commit", commit)) }
  if !warnings.isEmpty {
    attributes.append(("warnings", warnings.joined(separator: "\n")))
  }
  for (name, text) in attributes { try file.setAttribute(name, text) }
  let known = Set(attributes.map(\.0))
  for (key, value) in options.values.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
    let name = key.rawValue.replacingOccurrences(of: "-", with: "_")
    guard !known.contains(name) else { continue }
    switch value.content {
    case .scalar(let text):
      if let number = Double(text) {
        try file.setAttribute(name, [number])
      } else {
        try file.setAttribute(name, text)
      }
    case .list(let items):
      let numbers = items.compactMap { item -> Double? in
        if case .scalar(let text) = item { return Double(text) }
        return nil
      }
      if numbers.count == items.count, !numbers.isEmpty {
        try file.setAttribute(name, numbers)
      }
    case .map: break  // It stands in the experiment's text.
    }
  }
}
