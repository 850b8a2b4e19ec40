import Foundation
import GSL
import Statistics
import Testing

/// Do verdicts keep their promises when replicas are censored, at one horizon or at random times?
///
/// `make test` tries a few cases. `make calibration` sets ESCAPEMENT_CALIBRATION to a file, runs all with 2000
/// repetitions each, and writes their table into that file.
@Suite struct CensoredCalibration {
  private static let path = ProcessInfo.processInfo.environment["ESCAPEMENT_CALIBRATION"]
  private static let repetitions = path == nil ? 150 : 2000
  private static let margin = 0.05

  /// Says what censors.
  private enum Censoring: String {
    case horizon = "at a common horizon"
    case random = "at random times"
  }

  /// Says how the two samples belong together.
  private enum Design: String {
    case paired = "pairs"
    case independent = "a side"
  }

  /// Holds how both sides of a ratio are drawn.
  private struct Setting {
    let design: Design
    let count: Int
    let censoring: Censoring
    /// Is the share of the second side that is censored.
    let share: Double
    let ratio: Double
    /// Is the horizon, or the mean of the censoring times.
    let end: Double

    init(
      _ design: Design, _ count: Int, _ censoring: Censoring, _ share: Double, ratio: Double
    ) {
      (self.design, self.count, self.censoring) = (design, count, censoring)
      (self.share, self.ratio) = (share, ratio)
      switch censoring {
      case .horizon:
        end = share == 0 ? .infinity : typical[Int((1 - share) * Double(typical.count))]
      case .random: end = share == 0 ? .infinity : meanOfEnds(share)
      }
    }

    func samples(_ stream: RandomStream) throws -> (ExitSample, ExitSample) {
      let starts = (0..<count).map { _ in time(stream) }
      let others = design == .paired ? starts : (0..<count).map { _ in time(stream) }
      func sample(_ starts: [Double], _ scale: Double) throws -> ExitSample {
        let rows = starts.map { start -> (Double, Bool) in
          let time = scale * (start + 0.2 * stream.gaussian())
          let end = censoring == .horizon ? self.end : -self.end * log(1 - stream.uniform())
          return (min(time, end), time < end)
        }
        return try ExitSample(times: rows.map(\.0), isObserved: rows.map(\.1))
      }
      return (try sample(starts, ratio), try sample(others, 1))
    }

    func meanRatio(_ stream: RandomStream) throws -> MeanRatio {
      let (first, second) = try samples(stream)
      return try design == .paired ? .paired(first, second) : .unpaired(first, second)
    }
  }

  /// Draws an exit time of the linearised flow from a random start, as ``CalibrationTable`` does.
  private static func time(_ stream: RandomStream) -> Double {
    var normal = 0.0
    while normal == 0 { normal = stream.gaussian() }
    return 0.77 - log(abs(normal)) / 1.6
  }

  /// Exit times with their noise, ascending: the law that shares and ratios are found from.
  private static let typical: [Double] = {
    guard let stream = try? RandomStream(seed: 600, purpose: 7, replica: 0) else { return [] }
    return (0..<100_000).map { _ in time(stream) + 0.2 * stream.gaussian() }.sorted()
  }()

  /// The mean of exponential censoring times that come before a share of the exits.
  private static func meanOfEnds(_ share: Double) -> Double {
    func censored(_ mean: Double) -> Double {
      typical.reduce(0) { $0 + 1 - exp(-max($1, 0) / mean) } / Double(typical.count)
    }
    var (low, high) = (1e-3, 1e4)
    for _ in 0..<60 {
      let middle = (low * high).squareRoot()
      if censored(middle) > share { low = middle } else { high = middle }
    }
    return low
  }

  /// The scale whose mean, cut at the horizon, is `ratio` times that of the law; nil when none is.
  private static func scale(restrictedRatio ratio: Double, share: Double) -> Double? {
    let end = typical[Int((1 - share) * Double(typical.count))]
    func restricted(_ scale: Double) -> Double {
      typical.reduce(0) { $0 + min(scale * $1, end) } / Double(typical.count)
    }
    let goal = ratio * restricted(1)
    guard goal < 0.99 * end else { return nil }
    var (low, high) = (0.1, 100.0)
    for _ in 0..<60 {
      let middle = (low * high).squareRoot()
      if restricted(middle) < goal { low = middle } else { high = middle }
    }
    return low
  }

  /// How often a setting gives each verdict.
  private static func frequencies(_ setting: Setting, seed: UInt64) throws -> [Verdict: Int] {
    var counts: [Verdict: Int] = [:]
    for replica in 0..<repetitions {
      let stream = try RandomStream(seed: seed, purpose: 7, replica: replica)
      counts[try setting.meanRatio(stream).verdict(margin: margin), default: 0] += 1
    }
    return counts
  }

  private static func row(
    _ name: String, _ promise: CalibrationTable.Promise, _ level: Double, _ count: Int?
  ) -> CalibrationTable.Row {
    CalibrationTable.Row(
      name: name, promise: promise, level: level, repetitions: repetitions,
      frequency: Double(count ?? 0) / Double(repetitions))
  }

