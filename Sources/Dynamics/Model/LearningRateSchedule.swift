import Foundation

/// Says how the learning rate changes from step to step.
///
/// With a warm-up of W steps γ_ν = γ (ν + 1)/W for ν < W; what follows is a decay that counts its steps from there,
/// γ_{W+n} = γ (1 + n/ν₀)^−α. Or a table gives the rates themselves, each from a step on. The second layer's rate
/// is γ_a γ_ν/γ, or has a schedule of its own with γ_a for γ.
///
/// Symbols: γ = ``Model/learningRate``, W = `warmUp`, α = `power`, ν₀ = `after`.
public struct LearningRateSchedule: Sendable, Equatable {
  /// What follows the warm-up.
  public enum Decay: Sendable, Equatable {
    /// The rate γ.
    case none
    /// γ (1 + n/after)^−power.
    case power(Double, after: Double)
    /// Rates from steps on, ascending; γ before the first.
    case table([(step: Int, rate: Double)])

    /// Compares what the cases say.
    public static func == (first: Decay, second: Decay) -> Bool {
      switch (first, second) {
      case (.none, .none): return true
      case (.power(let a, let b), .power(let c, let d)): return a == c && b == d
      case (.table(let a), .table(let b)): return a.elementsEqual(b) { $0 == $1 }
      default: return false
      }
    }
  }

  /// Steps of the linear warm-up; 0 or 1 for none.
  public let warmUp: Int
  /// What follows it.
  public let decay: Decay

  /// The largest exponent α.
  public static let largestPower = 10.0
  /// The key that errors name.
  static let key = "learning-rate-schedule"

  /// Creates a schedule.
  ///
  /// Throws `ParameterError` for the key `learning-rate-schedule` unless 0 ≤ α ≤ 10, ν₀ > 0 and finite,
  /// 0 ≤ W ≤ 10¹⁵, steps of a table ascend from 0 or later with finite rates above 0, and a table stands alone.
  public init(warmUp: Int = 0, decay: Decay = .none) throws(ParameterError) {
    func require(
      _ holds: Bool, _ found: @autoclosure () -> String, _ expected: @autoclosure () -> String
    ) throws(ParameterError) {
      if !holds {
        throw ParameterError(
          key: LearningRateSchedule.key, found: found(), expected: expected())
      }
    }
    let largest = 1_000_000_000_000_000
    try require(
      (0...largest).contains(warmUp), "a warm-up of \(warmUp)",
      "a whole number of steps from 0 to \(largest)")
    switch decay {
    case .none: break
    case .power(let power, let after):
      try require(
        power >= 0 && power <= LearningRateSchedule.largestPower, "a power of \(power)",
        "a number from 0 to \(LearningRateSchedule.largestPower)")
      try require(
        after > 0 && after.isFinite, "a power after \(after)", "a finite number of steps above 0")
    case .table(let entries):
      try require(!entries.isEmpty, "no steps", "at least one step with its rate")
      try require(warmUp == 0, "steps and a warm-up", "steps alone, which can say the same")
      var last = -1
      for (step, rate) in entries {
        try require(
          step > last && step <= largest, "step \(step)" + (last < 0 ? "" : " after \(last)"),
          "whole numbers of steps from 0 to \(largest) in ascending order")
        try require(rate > 0 && rate.isFinite, "a rate of \(rate)", "finite rates above 0")
        last = step
      }
    }
    self.warmUp = warmUp
    self.decay = decay
  }

  /// Throws `ParameterError` for `key` when a table says another rate of step 0 than `learningRate`.
  func requireFits(
    learningRate: Double, key: String = LearningRateSchedule.key
  ) throws(ParameterError) {
    guard let firstRate else { return }
    try ParameterError.require(
      firstRate == learningRate, key, "a rate of \(firstRate) at step 0",
      "the learning rate \(learningRate) there, or a table that starts later")
  }

  /// The rate that a table has from step 0 on; nil where it has none.
  public var firstRate: Double? {
    guard case .table(let entries) = decay, entries[0].step == 0 else { return nil }
    return entries[0].rate
  }

  /// Whether every step has the rate `learningRate`.
  func isConstant(at learningRate: Double) -> Bool {
    guard warmUp <= 1 else { return false }
    switch decay {
    case .none: return true
    case .power(let power, _): return power == 0
    case .table(let entries): return entries.allSatisfy { $0.rate == learningRate }
    }
  }

  /// The schedule in a formula, with γ the learning rate.
  public var formula: String {
    func short(_ number: Double) -> String { String(format: "%g", number) }
    var parts: [String] = []
    if warmUp > 1 { parts.append("γ(ν + 1)/\(warmUp) up to step \(warmUp)") }
    switch decay {
    case .none: break
    case .power(let power, let after):
      let steps = warmUp > 1 ? "(ν − \(warmUp))" : "ν"
      parts.append("γ(1 + \(steps)/\(short(after)))^−\(short(power))")
    case .table(let entries):
      parts += entries.map { "\(short($0.rate)) from step \($0.step)" }
    }
    return parts.joined(separator: ", then ")
  }
}

