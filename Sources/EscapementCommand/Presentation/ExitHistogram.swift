import Escapement
import Foundation

/// Draws the exit times of all dynamics as bars, time downwards, one column each.
enum ExitHistogram {
  private static let cells = 20
  private static let barWidth = 22
  private static let eighths = Array(" ▏▎▍▌▋▊▉")

  /// The bars of the entries that have a spread, over the range that sparklines have; a dynamics with one
  /// exit time is marked at its time. Nil when nothing has a spread.
  static func of(_ entries: [ExitTimeSummary]) -> Table? {
    let columns = entries.compactMap { entry in
      entry.replicas > 1 ? entry.histogram.map { (entry, $0) } : nil
    }
    guard let range = Sparkline.range(entries), !columns.isEmpty else { return nil }
    let step = (range.upperBound - range.lowerBound) / Double(cells)
    let fractions = columns.map { entry, bins in
      bins.counts(in: cells, over: range).map { $0 / Double(entry.replicas) }
    }
    let highest = fractions.joined().max() ?? 0
    guard highest > 0 else { return nil }
    let rows = (0..<cells).map { cell -> [String] in
      let begin = range.lowerBound + Double(cell) * step
      let marks = entries.compactMap { entry -> String? in
        guard entry.replicas == 1, let time = entry.mean, time >= begin, time < begin + step else {
          return nil
        }
        return "◀ \(name(entry)) \(NumberText.short(time))"
      }
      return [NumberText.tick(begin, step: step)]
        + fractions.map { bar($0[cell] / highest) + String(format: " %4.1f%%", 100 * $0[cell]) }
        + [marks.joined(separator: ", ")]
    }
    return Table(
      header: ["τ from"] + columns.map { name($0.0) + ", % of replicas" } + [""], rows: rows,
      right: [0])
  }

  private static func name(_ entry: ExitTimeSummary) -> String {
    DynamicsKind(rawValue: entry.dynamics)?.title ?? entry.dynamics
  }

  private static func bar(_ fraction: Double) -> String {
    let length = Int((fraction * Double(8 * barWidth)).rounded())
    var text = String(repeating: "█", count: length / 8)
    if length % 8 > 0 { text.append(eighths[length % 8]) }
    return text.padding(toLength: barWidth, withPad: " ", startingAt: 0)
  }
}
