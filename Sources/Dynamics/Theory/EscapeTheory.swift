import Foundation
import GSL

/// Gives the closed forms of escape: growth rate, critical and best learning rate, exit times.
///
/// Near mediocrity (M = 0, Q = I) the flow is linear, dM_jr/dτ = μ_jr M_jr with
/// μ_jr = 2a_j[t + 2(a⋆_r/k − a_j/p)] − ½Φ_jj,
/// Φ_jj = 4a_j(t − 2a_j/p) + 4(γ/p)a_j²[t² + 2s + Δ − 4t a_j/p + 8a_j²/p²],
/// t = tr A, s = tr A². A batch of B has γ/B for γ; by the correlation loss A has no students, whose own
/// terms −a_j/p then vanish from pull and Φ. For k = 1 and a = 1 this is μ = 4 − 2(γ/p)(2 + 2/p + 8/p² + Δ).
/// Source: Arnaboldi et al. (2023), arXiv 2305.18502, section on the exit time.
public struct EscapeTheory: Sendable {
  /// The model.
  public let model: Model

  /// Creates the theory of a model.
  public init(model: Model) { self.model = model }

  /// Whether the closed forms know the model: phase retrieval on the sphere with a fixed second layer, in batches and
  /// by either loss, without look-ahead and repetitions.
  ///
  /// They give 0 or nil for another.
  public var isKnown: Bool { model.hasEscapeTheory }

  /// Whether the loss is the squared one, which some formulas are for.
  var isSquareLoss: Bool { model.rule.loss == .square }

  /// The largest μ_jr: above zero, the plateau is left exponentially fast.
  public var growthRate: Double {
    growthCoefficients.map { $0.gain - model.learningRate * $0.loss }.max() ?? 0
  }

  /// The largest |μ_jr| there is, of growth or decay, and 8|a_ja_l|/p for the overlaps of students.
  var fastestRate: Double {
    guard isKnown else { return 0 }
    let overlaps = growthCoefficients.map { abs($0.gain - model.learningRate * $0.loss) }.max() ?? 0
    // The two largest weights, and no pair in a network of ones, whose rate is below |μ| by far.
    guard isSquareLoss, Set(model.secondLayer).count > 1 else { return overlaps }
    let sizes = model.secondLayer.map { abs($0) }.sorted(by: >)
    return max(overlaps, 8 * sizes[0] * sizes[1] / Double(model.width))
  }

  /// The noise's rate ρ, see ``DiffusionLimit/noiseRate(of:)``.
  var noiseRate: Double {
    let form = model.pushForm
    let (p, k) = (model.width, model.teacherUnits)
    let share = model.sampleRate / Double(p)
    // The series of E[e^{θℰ}] at Q = I is exp(Σ_n (2θ)ⁿ tr Aⁿ/(2n) + θ²Δ/2).
    let powers = (1...4).map { n in
      form.reduce(0) { $0 + pow(2 * $1, Double(n)) } / (2 * Double(n))
    }
    var series = [1.0, 0, 0, 0, 0]
    for n in 1...4 {
      var sum = 0.0
      for m in 1...n {
        sum += Double(m) * (powers[m - 1] + (m == 2 ? model.labelNoise / 2 : 0)) * series[n - m]
      }
      series[n] = sum / Double(n)
    }
    /// n! [θⁿ] of the series over (1 − xθ)ⁱ(1 − yθ)ʲ.
    func moment(_ n: Int, _ x: Double, _ i: Int, _ y: Double, _ j: Int) -> Double {
      var terms = series
      for (root, times) in [(x, i), (y, j)] {
        for _ in 0..<times { for m in 1...4 { terms[m] += root * terms[m - 1] } }
      }
      return terms[n] * tgamma(Double(n) + 1)
    }
    var largest = 0.0
    for (a, own) in Set(model.secondLayer).map({
      ($0, isSquareLoss ? -$0 / Double(p) : 0)
    }) {
      let (x, y) = (2 * own, 2 / Double(k))
      let start = 4 * a * a * moment(2, x, 1, y, 1)
      let (first, second) = (4 * a, 4 * share * a * a)
      let mean = first * moment(1, x, 1, 0, 0) + second * moment(2, x, 1, 0, 0)
      let square =
        3
        * (first * first * moment(2, x, 2, 0, 0) + 2 * first * second * moment(3, x, 2, 0, 0)
          + second * second * moment(4, x, 2, 0, 0))
      largest = max(largest, start + max(square - mean * mean, 0) / 4)
    }
    return share / Double(model.dimension) * largest
  }

