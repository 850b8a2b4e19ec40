import Foundation

/// Describes the columns and variables of every file that results are written to, as the page of data files has
/// them.
public enum DescribedFiles {
  private static let point = [Field.point, .sweptKey] + Field.placeFields

  /// The files, in the order of the page, each with its columns or variables.
  static let described: [(file: String, fields: [Field])] = [
    (
      "exit_times.csv",
      [.dynamics, .criterion, .threshold, .replica] + ExitRecord.columns.map(\.field)
    ),
    (
      "exit_time_summary.csv",
      [.dynamics, .criterion, .threshold] + ExitTimeRow.columns.map(\.field)
    ),
    (
      "comparisons.csv",
      [.first, .second, .criterion, .threshold] + PairRow.columns.map(\.field)
    ),
    (
      "exit_times.nc",
      [.dynamics, .criterion, .threshold, .replica] + ExitRecord.variables.map(\.field)
        + Run.costColumns.map(\.field) + Run.formulaColumns.map(\.field)
        + Run.lawColumns.map(\.field)
    ),
    (
      "trajectories.csv",
      [.dynamics, .replica, .time] + TrajectoryColumn.allCases.map(\.field)
    ),
    ("bands.csv", [.dynamics, .time] + BandRow.columns([]).map(\.field) + [BandRow.quantile]),
    ("fall_times.csv", [.dynamics] + Field.fallen + [.fallTime]),
    (
      "trajectories.nc",
      [.dynamics, .replica, .time] + TrajectoryColumn.allCases.map(\.field)
        + [BandRow.count.field] + BandRow.variables.map(\.field)
        + [.probability, BandRow.quantile.named("risk_quantile")]
    ),
    ("sweep.csv", point + SweepSummary.exitLabels + ExitTimeRow.sweepColumns.map(\.field)),
    ("verdicts.csv", SweepSummary.verdictLabels + VerdictMap.columns.map(\.field)),
    ("exit_law.csv", [.threshold] + LawSummary.columns.map(\.field)),
    ("exit_law_survival.csv", [.threshold] + LawSummary.curveColumns.map(\.field)),
    ("plateau_risk.csv", [PlateauSummary.label] + PlateauSummary.columns.map(\.field)),
    (
      "plateau_risk_overlaps.csv",
      [PlateauSummary.label] + PlateauSummary.overlapLabels
        + PlateauSummary.overlapColumns.map(\.field)
    ),
    ("closed_forms.csv", TheorySummary.columns.map(\.field)),
    ("closed_forms_exit_times.csv", [.threshold] + Run.formulaColumns.map(\.field)),
    ("sample_test.csv", [SampleComparison.label] + SampleComparison.columns.map(\.field)),
    ("sample_test_ratio.csv", SampleComparison.ratioColumns.map(\.field)),
  ]

  /// The columns or variables of a file.
  static func fields(of file: String) -> [Field] {
    described.first { $0.file == file }?.fields ?? []
  }

  /// A page of files in which the table under the name of each is what its variables say, and all else as it was.
  static func page(_ text: String) -> String {
    var lines: [Substring] = []
    var table: [Substring]?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("## ") {
        table = described.first { $0.file == line.dropFirst(3) }?.fields.map {
          "| `\($0.name)` | \($0.unit) | \($0.meaning) |"
        }
      }
      if line.hasPrefix("| `"), table != nil { continue }
      lines.append(line)
      if line.hasPrefix("|---"), let rows = table { lines += rows }
    }
    return lines.joined(separator: "\n")
  }
}