  private static func words(_ setting: Setting) -> String {
    "\(setting.count) \(setting.design.rawValue), \(Int(100 * setting.share))% censored "
      + setting.censoring.rawValue
  }

  /// False verdicts with the ratio of the whole means at the edge of the margin or beyond.
  private static func edge(_ settings: [Setting]) throws -> [CalibrationTable.Row] {
    try settings.enumerated().flatMap { index, setting in
      let counts = try frequencies(setting, seed: UInt64(700 + index))
      let name = String(format: "whole means at %g, ", setting.ratio) + words(setting)
      let false5 = row("'equivalent', \(name)", .atMost, 0.05, counts[.equivalent])
      // Beyond the margin 'different' is true.
      return abs(setting.ratio - 1) > margin + 1e-9
        ? [false5]
        : [false5, row("'different', \(name)", .atMost, 0.025, counts[.different])]
    }
  }

  /// False 'different' with the ratio of the restricted means, of which it speaks, at the edge.
  private static func restricted(_ shares: [Double], _ count: Int) throws
    -> [CalibrationTable.Row]
  {
    try shares.flatMap { share in
      try [0.95, 1.05].compactMap { ratio in
        guard let scale = scale(restrictedRatio: ratio, share: share) else { return nil }
        let setting = Setting(.paired, count, .horizon, share, ratio: scale)
        let counts = try frequencies(setting, seed: UInt64(800 + Int(100 * share)))
        let name = String(format: "'different', restricted means at %g, ", ratio) + words(setting)
        return row(name, .atMost, 0.025, counts[.different])
      }
    }
  }

  private static func power() throws -> [CalibrationTable.Row] {
    try [(Censoring.horizon, 0.0), (.horizon, 0.02), (.random, 0.02)].map { censoring, share in
      let setting = Setting(.paired, 1000, censoring, share, ratio: 1)
      let counts = try frequencies(setting, seed: 900)
      return row("'equivalent', equal laws, " + words(setting), .atLeast, 0.8, counts[.equivalent])
    }
  }

  private static func allSettings() -> [Setting] {
    var settings: [Setting] = []
    for (design, count) in [(Design.paired, 200), (.independent, 200), (.paired, 1000)] {
      for censoring in [Censoring.horizon, .random] {
        for share in [0, 0.05, 0.2, 0.5, 0.8] where share > 0 || censoring == .horizon {
          for ratio in [0.95, 1.05] {
            settings.append(Setting(design, count, censoring, share, ratio: ratio))
          }
        }
      }
    }
    for ratio in [0.92, 1.08] {
      for share in [0.03, 0.05, 0.2] {
        settings.append(Setting(.paired, 1000, .horizon, share, ratio: ratio))
      }
    }
    return settings
  }

  private static let few = [
    Setting(.paired, 100, .horizon, 0.04, ratio: 1.05),
    Setting(.paired, 100, .horizon, 0.5, ratio: 1.05),
    Setting(.independent, 100, .random, 0.5, ratio: 0.95),
    Setting(.paired, 100, .random, 0.04, ratio: 0.95),
  ]

  @Test func `verdicts on censored samples keep their level`() throws {
    let isLong = Self.path != nil
    let edge = try Self.edge(isLong ? Self.allSettings() : Self.few)
    let restricted = try Self.restricted(
      isLong ? [0.05, 0.2, 0.5, 0.8] : [0.5], isLong ? 1000 : 100)
    for row in edge + restricted { #expect(row.excess < 4.9, "\(row.markdown)") }
    guard let path = Self.path else { return }
    let power = try Self.power()
    for row in power { #expect(row.frequency > 0.8, "\(row.markdown)") }
    var text = """
      \(Self.heading)

      The same samples, of which a share is censored at a common horizon or at exponential times. No claim of
      equivalence may stand where the ratio of the whole means lies at the edge of the margin, 0.95 or 1.05, or
      beyond it; 'different' speaks of means restricted to the time up to which both laws are known.

      | what | promised | found | repetitions |
      |---|---|---|---|

      """
    text += (edge + restricted + power).map(\.markdown).joined(separator: "\n") + "\n"
    let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let kept = old.components(separatedBy: Self.heading)[0]
      .trimmingCharacters(in: .whitespacesAndNewlines)
    try (kept + "\n\n" + text).write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// The heading of the table in the file, from which on it is this suite's.
  static let heading = "## False verdicts on censored samples"

  // Sabotage: the rule of old, a cut at the earliest censored time with two one-sided tests.
  @Test func `a cut at the earliest censored time is found to claim too much`() throws {
    let setting = Setting(.paired, 100, .horizon, 0.5, ratio: 1.05)
    var count = 0
    for replica in 0..<Self.repetitions {
      let stream = try RandomStream(seed: 950, purpose: 7, replica: replica)
      let range = try setting.meanRatio(stream).interval(confidenceLevel: 0.9)
      if let range, range.lowerBound > 0.95, range.upperBound < 1.05 { count += 1 }
    }
    #expect(Self.row("", .atMost, 0.05, count).excess > 4.9)
  }
}