  /// The learning rate γ_c above which no overlap with the teacher grows; nil when none grows at any γ.
  public var criticalLearningRate: Double? {
    let rates = growthCoefficients.filter { $0.gain > 0 && $0.loss > 0 }.map { $0.gain / $0.loss }
    return rates.max()
  }

  /// Whether weights of both signs let students of opposite sign grow alike, at the rate 8|a_ja_l|/p as γ → 0.
  ///
  /// Their outputs then cancel, and the risk falls with no overlap with the teacher.
  public var studentsMayCancel: Bool {
    isKnown && isSquareLoss && model.secondLayer.contains { $0 > 0 }
      && model.secondLayer.contains { $0 < 0 }
  }

  /// Says why no overlap with the teacher grows near the start; nil where one does, or where it is unknown.
  public var reasonForNoGrowth: String? {
    guard isKnown, growthRate <= 0 else { return nil }
    var reason: String
    if let critical = criticalLearningRate, model.learningRate >= critical {
      let short = String(format: "%.4g", critical)
      reason = "the learning rate \(model.learningRate) is above the critical \(short)"
    } else {
      reason = "with this second layer no overlap with the teacher grows at any learning rate"
    }
    if studentsMayCancel {
      reason += "; the risk may still fall as students of opposite sign grow alike"
    }
    return reason
  }

  /// The learning rate that minimises the samples to escape, γ_c/2, where γ μ(γ) is largest; nil where
  /// ``studentsMayCancel``, which is another way out.
  public var optimalLearningRate: Double? {
    guard !studentsMayCancel else { return nil }
    let best = growthCoefficients.filter { $0.gain > 0 && $0.loss > 0 }
      .max { $0.gain * $0.gain / $0.loss < $1.gain * $1.gain / $1.loss }
    return best.map { $0.gain / (2 * $0.loss) }
  }

  /// Whether the formulas for exit times hold: one teacher unit, a second layer of ones.
  public var hasExitTimeFormulas: Bool {
    isKnown && model.teacherUnits == 1 && model.secondLayer.allSatisfy { $0 == 1 }
  }

  /// The annealed exit time log[T d(p + 1)/(2p)]/(2μ), with Σ_j m_j² at its mean p/d.
  ///
  /// Nil when μ ≤ 0, when the formula does not hold, or when it is negative (d too small for T).
  public func annealedExitTime(threshold: Double) -> Double? {
    let (rate, p) = (growthRate, Double(model.width))
    guard hasExitTimeFormulas, rate > 0 else { return nil }
    let argument = threshold * Double(model.dimension) * (p + 1) / (2 * p)
    return argument > 1 ? log(argument) / (2 * rate) : nil
  }

  /// The quenched exit time: the linearised exit averaged over the law of the start.
  ///
  /// With S = Σ_j m_j² = X/d and X chi-square with p degrees of freedom, the linearised risk
  /// 1 + 1/p − (2/p) S e^{2μτ} falls to (1 − T) of its start at
  /// τ = log[1 − T + T(p + 1)/(2S)]/(2μ). The mean is taken by GSL's adaptive quadrature to 1e-9 of itself.
  /// Nil under the conditions of ``annealedExitTime(threshold:)``. Throws `GSLError`.
  public func quenchedExitTime(threshold: Double) throws -> Double? {
    let (rate, p) = (growthRate, Double(model.width))
    guard hasExitTimeFormulas, rate > 0 else { return nil }
    let logNorm = 0.5 * p * log(2) + lgamma(0.5 * p)
    // In y = log X the density is smooth for every p; it is negligible beyond these ends.
    let lower = (log(p) - 80 / p - 12 / p.squareRoot())
    // From S = (p + 1)/2 on the exit is at once.
    let upper = min(
      log(p + 60 + 14 * p.squareRoot()), log(0.5 * (p + 1) * Double(model.dimension)))
    guard lower < upper else { return 0 }
    let (mean, _) = try integrate(
      from: lower, to: upper, absoluteTolerance: 0, relativeTolerance: 1e-9
    ) { y in
      let density = exp(0.5 * p * y - 0.5 * exp(y) - logNorm)
      let sum = exp(y) / Double(model.dimension)
      return density * linearisedExitTime(threshold: threshold, squaredOverlaps: sum, rate: rate)
    }
    return mean
  }

