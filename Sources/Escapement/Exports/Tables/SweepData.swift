import Dynamics
import Foundation
import Statistics

extension Field {
  static let point = Field("point", .count, "place of the point in the grid, from 1")
  /// Stands for each swept key.
  static let sweptKey = Field("KEY", .any, "value of a swept key")
  /// What follows the swept keys where it is not one of them.
  static let placeFields = [
    Field("dimension", .any, unit: "1", "input dimension d"),
    Field("width", .any, unit: "1", "number of students p"),
    Field("learning-rate", .any, unit: "1", "learning rate γ"),
    Field("seed", .any, "seed of the point"),
  ]

  /// Describes a column that says which point a row is of.
  static func place(_ name: String) -> Field {
    ([point] + placeFields).first { $0.name == name } ?? sweptKey.named(name)
  }
}

extension DataTable.Dimension {
  /// Points of a grid, labelled by all that says which one a row is of, `point` first.
  static func points(_ names: [String], _ places: [[DataValue]]) -> Self {
    Self(
      name: "point", count: places.count,
      coordinates: names.enumerated().map { index, name in
        Column(.place(name)) { places[$0][index] }
      })
  }

  /// Points of a sweep; a swept key that one of `columns` is named like gets another name, since names are told
  /// apart.
  fileprivate static func points(_ points: [SweepPoint], before columns: [String]) -> Self {
    let places = points.map { point -> [(String, DataValue)] in
      let model = point.experiment.model
      let keys =
        [("point", DataValue.count(point.index))]
        + point.coordinates.map { key in
          ((columns.contains(key.key) ? "swept-" : "") + key.key, DataValue(key.value))
        }
      let others: [(String, DataValue)] = [
        ("dimension", .count(model.dimension)), ("width", .count(model.width)),
        ("learning-rate", .number(model.learningRate)),
        ("seed", .seed(point.experiment.streams.seed)),
      ]
      return keys + others.filter { other in !keys.contains { $0.0 == other.0 } }
    }
    return .points(places.first?.map(\.0) ?? [], places.map { $0.map(\.1) })
  }
}

extension SweepSummary {
  /// What says which dynamics, pair and exit rule a row is of.
  static let exitLabels = [Field.dynamics, .criterion, .threshold]
  static let verdictLabels = [Field.first, .second, .criterion, .threshold]

  /// A row a point, dynamics and mark: sweep.csv.
  static func exitTable(_ points: [SweepPoint], _ results: [PointResult]) -> DataTable {
    let rows = zip(points, results).enumerated().flatMap { place, pair in
      let (point, result) = pair
      return result.exits.map { exits in
        (
          place: place, mark: exits.mark,
          row: ExitTimeRow(
            summary: exits, model: point.experiment.model,
            formulas: ExitFormulas(
              result.theory, exits.mark, withQuenched: point.experiment.isPaired))
        )
      }
    }
    let (kinds, kindPlaces) = indexed(rows.map(\.row.summary.dynamics))
    let (marks, markPlaces) = indexed(rows.map(\.mark))
    let columns = exitLabels.map(\.name) + ExitTimeRow.sweepColumns.map(\.field.name)
    return DataTable(
      "sweep",
      along: [
        (.points(points, before: columns), rows.map(\.place)),
        (.words(.dynamics, kinds), kindPlaces), (.thresholds(marks), markPlaces),
      ], ExitTimeRow.sweepColumns, rows.map(\.row))
  }

  /// A row a point, pair of dynamics and mark; without pairs the header alone: verdicts.csv.
  static func verdictTable(_ points: [SweepPoint], _ map: VerdictMap) -> DataTable {
    let places = Dictionary(
      uniqueKeysWithValues: points.enumerated().map { ($0.element.index, $0.offset) })
    let entries = map.entries
    let (pairs, pairPlaces) = indexed(entries.map { [$0.pair.first, $0.pair.second] })
    let (marks, markPlaces) = indexed(entries.map(\.pair.mark))
    let columns = verdictLabels.map(\.name) + VerdictMap.columns.map(\.field.name)
    return DataTable(
      "verdicts",
      along: [
        (.points(points, before: columns), entries.map { places[$0.point.index]! }),
        (.pairs(pairs), pairPlaces), (.thresholds(marks), markPlaces),
      ], VerdictMap.columns, entries)
  }
}

