import Foundation
import GSL
import Statistics
import Testing

/// Do the tests, intervals and verdicts keep their promises on exit-time-like samples?
///
/// `make test` runs this with few repetitions. `make calibration` sets ESCAPEMENT_CALIBRATION to a file,
/// runs many, and writes the table there.
@Suite struct CalibrationTable {
  private static let path = ProcessInfo.processInfo.environment["ESCAPEMENT_CALIBRATION"]
  private static let factor = path == nil ? 1 : 25

  /// What a frequency must do.
  enum Promise: String {
    case equal = "="
    case atMost = "≤"
    case atLeast = "≥"
  }

  struct Row {
    let name: String
    let promise: Promise
    let level: Double
    let repetitions: Int
    let frequency: Double

    /// By how many standard errors the promise is broken; below 0 where it is kept.
    var excess: Double {
      let spread = (level * (1 - level) / Double(repetitions)).squareRoot()
      let score = (frequency - level) / spread
      switch promise {
      case .equal: return abs(score)
      case .atMost: return score
      case .atLeast: return -score
      }
    }

    var markdown: String {
      let error = (max(frequency * (1 - frequency), 1e-9) / Double(repetitions)).squareRoot()
      return String(
        format: "| %@ | %@ %g | %.4f ± %.4f | %d |", name, promise.rawValue, level, frequency,
        error, repetitions)
    }
  }

  private static func row(
    _ name: String, _ promise: Promise, _ level: Double, repetitions: Int, seed: UInt64,
    _ holds: (RandomStream) throws -> Bool
  ) throws -> Row {
    var count = 0
    let total = repetitions * factor
    for replica in 0..<total {
      if try holds(RandomStream(seed: seed, purpose: 7, replica: replica)) { count += 1 }
    }
    return Row(
      name: name, promise: promise, level: level, repetitions: total,
      frequency: Double(count) / Double(total))
  }

  /// Exit times of the linearised flow from random starts: a constant minus log|Gaussian|.
  private static func time(_ stream: RandomStream) -> Double {
    // Mean 1.17, standard deviation 0.69, skewness 1.5, as for d = 3000, T = 0.01.
    // One normal in 2²⁴ is 0, which has no logarithm.
    var normal = 0.0
    while normal == 0 { normal = stream.gaussian() }
    return 0.77 - log(abs(normal)) / 1.6
  }

  private static let mean = 0.77 + 0.6351814227307392 / 1.6
  private static let deviation = Double.pi / 8.0.squareRoot() / 1.6

  private static func sample(_ stream: RandomStream, _ count: Int, late: Double = 1) throws
    -> ExitSample
  {
    try ExitSample((0..<count).map { _ in late * time(stream) })
  }

  /// Only exits before the median are seen.
  private static func censoredSample(_ stream: RandomStream, _ count: Int) throws -> ExitSample {
    let horizon = 0.77 - log(0.6744897501960817) / 1.6
    let times = (0..<count).map { _ in time(stream) }
    return try ExitSample(
      times: times.map { min($0, horizon) }, isObserved: times.map { $0 < horizon })
  }

  /// Two dynamics from the same starts, each with noise of its own.
  private static func pairs(_ stream: RandomStream, _ count: Int, ratio: Double = 1) throws -> (
    ExitSample, ExitSample
  ) {
    let starts = (0..<count).map { _ in time(stream) }
    func paths(_ scale: Double) throws -> ExitSample {
      try ExitSample(starts.map { scale * ($0 + 0.2 * stream.gaussian()) })
    }
    return (try paths(ratio), try paths(1))
  }

