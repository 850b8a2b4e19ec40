/// Watches one replica against the lines still to be crossed.
///
/// Lines on the risk are crossed in order, the highest first; lines on an overlap in order as well, for
/// each teacher unit by itself.
struct ExitWatch {
  /// The next boundary of the risk; −∞ when all are crossed.
  private(set) var boundary: Double
  private var records: [ExitRecord?]
  private var pending: Int
  private var crossedRisks = 0
  /// The time of the crossing recorded last, −∞ before the first.
  private(set) var lastCrossing = -Double.infinity
  /// The marks that are lines on the risk, and where they lie, descending.
  private let riskMarks: [(mark: Int, boundary: Double)]
  /// Thresholds η, and how many of them each unit has crossed.
  private let overlapThresholds: [Double]
  private var crossedOverlaps: [Int]

  /// Starts a watch from the risk at the start.
  ///
  /// With `overlapRisk`, of one student and one unit, overlaps are watched by the risk they have.
  init(rule: ExitRule, initialRisk: Double, overlapRisk: OverlapRisk? = nil) {
    var risks: [(mark: Int, boundary: Double)] = []
    for (index, mark) in rule.marks.enumerated() {
      switch mark.criterion {
      case .risk: risks.append((index, (1 - mark.threshold) * initialRisk))
      case .overlap:
        if let overlapRisk { risks.append((index, overlapRisk.value(mark.threshold))) }
      }
    }
    // Ascending thresholds are descending boundaries already, unless both criteria mix.
    if rule.watchesOverlaps { risks.sort { ($1.boundary, $0.mark) < ($0.boundary, $1.mark) } }
    riskMarks = risks
    overlapThresholds = overlapRisk == nil ? rule.overlapThresholds : []
    crossedOverlaps = Array(
      repeating: 0, count: overlapThresholds.isEmpty ? 0 : rule.watchedUnits)
    records = Array(repeating: nil, count: rule.marks.count)
    pending = rule.marks.count
    boundary = risks.first?.boundary ?? -.infinity
  }

  var isDone: Bool { pending == 0 }

  /// Records the crossing of the next boundary of the risk.
  mutating func exit(at time: Double, step: Int = -1) {
    set(riskMarks[crossedRisks].mark, ExitRecord(outcome: .exited, time: time, step: step))
    crossedRisks += 1
    boundary =
      crossedRisks == riskMarks.count ? -.infinity : riskMarks[crossedRisks].boundary
  }

  /// Records every boundary that `risk` has reached.
  mutating func observe(_ risk: Double, at time: Double, step: Int = -1) {
    while risk <= boundary && crossedRisks < riskMarks.count { exit(at: time, step: step) }
  }

  /// The next threshold of a unit, +∞ when all are crossed.
  @inline(__always) func nextOverlap(_ unit: Int) -> Double {
    let crossed = crossedOverlaps[unit]
    return crossed < overlapThresholds.count ? overlapThresholds[crossed] : .infinity
  }

  /// The units whose overlaps are watched.
  var units: Range<Int> { crossedOverlaps.indices }

  /// Records the crossing of the next threshold of a unit.
  mutating func exitOverlap(_ unit: Int, at time: Double, step: Int = -1) {
    let mark = unit * overlapThresholds.count + crossedOverlaps[unit]
    set(mark, ExitRecord(outcome: .exited, time: time, step: step))
    crossedOverlaps[unit] += 1
  }

  /// Records every threshold that the levels of the units have reached.
  mutating func observe(levels: UnsafePointer<Double>, at time: Double, step: Int = -1) {
    for unit in crossedOverlaps.indices {
      while levels[unit] >= nextOverlap(unit) && crossedOverlaps[unit] < overlapThresholds.count {
        exitOverlap(unit, at: time, step: step)
      }
    }
  }

  /// Ends the watch: what is not crossed is censored or diverged.
  func finish(_ outcome: Outcome, at time: Double, step: Int = -1) -> [ExitRecord] {
    records.map { $0 ?? ExitRecord(outcome: outcome, time: time, step: step) }
  }

  private mutating func set(_ mark: Int, _ record: ExitRecord) {
    records[mark] = record
    pending -= 1
    lastCrossing = record.time
  }
}
