import Dynamics
import Ensemble
import Foundation
import GSL
import Statistics
import Testing

/// The false-alarm rate of one statistical test.
let falseAlarmRate = 1e-6
/// Standard errors that a normal deviate exceeds, on either side, with that rate.
let falseAlarmDeviation = 4.892

/// Runs replicas on both cores and returns exit times by threshold, +∞ where there was no exit.
func exitTimes(
  _ engine: some Engine, replicas: Int, start: Start, seed: UInt64
) async throws -> [[Double]] {
  let run = try await exitRun(engine, replicas: replicas, start: start, seed: seed)
  return run.thresholds.indices.map { index in
    run.records(at: index).map { $0.outcome == .exited ? $0.time : .infinity }
  }
}

func exitRun(
  _ engine: some Engine, replicas: Int, start: Start, seed: UInt64
) async throws -> EnsembleRun {
  try await EnsembleRunner(threads: 2).run(
    engine, replicas: replicas, start: start, streams: StreamFamily(seed: seed))
}

/// The p-value of the two-sample Kolmogorov–Smirnov test; +∞ is a replica that did not exit.
func kolmogorovSmirnov(_ first: [Double], _ second: [Double]) throws -> Double {
  // Both sides are censored at one horizon, which is beyond every exit.
  func sample(_ times: [Double]) throws -> ExitSample {
    try ExitSample(
      times: times.map { $0.isFinite ? $0 : 1e9 }, isObserved: times.map(\.isFinite))
  }
  return try KolmogorovSmirnov.test(sample(first), sample(second)).pValue
}

/// The ratio of mean exit times of the same starts.
func pairedRatio(_ first: [Double], _ second: [Double]) throws -> (
  estimate: Double, interval: ClosedRange<Double>
) {
  let ratio = try MeanRatio.paired(ExitSample(first), ExitSample(second))
  return (try #require(ratio.estimate), try #require(ratio.interval))
}

/// Distance of a sample's mean from an expected one, in standard errors.
func meanDeviation(_ values: [Double], from expected: Double) throws -> Double {
  let error = (try variance(of: values) / Double(values.count)).squareRoot()
  return (try mean(of: values) - expected) / error
}

/// Distance of a sample's standard deviation from an expected one, in standard errors.
///
/// The error follows from the fourth moment, since exit times are skewed.
func spreadDeviation(_ values: [Double], from expected: Double) throws -> Double {
  let average = try mean(of: values)
  let squares = values.map { ($0 - average) * ($0 - average) }
  return try meanDeviation(squares, from: expected * expected)
}

/// A row of data/reference/exit_moments.json, made by the script beside it.
struct ExitMoments: Decodable, Sendable {
  let dimension: Int
  let learning_rate: Double
  let label_noise: Double
  let start: Double
  let threshold: Double
  let finite_size_drift: Bool
  let mean: Double
  let standard_deviation: Double

  static let all: [ExitMoments] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appendingPathComponent("data/reference/exit_moments.json")
    // A missing file must fail loudly: an empty list would pass every test over it.
    return try! JSONDecoder().decode([ExitMoments].self, from: Data(contentsOf: file))
  }()

  static func of(dimension: Int, threshold: Double, finiteSizeDrift: Bool) throws -> ExitMoments {
    try #require(
      all.first {
        $0.dimension == dimension && $0.threshold == threshold
          && $0.finite_size_drift == finiteSizeDrift
      })
  }
}
