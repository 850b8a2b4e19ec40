import Foundation

/// Lays the points of a sweep out in figures: one key along the axis, a curve for each combination of the
/// others, panels where these are many. Every point has a place of its own.
struct SweepCurves {
  /// Holds the rows of one curve, in the order of the axis.
  struct Curve {
    let name: String
    let rows: [DataTable.Row]
    /// How it is drawn; nil for the next look in turn.
    var lineType: Int?
  }

  /// Holds curves that are drawn together.
  struct Panel {
    /// What its curves have in common; empty for a single panel.
    let title: String
    let curves: [Curve]
  }

  /// More curves than these cannot be told apart in one panel.
  static let mostCurves = 12

  private let sweep: SweepTables
  /// The values along the axis where these are words, in the order of the points; else empty.
  private let categories: [DataValue]
  /// The key along the axis; `point`, the place in the grid, where no swept key is a number.
  let axis: String
  /// Keys that tell curves apart, those with the fewest values first.
  let others: [String]

  /// Lays out along `key`, which may be one of words; without one along that which stands first for a person.
  init(_ sweep: SweepTables, along key: String? = nil) {
    self.sweep = sweep
    let points = sweep.points
    func values(_ key: String) -> Set<DataValue> { Set(points.map { $0[key] }) }
    let numeric = sweep.sweptKeys.filter { key in points.allSatisfy { $0.number(key) != nil } }
    let axis = key ?? ["width", "dimension"].first { numeric.contains($0) } ?? numeric.first
    let places = Set(points.map { row in sweep.sweptKeys.map { row[$0] } })
    guard let axis, places.count == points.count else {
      (self.axis, others, categories) = ("point", [], [])
      return
    }
    self.axis = axis
    categories = numeric.contains(axis) ? [] : unique(points.map { $0[axis] })
    // A key that follows from the axis alone tells no curves apart.
    let free = sweep.sweptKeys.filter { key in
      key != axis
        && Dictionary(grouping: points) { $0[axis] }.values.contains { rows in
          Set(rows.map { $0[key] }).count > 1
        }
    }
    others = free.enumerated().sorted {
      (values($0.element).count, $0.offset) < (values($1.element).count, $1.offset)
    }.map(\.element)
  }

  /// The axis in words.
  var axisTitle: String {
    let titles = [
      "width": "width p (students)", "dimension": "dimension d", "learning-rate": "learning rate γ",
      "label-noise": "label noise Δ", "point": "point of the sweep",
    ]
    return titles[axis] ?? axis
  }

  /// The place of a row along the axis.
  func place(_ row: DataTable.Row) -> Double {
    guard !categories.isEmpty else { return row.number(axis) ?? .nan }
    return categories.firstIndex(of: row[axis]).map { Double($0 + 1) } ?? .nan
  }

  /// What stands at a place of the axis.
  func tick(_ place: Double) -> String {
    categories.isEmpty ? NumberText.given(place) : categories[Int(place) - 1].text
  }

  /// Whether places are drawn by their logarithms.
  func isLogarithmic(_ places: [Double]) -> Bool {
    guard let least = places.min(), let largest = places.max(), least > 0 else { return false }
    return ["width", "dimension"].contains(axis) || categories.isEmpty && largest / least > 8
  }

  /// Parts rows into curves and these into panels; `rows` has one a point.
  func panels(_ rows: [DataTable.Row]) -> [Panel] {
    var count = 0
    while count + 1 < others.count,
      groups(rows, Array(others.prefix(count))).contains(where: {
        groups($0, others).count > SweepCurves.mostCurves
      })
    { count += 1 }
    let (shared, free) = (Array(others.prefix(count)), Array(others.dropFirst(count)))
    return groups(rows, shared).flatMap { rows -> [Panel] in
      let curves = groups(rows, free).map { rows in
        Curve(
          name: sweep.label(rows[0], free) ?? "measured",
          rows: rows.sorted { place($0) < place($1) })
      }
      // Even parts of what is still too much.
      let parts = (curves.count + SweepCurves.mostCurves - 1) / SweepCurves.mostCurves
      return (0..<parts).map { part in
        let range = (curves.count * part / parts)..<(curves.count * (part + 1) / parts)
        return Panel(title: sweep.label(rows[0], shared) ?? "", curves: Array(curves[range]))
      }
    }
  }

  /// Parts rows by their values of keys, in the order of the values.
  private func groups(_ rows: [DataTable.Row], _ keys: [String]) -> [[DataTable.Row]] {
    func values(_ row: DataTable.Row) -> [DataValue] { keys.map { row[$0] } }
    let places = Dictionary(grouping: rows, by: values)
    let order = places.keys.sorted { first, second in
      for (left, right) in zip(first, second) where left != right {
        guard let x = left.number, let y = right.number, x != y else {
          return left.text < right.text
        }
        return x < y
      }
      return false
    }
    return order.compactMap { places[$0] }
  }
}