extension VerdictMap {
  /// The columns of verdicts.csv after those of the labels.
  static let columns: [Column<Entry>] =
    [PairRow.paired { $0.pair.paired }]
    + PairRow.ratioColumns("ratio", "", verdict: ", by itself") {
      PairRow($0.pair, margin: $0.point.experiment.margin)
    } + [
      Column("replicas_needed", .number, "replicas a side that would settle it") {
        $0.pair.meanRatio?.replicasNeeded
      },
      Column("mean_difference", unit: "τ", "mean exit time of the first less the second") {
        $0.shift?.estimate
      },
      Column("mean_difference_standard_error", unit: "τ", "standard error of that") {
        $0.shift?.standardError
      },
      Column("equivalence_p_value", "p-value of the claim: within the margin") {
        $0.pair.evidence?.equivalencePValue
      },
      Column("difference_p_value", "p-value of the claim: outside the margin") {
        $0.pair.evidence?.differencePValue
      },
      Column("headline", "whether the pair is SGD's law against the ODE") { $0.isHeadline },
      Column("equivalence_holm", "equivalence, adjusted over the headlines by Holm") {
        $0.equivalenceHolm
      },
      Column("difference_holm", "difference, adjusted over the headlines by Holm") {
        $0.differenceHolm
      },
      Column("headline_verdict", "verdict by these, at 5% for all headlines together") {
        $0.isHeadline ? verdict($0.pair, $0.equivalenceHolm, $0.differenceHolm) : nil
      },
      Column("equivalence_benjamini_hochberg", "equivalence, adjusted over the whole map") {
        $0.equivalenceRate
      },
      Column("difference_benjamini_hochberg", "difference, adjusted over the whole map") {
        $0.differenceRate
      },
      Column(
        "map_verdict",
        "verdict by these, at a false discovery rate of 5%; the one shown in tables and figures"
      ) { $0.mapVerdict },
    ] + PairRow.testColumns("p_value") { $0.pair.tests } + [
      Column(
        "kolmogorov_smirnov_benjamini_hochberg", "the first of these, adjusted over the whole map"
      ) { $0.lawRate }
    ]
}

extension SweepTables {
  /// The points, exit times and verdicts along the grid: sweep.nc.
  public var dataSet: DataSet {
    let tables = [
      table("sweep", exits, "dynamics", SweepSummary.exitLabels) {
        .words(.dynamics, $0.map { $0[0] })
      },
      table("verdicts", verdicts, "pair", SweepSummary.verdictLabels) { .pairs($0) },
    ]
    let texts = [
      ("title", "A sweep over exit times of one-pass SGD"),
      ("source", "Escapement \(escapementVersion)"), ("sweep", gridText ?? ""),
      ("fits", fitsData.map { String(decoding: $0, as: UTF8.self) } ?? ""),
    ]
    return DataSet(
      tables: tables.filter { !$0.fields.isEmpty },
      attributes: texts.filter { !$0.1.isEmpty }.map { ($0.0, .text($0.1)) })
  }

  /// Lays rows out along points, what the labels before the criterion name, and exit rules.
  private func table(
    _ name: String, _ rows: [DataTable.Row], _ dimension: String, _ labels: [Field],
    _ make: ([[String]]) -> DataTable.Dimension
  ) -> DataTable {
    let names = labels.map(\.name)
    let known = Dictionary(
      (ExitTimeRow.sweepColumns.map(\.field) + VerdictMap.columns.map(\.field)).map {
        ($0.name, $0)
      }
    ) { first, _ in first }
    let columns = (rows.first?.columns ?? []).filter {
      !names.contains($0) && !placeColumns.contains($0)
    }.map { name in
      Column<DataTable.Row>(known[name] ?? Field.sweptKey.named(name)) { $0[name] }
    }
    let points = points
    let pointPlaces = Dictionary(
      uniqueKeysWithValues: points.enumerated().map { ($0.element["point"], $0.offset) })
    let sound = rows.filter { pointPlaces[$0["point"]] != nil }
    let (sides, sidePlaces) = indexed(
      sound.map { row in names.dropLast(2).map { row.text($0) } })
    let marks = marks
    let markPlaces = sound.map { row in marks.firstIndex(of: row.mark) }
    let kept = sound.indices.filter { markPlaces[$0] != nil }
    return DataTable(
      name,
      along: [
        (
          .points(placeColumns, points.map { row in placeColumns.map { row[$0] } }),
          kept.map { pointPlaces[sound[$0]["point"]]! }
        ),
        (make(sides), kept.map { sidePlaces[$0] }),
        (.thresholds(marks), kept.map { markPlaces[$0]! }),
      ], columns, kept.map { sound[$0] })
  }
}