  // P(p ≤ 0.05) and P(p ≤ 0.5) if the laws are equal.
  private static func levels() throws -> [Row] {
    typealias Test = (RandomStream) throws -> Double
    let size = 30
    func survival(_ time: Double) -> Double {
      1 - 2 * NormalDistribution.survival(exp(1.6 * (0.77 - time)))
    }
    func battery(_ stream: RandomStream) throws -> OneSampleBattery {
      try OneSampleBattery(sample(stream, size), survival: survival)
    }
    let tests: [(String, Promise, Int, Test)] = [
      // An exact law of few values cannot meet every level, and stays below.
      (
        "Kolmogorov–Smirnov", .atMost, 400,
        {
          try KolmogorovSmirnov.test(sample($0, size), sample($0, size)).pValue
        }
      ),
      (
        "Cramér–von Mises", .equal, 400,
        {
          try CramerVonMises.test(sample($0, size), sample($0, size)).pValue
        }
      ),
      (
        "Cramér–von Mises, half censored, 100 a side", .equal, 400,
        {
          try CramerVonMises.test(censoredSample($0, 100), censoredSample($0, 100)).pValue
        }
      ),
      (
        "Anderson–Darling, half censored, 199 permutations", .atMost, 400,
        {
          try AndersonDarling.test(
            censoredSample($0, size), censoredSample($0, size),
            method: .permutation(count: 199, stream: $0)
          ).pValue
        }
      ),
      (
        "Anderson–Darling, 199 permutations", .equal, 400,
        {
          try AndersonDarling.test(
            sample($0, size), sample($0, size), method: .permutation(count: 199, stream: $0)
          ).pValue
        }
      ),
      (
        "energy distance, 199 permutations", .equal, 400,
        {
          try EnergyDistance.test(
            sample($0, size), sample($0, size), permutations: 199, stream: $0
          ).pValue
        }
      ),
      (
        "energy distance by pairs, 199 permutations", .equal, 400,
        {
          let (first, second) = try pairs($0, size)
          return try EnergyDistance.test(
            first, second, pairing: .byStart, permutations: 199, stream: $0
          ).pValue
        }
      ),
      (
        "log-rank, 100 a side", .equal, 400,
        {
          LogRank.test(try sample($0, 100), try sample($0, 100)).pValue
        }
      ),
      (
        "one-sample Kolmogorov–Smirnov", .equal, 400,
        {
          try battery($0).kolmogorovSmirnov.pValue
        }
      ),
      (
        "one-sample Cramér–von Mises", .equal, 400,
        {
          try battery($0).cramerVonMises?.pValue ?? .nan
        }
      ),
      (
        "one-sample Anderson–Darling", .equal, 400,
        {
          try battery($0).andersonDarling?.pValue ?? .nan
        }
      ),
    ]
    return try tests.enumerated().flatMap { index, test in
      try [0.05, 0.5].map { level in
        try row(
          "P(p ≤ \(level)), \(test.0)", test.1, level, repetitions: test.2,
          seed: UInt64(100 + index)
        ) { try test.3($0) <= level }
      }
    }
  }

  private static func coverage() throws -> [Row] {
    func contains(_ range: ClosedRange<Double>?, _ value: Double) -> Bool {
      range?.contains(value) ?? false
    }
    let size = 200
    let median = 0.77 - log(0.6744897501960817) / 1.6
    return try [
      try row("mean ratio, 200 pairs", .equal, 0.95, repetitions: 400, seed: 201) {
        let (first, second) = try pairs($0, size)
        return contains(try MeanRatio.paired(first, second).interval, 1)
      },
      try row("mean ratio, 200 a side", .equal, 0.95, repetitions: 400, seed: 202) {
        contains(try MeanRatio.unpaired(sample($0, size), sample($0, size)).interval, 1)
      },
      try row("mean difference by pairs, Student", .equal, 0.95, repetitions: 400, seed: 203) {
        let (first, second) = try pairs($0, size)
        let estimate = try MeanDifference.estimate(first, second, pairing: .byStart)
        return contains(estimate.interval, 0)
      },
    ]
      + measures(size)
      + [
        try row("spread of 1000, Bonett", .equal, 0.95, repetitions: 400, seed: 205) {
          contains(try Spread.estimate(sample($0, 1000)).interval, deviation)
        },
        try row("Kaplan–Meier band at the median", .equal, 0.95, repetitions: 400, seed: 206) {
          let curve = KaplanMeier(try sample($0, size))
          let place = curve.times.prefix { $0 <= median }.count - 1
          let band = try curve.band(.logLog)
          return place >= 0 && contains(band[place], 0.5)
        },
      ]
  }

  /// Bootstrap intervals of one set of resamples.
  private static func measures(_ size: Int) throws -> [Row] {
    let total = 100 * factor
    var counts = [Int](repeating: 0, count: 5)
    for replica in 0..<total {
      let stream = try RandomStream(seed: 204, purpose: 7, replica: replica)
      let (first, second) = try pairs(stream, size)
      let measures = try DifferenceMeasures(
        first, second, bootstrap: Bootstrap(pairing: .byStart, resamples: 399, stream: stream))
      let hits = [
        measures.meanDifferenceBootstrap?.contains(0), measures.spreadRatio.interval?.contains(1),
        measures.quantileShifts[2].interval?.contains(0),
        measures.wasserstein.interval?.contains(0),
        measures.largestDistance.interval?.contains(0),
      ]
      for (index, hit) in hits.enumerated() where hit == true { counts[index] += 1 }
    }
    let names: [(String, Promise, Double)] = [
      // Percentile intervals of 200 skewed values are a little too narrow.
      ("mean difference by pairs, bootstrap", .atLeast, 0.93),
      ("ratio of spreads by pairs, bootstrap", .atLeast, 0.92),
      ("shift of the median by pairs, bootstrap", .atLeast, 0.94),
      ("Wasserstein distance by pairs", .atLeast, 0.93),
      ("largest distance by pairs", .atLeast, 0.95),
    ]
    return zip(names, counts).map { name, count in
      Row(
        name: name.0, promise: name.1, level: name.2, repetitions: total,
        frequency: Double(count) / Double(total))
    }
  }

