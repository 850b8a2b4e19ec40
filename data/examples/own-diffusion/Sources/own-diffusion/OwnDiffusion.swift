import Escapement
import Foundation

/// Escape of an overdamped particle from one well of the potential (x² − 1)²/4 + y²/2.
///
/// dx = (x − x³) dt + √(2ε) dB₁, dy = −y dt + √(2ε) dB₂, from the bottom (−1, 0) until x reaches the other
/// well's bottom. Nothing of networks: the ensemble, the exits and the statistics are Escapement's. Ends
/// with status 1 when a mean is not the one that two integrals give.
@main
struct OwnDiffusion {
  static func main() async throws {
    let temperatures = [0.10, 0.12]
    var samples: [ExitSample] = []
    var isRight = true
    for temperature in temperatures {
      let sample = try await escapes(temperature: temperature)
      let summary = try SampleSummary(sample)
      let (mean, error) = (summary.mean ?? .nan, summary.standardError ?? .nan)
      let exact = exactMean(temperature: temperature)
      let distance = (mean - exact) / error
      print(
        String(
          format: "ε = %.2f: mean escape time %.2f ± %.2f, exactly %.2f: %+.1f standard errors",
          temperature, mean, error, exact, distance))
      // Five standard errors: once in two million runs by chance; not a number is not right either.
      isRight = isRight && abs(distance) < 5
      samples.append(sample)
    }
    let comparison = try SampleComparison(samples[1], samples[0], isPaired: false, margin: 0.05)
    if let test = comparison.tests.kolmogorovSmirnov {
      print("Kolmogorov–Smirnov p =", test.pValue)
    }
    if let ratio = comparison.meanRatio {
      print("ratio of means", ratio.estimate, ratio.interval ?? [], ratio.verdict.rawValue)
    }
    print(isRight ? "the means are the exact ones" : "a mean is not the exact one")
    if !isRight { exit(1) }
  }

  private static func escapes(temperature: Double) async throws -> ExitSample {
    let amplitude = (2 * temperature).squareRoot()
    let diffusion = try ItoDiffusion(
      start: [-1, 0], sources: 2,
      drift: { state, drift in
        drift[0] = state[0] - state[0] * state[0] * state[0]
        drift[1] = -state[1]
      },
      noise: { _, noise in
        (noise[0], noise[1], noise[2], noise[3]) = (amplitude, 0, 0, amplitude)
      },
      boundary: { state in 1 - state[0] })
    let exits = try await diffusion.exits(
      replicas: 4000, horizon: 2000, timeStep: 1.0 / 32, seed: 20230530, threads: 2)
    // What did not escape is censored at the horizon, and says so.
    return try ExitSample(
      times: exits.map(\.time), isObserved: exits.map { $0.outcome == .exited })
  }

  /// The mean time from −1 to 1 of x alone, (1/ε) ∫₋₁¹ exp(V(y)/ε) ∫₋∞ʸ exp(−V(z)/ε) dz dy, by the
  /// trapezoidal rule; V = (x² − 1)²/4. Source: Gardiner, Stochastic Methods (2009), section 5.5.
  private static func exactMean(temperature: Double) -> Double {
    func potential(_ x: Double) -> Double { (x * x - 1) * (x * x - 1) / 4 }
    let step = 1e-4
    var (inner, outer, before) = (0.0, 0.0, 0.0)
    for index in -40_000...10_000 {
      let x = Double(index) * step
      let weight = exp(-potential(x) / temperature)
      inner += step * (before + weight) / 2
      before = weight
      let end = index == -10_000 || index == 10_000 ? 0.5 : 1
      if index >= -10_000 { outer += step * end * exp(potential(x) / temperature) * inner }
    }
    return outer / temperature
  }
}