extension LearningRateSchedule {
  /// The stretches of the schedule, each with its first step.
  func pieces(learningRate: Double) -> [(step: Double, piece: SchedulePiece)] {
    let constant = SchedulePiece.constant(rate: learningRate, factor: 1)
    let ramp: [(Double, SchedulePiece)] = warmUp > 1 ? [(0, .ramp(steps: Double(warmUp)))] : []
    let end = warmUp > 1 ? Double(warmUp) : 0
    switch decay {
    case .none: return ramp + [(end, constant)]
    case .power(let power, let after):
      return ramp + [(end, .power(PowerSums(power: power, after: after)))]
    case .table(let entries):
      return (entries[0].step > 0 ? [(0, constant)] : [])
        + entries.map {
          (Double($0.step), .constant(rate: $0.rate, factor: $0.rate / learningRate))
        }
    }
  }
}

/// A stretch of a schedule that one formula covers, with its steps counted from its beginning.
///
/// Sums are of factors f_n = γ_n/γ.
enum SchedulePiece: Sendable, Equatable {
  /// The rate `rate`, f = `factor`.
  case constant(rate: Double, factor: Double)
  /// f = (n + 1)/`steps`.
  case ramp(steps: Double)
  /// f = (1 + n/`after`)^−`power`.
  case power(PowerSums)

  /// The rate of step n, `learningRate` being γ.
  func rate(ofStep n: Double, _ learningRate: Double) -> Double {
    switch self {
    case .constant(let rate, _): return rate
    case .ramp(let steps): return learningRate * ((n + 1) / steps)
    case .power(let sums): return learningRate * sums.factor(n)
    }
  }

  /// Σ f over the first n steps, to rounding.
  func sum(_ n: Double) -> Double {
    switch self {
    case .constant(_, let factor): return factor * n
    case .ramp(let steps): return n * (n + 1) / (2 * steps)
    case .power(let sums): return sums.sum(n)
    }
  }

  /// The steps after which Σ f is `sum`, within one; infinite where it never is.
  func count(_ sum: Double) -> Double {
    switch self {
    case .constant(_, let factor): return sum / factor
    case .ramp(let steps): return 0.5 * ((1 + 8 * steps * sum).squareRoot() - 1)
    case .power(let sums): return sums.place(sum) + 0.5
    }
  }

  /// The rate where Σ f is `sum`, smooth in it: step n stands for sums from that of n to that of n + 1, and has its
  /// own rate in the middle.
  func rate(atSum sum: Double, _ learningRate: Double) -> Double {
    switch self {
    case .constant(let rate, _): return rate
    case .ramp(let steps):
      return learningRate * (0.5 * (1 + 8 * steps * max(sum, 0)).squareRoot() / steps)
    case .power(let sums): return learningRate * sums.factor(sums.place(sum))
    }
  }
}

/// Sums f_n = (1 + n/ν₀)^−α, n = 0, 1, …
///
/// The first terms one by one, the rest by the Euler–Maclaurin formula with derivatives up to the fifth: exact to
/// 1e-14 or so, at a cost that does not depend on n.
struct PowerSums: Sendable, Equatable {
  /// The exponent α ≥ 0.
  let power: Double
  /// The steps ν₀ > 0.
  let after: Double
  /// Sums of the first 0, 1, … terms, up to where the formula takes over.
  private let head: [Double]

  init(power: Double, after: Double) {
    self.power = power
    self.after = after
    var head = [0.0]
    // From here on derivatives fall by a factor of 32 and more from order to order.
    let count = max(0, Int((32 * (1 + power) - min(after, 1e6)).rounded(.up)))
    for n in 0..<count { head.append(head[n] + pow(1 + Double(n) / after, -power)) }
    self.head = head
  }

  /// f at a place, which may lie between steps, and before the first by half a one.
  func factor(_ n: Double) -> Double { pow(1 + n / after, -power) }

  /// Σ f over the first n steps, a whole number.
  func sum(_ n: Double) -> Double {
    let count = Double(head.count - 1)
    guard n > count else { return head[Int(n)] }
    return head[head.count - 1] + integral(from: count, to: n) + (edge(n) - edge(count))
  }

  /// ∫ f over a stretch.
  private func integral(from low: Double, to high: Double) -> Double {
    // (after + low) f(low) times ∫ (1 + x)^−α dx up to x = (high − low)/(after + low).
    let growth = log1p((high - low) / (after + low))
    let rest = 1 - power
    let shape = rest == 0 ? growth : expm1(rest * growth) / rest
    return (after + low) * factor(low) * shape
  }

  /// What the Euler–Maclaurin formula adds at an end: −f/2 + f'/12 − f'''/720 + f⁗'/30240.
  private func edge(_ n: Double) -> Double {
    let reach = after + n
    let first = -power / reach
    let third = first * (power + 1) * (power + 2) / (reach * reach)
    let fifth = third * (power + 3) * (power + 4) / (reach * reach)
    return factor(n) * (-0.5 + first / 12 - third / 720 + fifth / 30240)
  }

  /// The place x with ∫ f from −½ to x = `sum`, so that Σ f over the first n steps is reached at n − ½ to second
  /// order in 1/ν₀; infinite where the integral ends below.
  func place(_ sum: Double) -> Double {
    // Where ν₀ is no more than a step or so the rate halves in one, and nothing is smooth.
    let begin = log(max(1 - 0.5 / after, 0.5))
    let rest = 1 - power
    guard rest != 0 else { return after * expm1(begin + sum / after) }
    // Beyond all sums where rest < 0.
    let shape = expm1(rest * begin) + rest * sum / after
    return shape > -1 ? after * expm1(log1p(shape) / rest) : .infinity
  }
}