  private static func verdicts() throws -> [Row] {
    var rows: [Row] = []
    for (index, count) in [3, 5, 10, 20, 200, 1000].enumerated() {
      for ratio in [0.95, 1.05] {
        // At the edge both verdicts are false: two one-sided tests at 5%, an interval of 95% beyond it.
        for (verdict, level) in [(Verdict.equivalent, 0.05), (.different, 0.025)] {
          rows.append(
            try row(
              "'\(verdict)' at the margin \(ratio), \(count) pairs", .atMost, level,
              repetitions: count > 100 ? 200 : 1000, seed: UInt64(300 + index)
            ) {
              let (first, second) = try pairs($0, count, ratio: ratio)
              return try MeanRatio.paired(first, second).verdict(margin: 0.05) == verdict
            })
        }
      }
    }
    return rows
  }

  /// What must grow with the replicas.
  private static func power() throws -> [Row] {
    var rows: [Row] = []
    for count in [50, 200, 800] {
      rows.append(
        try row(
          "Kolmogorov–Smirnov finds 20% later, \(count) a side", .atLeast, 0, repetitions: 100,
          seed: 401
        ) {
          try KolmogorovSmirnov.test(sample($0, count), sample($0, count, late: 1.2)).pValue < 0.05
        })
    }
    for count in [100, 400, 1600] {
      rows.append(
        try row(
          "equal means found equivalent, \(count) pairs", .atLeast, 0, repetitions: 100, seed: 402
        ) {
          let (first, second) = try pairs($0, count)
          return try MeanRatio.paired(first, second).verdict(margin: 0.05) == .equivalent
        })
    }
    return rows
  }

  @Test func everyPromiseIsKept() throws {
    let sections: [(String, [Row])] = [
      ("p-values under equal laws", try Self.levels()),
      ("coverage of intervals", try Self.coverage()),
      ("false verdicts at the edge of the margin", try Self.verdicts()),
    ]
    for (section, rows) in sections {
      for row in rows { #expect(row.excess < 4.9, "\(section): \(row.markdown)") }
    }
    let power = try Self.power()
    for first in [0, 3] {
      #expect(power[first].frequency < power[first + 1].frequency)
      #expect(power[first + 1].frequency <= power[first + 2].frequency)
      #expect(power[first + 2].frequency > 0.9)
    }
    guard let path = Self.path else { return }
    var text = """
      # Calibration

      Written by `make calibration`. Samples are exit-time-like: log|Gaussian| with a mean of 1.17 and a
      standard deviation of 0.69, or pairs of them that share a start. Each line says what must hold
      and what was found, with its standard error.

      """
    for (title, rows) in sections + [("power", power)] {
      text += "\n## \(title.prefix(1).uppercased() + title.dropFirst())\n\n"
      text += "| what | promised | found | repetitions |\n|---|---|---|---|\n"
      text += rows.map(\.markdown).joined(separator: "\n") + "\n"
    }
    // What follows is CensoredCalibration's, which runs after this.
    let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let parts = old.components(separatedBy: CensoredCalibration.heading)
    if parts.count > 1 { text += "\n" + CensoredCalibration.heading + parts[1] }
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  // Sabotage: intervals that take pairs for independent samples, and a law a tenth off.
  @Test func aBrokenPromiseIsFound() throws {
    let ignored = try Self.row("", .equal, 0.95, repetitions: 800, seed: 501) {
      let (first, second) = try Self.pairs($0, 200)
      return try MeanRatio.unpaired(first, second).interval?.contains(1) ?? false
    }
    #expect(ignored.excess > 4.9)
    let late = try Self.row("", .atMost, 0.05, repetitions: 400, seed: 502) {
      try KolmogorovSmirnov.test(Self.sample($0, 100), Self.sample($0, 100, late: 1.3)).pValue
        < 0.05
    }
    #expect(late.excess > 4.9)
  }
}