  /// The linearised exit time from a given Σ_j m_j²; nil under the same conditions.
  public func linearisedExitTime(threshold: Double, squaredOverlaps: Double) -> Double? {
    let rate = growthRate
    guard hasExitTimeFormulas, rate > 0, squaredOverlaps > 0 else { return nil }
    return linearisedExitTime(
      threshold: threshold, squaredOverlaps: squaredOverlaps, rate: rate)
  }

  private func linearisedExitTime(
    threshold: Double, squaredOverlaps: Double, rate: Double
  ) -> Double {
    let start = Double(model.width + 1) / (2 * squaredOverlaps)
    return max(0, log1p(threshold * (start - 1)) / (2 * rate))
  }

  /// Whether the formulas for the gain from width hold: those for exit times, by the squared loss.
  public var hasGainFromWidth: Bool { hasExitTimeFormulas && isSquareLoss }

  /// The best gain in samples that width brings, (12 + Δ)/(2 + Δ): 6 without noise.
  public var largestGainFromWidth: Double { (12 + model.labelNoise) / (2 + model.labelNoise) }

  /// The gain in samples of this width over width 1, each at its best learning rate:
  /// (12 + Δ)/(2 + 2/p + 8/p² + Δ).
  public var gainFromWidth: Double {
    let p = Double(model.width)
    return (12 + model.labelNoise) / (2 + 2 / p + 8 / (p * p) + model.labelNoise)
  }

  /// The excess risk of the plateau at long times, p = k = 1 and a = 1: γΔ/(1 − 6γ).
  ///
  /// Nil at and above the critical rate 2/(12 + Δ), where the start's plateau is never left.
  public var plateau: Double? {
    let gamma = model.sampleRate
    guard isSquareLoss, model.width == 1, hasExitTimeFormulas, growthRate > 0 else { return nil }
    return gamma * model.labelNoise / (1 - 6 * gamma)
  }

  /// The exact exit time of the ODE for p = k = 1, a = 1, from m₀: a logistic in m².
  ///
  /// dm/dτ = αm(1 − m²) − βm with α = 4 − 24γ and β = 2γΔ gives, for s = m² and c = α − β,
  /// ds/dτ = 2s(c − αs), so that 2cτ = log[s(c − αs₀)/(s₀(c − αs))]. Nil when the threshold is never reached or the formula
  /// does not apply.
  public func logisticExitTime(threshold: Double, overlap: Double) -> Double? {
    guard isSquareLoss, model.width == 1, hasExitTimeFormulas, overlap != 0 else { return nil }
    let alpha = 4 - 24 * model.sampleRate
    let c = alpha - 2 * model.sampleRate * model.labelNoise
    let start = overlap * overlap
    let end = 1 - (1 - threshold) * (1 - start)
    let (left, right) = (c - alpha * start, c - alpha * end)
    // Growth must carry s from start to end before its fixed point c/α.
    guard left > 0, right > 0, c != 0 else { return nil }
    // end left/(start right) − 1, which a small threshold leaves with all its digits.
    let time = log1p(c * threshold * (1 - start) / (start * right)) / (2 * c)
    return time > 0 ? time : nil
  }

  private struct GrowthCoefficients {
    let gain: Double
    let loss: Double
  }

  /// μ_jr = gain − γ loss for every student and teacher unit.
  private var growthCoefficients: [GrowthCoefficients] {
    guard isKnown else { return [] }
    let form = model.pushForm
    let (p, k) = (model.width, model.teacherUnits)
    let trace = form.reduce(0, +)
    let squares = form.reduce(0) { $0 + $1 * $1 }
    var result: [GrowthCoefficients] = []
    for j in 0..<p {
      let a = model.secondLayer[j]
      let own = form[j]
      let second = trace * trace + 2 * squares + model.labelNoise + 4 * trace * own + 8 * own * own
      let radial = 2 * a * (trace + 2 * own)
      let loss = 2 * a * a * second / (Double(p) * model.rule.samplesPerStep)
      for r in 0..<k {
        let pull = 2 * a * (trace + 2 * (own + form[p + r]))
        result.append(GrowthCoefficients(gain: pull - radial, loss: loss))
      }
    }
    return result
  }
}
