import Dynamics
import Foundation

extension TrajectoryColumn {
  /// Describes its numbers, under the pattern of their names.
  var field: Field {
    switch self {
    case .risk: return Field("risk", "excess risk R; nothing, as all beside it, after a divergence")
    case .teacherOverlaps: return Field("M_j_r", "overlap of student j and teacher unit r, from 1")
    case .studentOverlaps: return Field("Q_j_l", "overlap of students j and l ≤ j")
    case .secondLayer: return Field("a_j", "second-layer weight of student j")
    case .trainingRisk:
      return Field(
        "training_risk", "training risk of a finite set of samples, the noise of its labels in it")
    }
  }
}

/// Is what the replicas of a dynamics do at one time.
struct BandRow: Sendable {
  let replicas: Int
  let band: RiskBand

  private static let diverged = Column<BandRow>(
    "diverged", "replicas that left the finite numbers by then"
  ) { $0.band.diverged }
  static let count = Column<BandRow>("replicas", "number of replicas that quantiles are taken over")
  {
    $0.replicas
  }
  private static func mean(_ name: String) -> Column<BandRow> {
    Column(name, "mean excess risk; nothing when a replica has diverged") { $0.band.mean }
  }
  private static func error(_ name: String) -> Column<BandRow> {
    Column(name, "standard error of the mean") { $0.band.standardError }
  }
  /// A quantile, under the pattern of its name.
  static let quantile = Field("quantile_P", "quantile of the risk at P, diverged replicas at +∞")

  /// The columns of bands.csv.
  static func columns(_ probabilities: [Double]) -> [Column<BandRow>] {
    [count, diverged, mean("mean"), error("standard_error")]
      + probabilities.enumerated().map { index, probability in
        Column(quantile.named("quantile_\(probability)")) { $0.band.quantiles[index] }
      }
  }

  /// The variables of trajectories.nc along dynamics and time.
  static let variables = [diverged, mean("risk_mean"), error("risk_standard_error")]
}

extension TrajectoryPlan {
  /// The paths, a place for each dynamics, replica and time: trajectories.csv.
  ///
  /// `values` are the numbers of a path at a time, one a column; not numbers after a divergence.
  func pathTable(
    _ series: [(kind: DynamicsKind, count: Int)],
    _ values: @escaping @Sendable (_ series: Int, _ path: Int, _ time: Int) -> [Double]
  ) -> DataTable {
    let fields = columns.flatMap { column in
      column.names(for: experiment.model).map(column.field.named)
    }
    let times = grid.times
    return DataTable(
      "trajectories",
      [
        .dynamics(series.map(\.kind)), .replicas(series.map(\.count).max() ?? 0), .times(times),
      ], fields
    ) {
      AnySequence(
        series.indices.lazy.flatMap { place in
          (0..<series[place].count).lazy.flatMap { path in
            times.indices.lazy.map { time in
              (place: [place, path, time], values: values(place, path, time).map(DataValue.number))
            }
          }
        })
    }
  }

  /// The summaries of the risk, a place for each dynamics and time: bands.csv.
  func bandTable(_ series: [(kind: DynamicsKind, replicas: Int, bands: [RiskBand])]) -> DataTable {
    bandTable("bands", series, BandRow.columns(quantiles))
  }

  fileprivate func bandTable(
    _ name: String, _ series: [(kind: DynamicsKind, replicas: Int, bands: [RiskBand])],
    _ columns: [Column<BandRow>]
  ) -> DataTable {
    DataTable(name, [.dynamics(series.map(\.kind)), .times(grid.times)], columns) {
      series.lazy.enumerated().flatMap { place, series in
        series.bands.lazy.enumerated().map { time, band in
          (place: [place, time], row: BandRow(replicas: series.replicas, band: band))
        }
      }
    }
  }
}

extension Trajectories {
  /// The paths: trajectories.csv, in which numbers are missing once a replica has diverged.
  public var pathTable: DataTable {
    plan.pathTable(runs.map { ($0.kind, $0.pathCount) }) { [runs] in
      runs[$0].values(path: $1, time: $2)
    }
  }

