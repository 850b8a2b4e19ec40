/// Watches one replica against the lines still to be crossed.
///
/// Lines on the risk are crossed in order, the highest first; lines on a level (an overlap, the subspace) in
/// order as well, for each level by itself.
struct ExitWatch {
  /// The next boundary of the risk; −∞ when all are crossed.
  private(set) var boundary: Double
  private var records: [ExitRecord?]
  private var pending: Int
  private var crossedRisks = 0
  /// The marks that are lines on the risk, and where they lie, descending.
  private let riskMarks: [(mark: Int, boundary: Double)]
  /// For each level, its thresholds, the mark of the first, and how many are crossed.
  private let lines: [(thresholds: [Double], mark: Int)]
  private var crossed: [Int]
  /// What rounding may make of the risk.
  private let rounding: Double

  /// Starts a watch from the risk at the start; `riskScale` is the size of the terms it is a sum of.
  ///
  /// With `overlapRisk`, of one student and one unit, levels are watched by the risk they have.
  init(
    rule: ExitRule, initialRisk: Double, riskScale: Double = 1, overlapRisk: OverlapRisk? = nil
  ) {
    rounding = 1e-13 * riskScale
    var risks: [(mark: Int, boundary: Double)] = []
    for (index, mark) in rule.marks.enumerated() {
      switch mark.criterion {
      case .risk: risks.append((index, (1 - mark.threshold) * initialRisk))
      case .overlap:
        if let overlapRisk { risks.append((index, overlapRisk.value(mark.threshold))) }
      case .subspace:
        if let overlapRisk { risks.append((index, overlapRisk.value(ofSquare: mark.threshold))) }
      }
    }
    // Ascending thresholds are descending boundaries already, unless criteria mix.
    if rule.watchesLevels { risks.sort { ($1.boundary, $0.mark) < ($0.boundary, $1.mark) } }
    riskMarks = risks
    lines = (overlapRisk == nil ? rule.levels : []).map { level in
      (
        rule.thresholds(of: level.family), rule.marks.firstIndex { $0.criterion == level } ?? 0
      )
    }
    crossed = Array(repeating: 0, count: lines.count)
    records = Array(repeating: nil, count: rule.marks.count)
    pending = rule.marks.count
    boundary = risks.first?.boundary ?? -.infinity
  }

  /// Starts the watch of one line.
  init(boundary: Double) {
    rounding = 0
    riskMarks = [(0, boundary)]
    (lines, crossed, records, pending) = ([], [], [nil], 1)
    self.boundary = boundary
  }

  var isDone: Bool { pending == 0 }

  /// Records at time 0 every boundary that the start has reached.
  ///
  /// Each dynamics knows a start by numbers of its own; a boundary within their rounding is reached in all.
  mutating func begin(risk: Double, step: Int = -1) {
    observe(risk - rounding, at: 0, step: step)
  }

  /// Records at time 0 every threshold of a level that the start has reached, rounding aside.
  mutating func begin(levels: UnsafePointer<Double>, step: Int = -1) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(crossed.count, 1)) { raised in
      for level in crossed.indices { raised[level] = levels[level] + 1e-12 }
      guard let raised = raised.baseAddress else { return }
      observe(levels: raised, at: 0, step: step)
    }
  }

  /// Records the crossing that a kernel has seen, and those that `risk` tells of.
  ///
  /// The risk may fall short of the boundary by rounding, and by no more: else the kernel is wrong.
  mutating func confirm(_ risk: Double, at time: Double, step: Int) {
    precondition(
      !(risk > boundary + 100 * rounding), "a crossing that the risk does not bear out")
    exit(at: time, step: step)
    observe(risk, at: time, step: step)
  }

  /// Records the crossing of the next boundary of the risk.
  mutating func exit(at time: Double, step: Int = -1) {
    set(riskMarks[crossedRisks].mark, ExitRecord(outcome: .exited, time: time, step: step))
    crossedRisks += 1
    boundary = nextBoundary
  }

  /// Records every boundary that `risk` has reached.
  mutating func observe(_ risk: Double, at time: Double, step: Int = -1) {
    while risk <= boundary && crossedRisks < riskMarks.count { exit(at: time, step: step) }
  }

  /// The next threshold of a level, +∞ when all are crossed.
  @inline(__always) func nextThreshold(_ level: Int) -> Double {
    let thresholds = lines[level].thresholds
    return crossed[level] < thresholds.count ? thresholds[crossed[level]] : .infinity
  }

  /// The levels that are watched, by their place in ``ExitRule/levels``.
  var levels: Range<Int> { crossed.indices }

  /// Records the crossing of the next threshold of a level.
  mutating func exit(level: Int, at time: Double, step: Int = -1) {
    let mark = lines[level].mark + crossed[level]
    set(mark, ExitRecord(outcome: .exited, time: time, step: step))
    crossed[level] += 1
  }

  /// Records every threshold that the levels have reached.
  mutating func observe(levels: UnsafePointer<Double>, at time: Double, step: Int = -1) {
    for level in crossed.indices {
      while levels[level] >= nextThreshold(level) && crossed[level] < lines[level].thresholds.count
      {
        exit(level: level, at: time, step: step)
      }
    }
  }

  /// Ends the watch: what is not crossed is censored or diverged.
  func finish(_ outcome: Outcome, at time: Double, step: Int = -1) -> [ExitRecord] {
    records.map { $0 ?? ExitRecord(outcome: outcome, time: time, step: step) }
  }

  /// Passes what has been crossed; the rest follows from it and from the rule.
  mutating func pass(through transfer: any StateTransfer) throws {
    for mark in records.indices {
      var isCrossed = UInt8(records[mark] == nil ? 0 : 1)
      var (time, step) = (records[mark]?.time ?? 0, records[mark]?.step ?? 0)
      try transfer.pass(&isCrossed)
      try transfer.pass(&time)
      try transfer.pass(&step)
      try StateError.require(isCrossed <= 1 && time >= 0 && time.isFinite && step >= -1)
      records[mark] = isCrossed == 0 ? nil : ExitRecord(outcome: .exited, time: time, step: step)
    }
    pending = records.count { $0 == nil }
    crossedRisks = riskMarks.prefix { records[$0.mark] != nil }.count
    boundary = nextBoundary
    for level in crossed.indices {
      let (thresholds, first) = lines[level]
      crossed[level] = thresholds.indices.prefix { records[first + $0] != nil }.count
    }
  }

  private var nextBoundary: Double {
    crossedRisks == riskMarks.count ? -.infinity : riskMarks[crossedRisks].boundary
  }

  private mutating func set(_ mark: Int, _ record: ExitRecord) {
    precondition(record.time >= 0, "an exit before the start")
    records[mark] = record
    pending -= 1
  }
}
