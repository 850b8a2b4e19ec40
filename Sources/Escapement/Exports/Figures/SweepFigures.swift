import Dynamics
import Ensemble
import Foundation
import SwiftCSV

/// Holds the tables of a sweep directory, from which its figures are drawn.
public struct SweepTables: Sendable {
  /// The directory.
  public let path: String
  private let exits: [[String: String]]
  private let verdicts: [[String: String]]
  /// The largest table, in bytes.
  private static let largestFile = 1 << 26

  /// Keys that differ between points, in the order of the columns.
  private let sweptKeys: [String]

  /// Whether a directory holds a sweep.
  public static func isThere(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: place(path, "sweep.csv").path)
  }

  /// Reads sweep.csv and verdicts.csv; throws `DataFileError`, which names file and column.
  public init(path: String) throws {
    self.path = path
    let read = try SweepTables.read(
      SweepTables.place(path, "sweep.csv"),
      columns: ["point", "dynamics", "threshold", "width", "dimension"])
    exits = read.rows
    let keys = read.header.prefix { $0 != "dynamics" }.filter { $0 != "point" && $0 != "seed" }
    sweptKeys = keys.filter { key in Set(read.rows.map { $0[key] ?? "" }).count > 1 }
    // A single dynamics has nothing to be compared with, and an empty table.
    let place = SweepTables.place(path, "verdicts.csv")
    let isEmpty = try readFile(place.relativePath, limit: SweepTables.largestFile).count <= 1
    verdicts =
      isEmpty
      ? []
      : try SweepTables.read(
        place, columns: ["point", "first", "second", "threshold", "verdict"]
      ).rows
  }

  private static func place(_ path: String, _ name: String) -> URL {
    URL(fileURLWithPath: path).appendingPathComponent(name)
  }

  private static func read(
    _ url: URL, columns: [String]
  ) throws -> (header: [String], rows: [[String: String]]) {
    let text = String(
      decoding: try readFile(url.relativePath, limit: largestFile), as: UTF8.self)
    guard let table = try? CSV<Named>(string: text, delimiter: .comma, loadColumns: false) else {
      throw DataFileError(url.relativePath, "cannot be read, expected a table of a sweep")
    }
    if let missing = columns.first(where: { !table.header.contains($0) }) {
      throw DataFileError(url.relativePath, line: 1, "no column \(missing), expected one")
    }
    return (table.header, table.rows)
  }

  /// Makes the figures: ratios of mean exit times to the closed forms against the width, and the map
  /// of verdicts.
  public func figures() -> [Figure] {
    let thresholds = Set(exits.compactMap { Double($0["threshold"] ?? "") }).sorted()
    return thresholds.flatMap { threshold in
      [
        ratioFigure("annealed", threshold), ratioFigure("quenched", threshold),
        verdictFigure(threshold),
      ].compactMap { $0 }
    }
  }

  /// Ratio to a closed form against the width, a curve for each dimension.
  private func ratioFigure(_ formula: String, _ threshold: Double) -> Figure? {
    let rows = exits.filter {
      Double($0["threshold"] ?? "") == threshold && Double($0["ratio_to_\(formula)"] ?? "") != nil
        && Int($0["dimension"] ?? "") != nil
    }
    func value(_ row: [String: String], _ key: String) -> Double { Double(row[key] ?? "") ?? .nan }
    let kinds = [DynamicsKind.chain, .sgd, .sde, .ode]
    guard
      let kind = kinds.first(where: { kind in rows.contains { $0["dynamics"] == kind.rawValue } })
    else { return nil }
    let mine = rows.filter { $0["dynamics"] == kind.rawValue }
    guard Set(mine.map { value($0, "width") }).count > 1 else { return nil }
    let dimensions = Set(mine.compactMap { Int($0["dimension"] ?? "") }).sorted()
    let widths = Set(mine.compactMap { Int($0["width"] ?? "") }).sorted()
    let margin = pow(Double(widths[widths.count - 1]) / Double(widths[0]), 0.04)
    var (blocks, plots): ([FigureBlock], [String]) = ([], [])
    for (index, dimension) in dimensions.enumerated() {
      let points = mine.filter { Int($0["dimension"] ?? "") == dimension }
        .map { row in
          let error = value(row, "ratio_to_\(formula)_standard_error")
          return [
            value(row, "width"), value(row, "ratio_to_\(formula)"),
            error.isFinite ? 1.96 * error : 0,
          ]
        }.sorted { $0[0] < $1[0] }
      let style = [1, 3, 4, 7, 5, 8][index % 6]
      plots.append(
        "data index \(index) using 1:2:3 with yerrorlines linetype \(style) pointsize 0.8 "
          + "title 'd = \(dimension)'")
      blocks.append(
        FigureBlock(heading: "d = \(dimension): width, ratio, 95% half-width", rows: points))
    }
    return Figure(
      name: "ratio-to-\(formula)-T\(threshold)",
      caption: "Mean exit time of the \(FigureStyle.title(kind)) over the \(formula) closed form, "
        + "against the width p, at T = \(threshold). Bars are 95% intervals; at 1 the formula holds.",
      blocks: blocks,
      commands: """
        set logscale x
        set xtics (\(widths.map { "\($0)" }.joined(separator: ", ")))
        set xrange [\(Double(widths[0]) / margin):\(Double(widths[widths.count - 1]) * margin)]
        set offsets 0, 0, graph 0.05, graph 0.05
        set xlabel 'width p (students)'
        set ylabel 'mean exit time / \(formula) formula'
        plot \((["1 with lines linetype 6 title 'the formula'"] + plots).joined(separator: ", \\\n  "))
        """)
  }

  /// Verdicts on the ratio of means, a column for each point of the grid and a row for each pair.
  private func verdictFigure(_ threshold: Double) -> Figure? {
    let rows = verdicts.filter { Double($0["threshold"] ?? "") == threshold }
    guard !rows.isEmpty else { return nil }
    func unique(_ values: [String]) -> [String] {
      values.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
    func pair(_ row: [String: String]) -> String {
      [row["first"], row["second"]].map { word in
        DynamicsKind(rawValue: word ?? "").map(FigureStyle.title) ?? word ?? ""
      }.joined(separator: " / ")
    }
    func label(_ row: [String: String]) -> String {
      sweptKeys.isEmpty
        ? "one point"
        : sweptKeys.map { "\(symbols[$0] ?? $0) = \(row[$0] ?? "")" }.joined(separator: ", ")
    }
    let symbols = [
      "dimension": "d", "width": "p", "teacher-units": "k", "learning-rate": "γ",
      "label-noise": "Δ",
    ]
    let (points, pairs) = (unique(rows.map { $0["point"] ?? "" }), unique(rows.map(pair)))
    let kinds = [("equivalent", "=", 4), ("different", "≠", 3), ("undetermined", "?", 7)]
    var (blocks, plots, marks): ([FigureBlock], [String], [String]) = ([], [], [])
    for (verdict, mark, style) in kinds {
      let cells = rows.filter { $0["verdict"] == verdict }.map { row in
        [
          Double(points.firstIndex(of: row["point"] ?? "") ?? 0),
          Double(pairs.firstIndex(of: pair(row)) ?? 0),
        ]
      }
      plots.append(
        "data index \(blocks.count) using 1:2:(0.46):(0.44) with boxxyerror linetype \(style) "
          + "fillstyle solid 0.55 border title '\(mark)  \(verdict)'")
      marks.append(
        "data index \(blocks.count) using 1:2:('\(mark)') with labels textcolor rgb '#000000' notitle"
      )
      blocks.append(FigureBlock(heading: "\(verdict): point, pair", rows: cells))
    }
    let labels = points.enumerated().map { index, point in
      let row = rows.first { $0["point"] == point } ?? [:]
      return "\(gnuplotText(label(row))) \(index)"
    }
    let names = pairs.enumerated().map { "\(gnuplotText($1)) \($0)" }
    return Figure(
      name: "verdicts-T\(threshold)",
      caption:
        "Verdicts on the ratio of mean exit times, T = \(threshold), for each point of the sweep "
        + "and pair of dynamics: = equivalent within the margin, ≠ different by more than it, "
        + "? undetermined.",
      aspect: max(0.9, 1.9 - 0.1 * Double(pairs.count)),
      blocks: blocks,
      commands: """
        unset grid
        set xrange [-0.6:\(Double(points.count) - 0.4)]
        set yrange [-0.6:\(Double(pairs.count) - 0.4)]
        set xtics rotate by 40 right noenhanced (\(labels.joined(separator: ", ")))
        set ytics noenhanced (\(names.joined(separator: ", ")))
        set xlabel 'point of the sweep (values of the swept keys)' offset 0,0
        set ylabel 'pair: first / second'
        set key tmargin center horizontal
        plot \((plots + marks).joined(separator: ", \\\n  "))
        """)
  }
}