  /// The bands: bands.csv.
  public var bandTable: DataTable {
    plan.bandTable(runs.map { ($0.kind, $0.replicas, $0.bands) })
  }

  /// Names and contents of the files of a run directory.
  public func files() throws -> [(name: String, fill: (OutputSink) throws -> Void)] {
    let json = try jsonData(TrajectorySummary(self, withPaths: false))
    var files: [(name: String, fill: (OutputSink) throws -> Void)] = [
      ("experiment.yaml", { [plan] in try $0.write(plan.yaml) }),
      ("summary.json", { try $0.write(json) }),
    ]
    for (table, isThere) in [(pathTable, plan.paths > 0), (bandTable, !plan.quantiles.isEmpty)]
    where isThere {
      files.append(("\(table.name).csv", { sink in try table.writeCSV { try sink.write($0) } }))
    }
    return files
  }
}

/// Fractions of the risk whose loss is timed.
let timedFractions = [0.01, 0.1, 0.5, 0.9, 0.99]

extension Field {
  /// The labels of fall_times.csv after the dynamics, and what it holds.
  static let fallen = [
    Field("probability", "probability of the risk's quantile over replicas"),
    Field("fraction", "fraction that it has lost of what it was at the first time"),
  ]
  static let fallTime = Field(
    "time", unit: "τ", "first time of that; nothing when it does not come by the last")
}

extension TrajectoryRun {
  var pathTable: DataTable {
    let times = plan.grid.times.count
    return plan.pathTable(paths.map { ($0.kind, $0.rows.count / times) }) { [paths] in
      paths[$0].rows[$1 * times + $2]
    }
  }

  var bandTable: DataTable { plan.bandTable(bands.map { ($0.kind, $0.replicas, $0.bands) }) }

  /// When quantiles of the risk have fallen by given fractions: fall_times.csv; throws `GSLError`.
  func fallTable() throws -> DataTable {
    let courses = try courses()
    let probabilities = courses.first?.probabilities ?? []
    return DataTable(
      "fall_times",
      [
        .dynamics(courses.map(\.kind)), .numbers(Field.fallen[0], probabilities),
        .numbers(Field.fallen[1], timedFractions),
      ], [Column<Double?>(.fallTime) { $0 }]
    ) {
      courses.lazy.enumerated().flatMap { kind, course in
        probabilities.indices.lazy.flatMap { quantile in
          timedFractions.lazy.enumerated().map { place, fraction in
            (
              place: [kind, quantile, place],
              row: course.timeOfFall(by: fraction, quantile: quantile)
            )
          }
        }
      }
    }
  }

  /// Paths and bands: trajectories.nc.
  public var dataSet: DataSet {
    let bands = bands.map { ($0.kind, $0.replicas, $0.bands) }
    var tables = paths.isEmpty ? [] : [pathTable]
    if !bands.isEmpty {
      let (kinds, quantiles) = (DataTable.Dimension.dynamics(bands.map(\.0)), plan.quantiles)
      tables += [
        DataTable("counts", [kinds], [BandRow.count]) {
          bands.lazy.enumerated().map {
            (place: [$0], row: BandRow(replicas: $1.1, band: $1.2[0]))
          }
        },
        plan.bandTable("bands", bands, BandRow.variables),
        DataTable(
          "quantiles", [kinds, .numbers(.probability, quantiles), .times(plan.grid.times)],
          [Column<Double?>(BandRow.quantile.named("risk_quantile")) { $0 }]
        ) {
          bands.lazy.enumerated().flatMap { kind, series in
            quantiles.indices.lazy.flatMap { quantile in
              series.2.lazy.enumerated().map { time, band in
                (place: [kind, quantile, time], row: band.quantiles[quantile])
              }
            }
          }
        },
      ]
    }
    return DataSet(
      tables: tables,
      attributes: provenanceAttributes(
        title: "Paths of one-pass SGD and its descriptions from the plateau", provenance, warnings,
        experimentText, plan.experiment.resolved))
  }
}
