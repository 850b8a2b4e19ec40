import Escapement

/// Draws a histogram on one line of text.
enum Sparkline {
  private static let width = 24
  private static let bars = Array(" ▁▂▃▄▅▆▇█")

  /// The range that all histograms of a table share: from the earliest exit to the latest 95%
  /// quantile and half as far again, which leaves the longest tails out.
  static func range(_ entries: [ExitTimeSummary]) -> ClosedRange<Double>? {
    let spread = entries.filter { $0.replicas > 1 }
    guard let low = spread.compactMap({ $0.histogram?.edges.first }).min(),
      let high = spread.compactMap({ $0.quantiles["0.95"] ?? nil }).max(), high > low
    else { return nil }
    return low...(low + 1.5 * (high - low))
  }

  /// The density of a histogram over a range, the highest cell full.
  static func of(_ bins: ExitTimeSummary.Bins?, over range: ClosedRange<Double>?) -> String {
    guard let bins, let range else { return "" }
    let cells = bins.counts(in: width, over: range)
    guard let highest = cells.max(), highest > 0 else { return "" }
    let last = Double(bars.count - 1)
    return String(cells.map { bars[Int(($0 / highest * last).rounded(.up))] })
  }
}

extension ExitTimeSummary.Bins {
  /// The exits in `count` equal cells of a range: a bin gives each cell its share.
  func counts(in count: Int, over range: ClosedRange<Double>) -> [Double] {
    let step = (range.upperBound - range.lowerBound) / Double(count)
    var cells = [Double](repeating: 0, count: count)
    for (index, exits) in counts.enumerated() {
      let (begin, end) = (edges[index], edges[index + 1])
      for cell in 0..<count {
        let left = max(begin, range.lowerBound + Double(cell) * step)
        let right = min(end, range.lowerBound + Double(cell + 1) * step)
        if right > left { cells[cell] += Double(exits) * (right - left) / (end - begin) }
      }
    }
    return cells
  }
}
