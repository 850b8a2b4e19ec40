import Dynamics
import Foundation
import NetCDF

/// Writes trajectories as a netCDF-4 data set with the dimensions dynamics, replica, quantile and time.
///
/// Variables as in ``DataDictionary/trajectoryNetCDF``; dynamics with fewer paths, and replicas after a
/// divergence, have the fill value, which is not a number. Throws `NetCDFError`.
public func writeNetCDF(_ run: TrajectoryRun, to path: String) throws {
  let file = try NetCDFFile(creating: path)
  let (plan, kinds, times) = (run.plan, run.plan.experiment.dynamics, run.plan.grid.times)
  func describe(_ variable: NetCDFFile.Variable, as name: String? = nil) throws {
    let name = name ?? variable.name
    guard let field = DataDictionary.trajectoryNetCDF.first(where: { $0.name == name }) else {
      preconditionFailure("every variable is in the dictionary")
    }
    try file.setAttribute("long_name", field.meaning, of: variable)
    if !field.unit.isEmpty { try file.setAttribute("units", field.unit, of: variable) }
  }
  func add(
    _ name: String, as description: String? = nil, along dimensions: [NetCDFFile.Dimension]
  ) throws -> NetCDFFile.Variable {
    let variable = try file.addVariable(name, of: Double.self, along: dimensions, fill: .nan)
    try describe(variable, as: description)
    return variable
  }

  let dynamics = try file.addDimension("dynamics", count: kinds.count)
  let time = try file.addDimension("time", count: times.count)
  try describe(try file.addWords("dynamics", kinds.map(\.rawValue), along: dynamics))
  try file.write(times, to: try add("time", along: [time]))
  if !run.paths.isEmpty {
    let counts = run.paths.map { $0.rows.count / times.count }
    let replica = try file.addDimension("replica", count: counts.max() ?? 0)
    let index = try file.addVariable("replica", of: Int64.self, along: [replica])
    try describe(index)
    try file.write((0..<Int64(replica.count)).map { $0 }, to: index)
    let described = plan.columns.flatMap { column in
      column.names(for: plan.experiment.model).map { ($0, TrajectoryRun.pattern(of: column)) }
    }
    for (column, (name, pattern)) in described.enumerated() {
      let variable = try add(name, as: pattern, along: [dynamics, replica, time])
      for (place, series) in run.paths.enumerated() {
        for path in 0..<counts[place] {
          let rows = series.rows[(path * times.count)..<((path + 1) * times.count)]
          try file.write(rows.map { $0[column] }, to: variable, at: [place, path])
        }
      }
    }
  }
  if !run.bands.isEmpty {
    let quantile = try file.addDimension("quantile", count: plan.quantiles.count)
    try file.write(plan.quantiles, to: try add("quantile", along: [quantile]))
    let replicas = try add("replicas", along: [dynamics])
    try file.write(run.bands.map { $0.rows[0][0] }, to: replicas)
    for (column, name) in ["diverged", "risk_mean", "risk_standard_error"].enumerated() {
      let variable = try add(name, along: [dynamics, time])
      for (place, series) in run.bands.enumerated() {
        try file.write(series.rows.map { $0[column + 1] }, to: variable, at: [place])
      }
    }
    let variable = try add("risk_quantile", along: [dynamics, quantile, time])
    for (place, series) in run.bands.enumerated() {
      for index in plan.quantiles.indices {
        try file.write(series.rows.map { $0[4 + index] }, to: variable, at: [place, index])
      }
    }
  }
  try addProvenance(
    title: "Paths of one-pass SGD and its descriptions from the plateau",
    provenance: run.provenance, warnings: run.warnings, experiment: run.experimentText,
    options: run.options.experiment, to: file)
  try file.close()
}

extension TrajectoryRun {
  /// The name under which the dictionary describes the numbers of a column.
  static func pattern(of column: TrajectoryColumn) -> String {
    switch column {
    case .risk: return "risk"
    case .teacherOverlaps: return "M_j_r"
    case .studentOverlaps: return "Q_j_l"
    case .secondLayer: return "a_j"
    case .trainingRisk: return "training_risk"
    }
  }
}
