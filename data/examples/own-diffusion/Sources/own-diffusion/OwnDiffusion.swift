import Escapement

/// Escape of an overdamped particle from one well of the potential (x² − 1)²/4 + y²/2.
///
/// dx = (x − x³) dt + √(2ε) dB₁, dy = −y dt + √(2ε) dB₂, from the bottom (−1, 0) until x reaches the other
/// well's bottom. Nothing of networks: the ensemble, the exits and the statistics are Escapement's.
@main
struct OwnDiffusion {
  static func main() async throws {
    let cold = try await escapes(temperature: 0.10)
    let warm = try await escapes(temperature: 0.12)
    for (name, sample) in [("ε = 0.10", cold), ("ε = 0.12", warm)] {
      let summary = try SampleSummary(sample)
      print(name, "mean escape time", summary.mean ?? .nan, "±", summary.standardError ?? .nan)
    }
    let comparison = try SampleComparison(warm, cold, isPaired: false, margin: 0.05)
    print("Kolmogorov–Smirnov p =", comparison.tests.kolmogorovSmirnov.pValue)
    if let ratio = comparison.meanRatio {
      print("ratio of means", ratio.estimate, ratio.interval ?? [], ratio.verdict.rawValue)
    }
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
    let horizon = 1000.0
    let exits = try await diffusion.exits(
      replicas: 1000, horizon: horizon, timeStep: 1.0 / 32, seed: 20230530, threads: 2)
    // What did not escape is censored at the horizon, and says so.
    return try ExitSample(
      times: exits.map(\.time), isObserved: exits.map { $0.outcome == .exited })
  }
}
