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

extension Trajectories {
  /// The paths, a place for each dynamics, replica and time: trajectories.csv, in which numbers are missing once a
  /// replica has diverged.
  public var pathTable: DataTable {
    let (runs, times) = (runs, plan.grid.times)
    let fields = plan.columns.flatMap { column in
      column.names(for: plan.experiment.model).map(column.field.named)
    }
    let replicas = DataTable.Dimension.replicas(runs.map(\.pathCount).max() ?? 0)
    return DataTable(
      "trajectories", [.dynamics(runs.map(\.kind)), replicas, .times(times)], fields
    ) {
      zip(0..., runs).lazy.flatMap { place, run in
        (0..<run.pathCount).lazy.flatMap { path in
          times.indices.lazy.map { time in
            (
              place: [place, path, time],
              values: run.values(path: path, time: time).map(DataValue.number)
            )
          }
        }
      }
    }
  }

  /// The summaries of the risk, a place for each dynamics and time: bands.csv.
  public var bandTable: DataTable { bandTable(BandRow.columns(plan.quantiles)) }

  fileprivate func bandTable(_ columns: [Column<BandRow>]) -> DataTable {
    let runs = runs
    return DataTable("bands", [.dynamics(runs.map(\.kind)), .times(plan.grid.times)], columns) {
      runs.lazy.enumerated().flatMap { place, run in
        run.bands.lazy.enumerated().map { time, band in
          (place: [place, time], row: BandRow(replicas: run.replicas, band: band))
        }
      }
    }
  }

  /// Names and contents of the files of a run directory.
  package func files() throws -> [(name: String, fill: (OutputSink) throws -> Void)] {
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
  /// When quantiles of the risk have fallen by given fractions: fall_times.csv.
  var fallTable: DataTable {
    let courses = courses()
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
    let runs = trajectories.runs
    var tables = plan.paths == 0 ? [] : [trajectories.pathTable]
    if !plan.quantiles.isEmpty {
      let (kinds, quantiles) = (DataTable.Dimension.dynamics(runs.map(\.kind)), plan.quantiles)
      tables += [
        DataTable("counts", [kinds], [BandRow.count]) {
          runs.lazy.enumerated().map {
            (place: [$0], row: BandRow(replicas: $1.replicas, band: $1.bands[0]))
          }
        },
        trajectories.bandTable(BandRow.variables),
        DataTable(
          "quantiles", [kinds, .numbers(.probability, quantiles), .times(plan.grid.times)],
          [Column<Double?>(BandRow.quantile.named("risk_quantile")) { $0 }]
        ) {
          runs.lazy.enumerated().flatMap { kind, run in
            quantiles.indices.lazy.flatMap { quantile in
              run.bands.lazy.enumerated().map { time, band in
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
