import Dynamics
import Foundation

/// Holds the closed-form predictions of an experiment, keyed as the command prints them.
///
/// Exit times are keyed by threshold; a prediction that does not exist is null.
public struct TheorySummary: Codable, Sendable {
  /// The smallest degree n ≥ 1 in the target's Hermite expansion.
  @Fallback<Missing.Zero> public var informationExponent: Int
  /// The largest number of degrees that has to be found at once.
  @Fallback<Missing.Zero> public var leap: Int
  /// The smallest information exponent of transformed labels; null where it is not known.
  @Nullable public var generativeExponent: Int? = nil
  /// How the exponents were found, by key.
  @Fallback<Missing.Map<String>> public var exponentsFound: [String: String]
  /// Growth rate μ of the linearised flow; null beyond phase retrieval.
  @Nullable public var growthRate: Double? = nil
  /// Learning rate above which nothing grows.
  @Nullable public var criticalLearningRate: Double? = nil
  /// Learning rate with the fewest samples to escape.
  @Nullable public var optimalLearningRate: Double? = nil
  /// Annealed exit times.
  @Fallback<Missing.Map<Double?>> public var annealedExitTime: [String: Double?]
  /// Quenched exit times, averaged over the law of the start.
  @Fallback<Missing.Map<Double?>> public var quenchedExitTime: [String: Double?]
  /// Linearised exit times from the given start; null when the start is random.
  @Nullable public var linearisedExitTime: [String: Double?]? = nil
  /// Gain in samples of this width over width 1, each at its best learning rate.
  @Nullable public var gainFromWidth: Double? = nil
  /// The largest gain that any width brings.
  @Nullable public var largestGainFromWidth: Double? = nil
  /// Excess risk at long times.
  @Nullable public var plateau: Double? = nil
  /// Why a prediction that should be there is not, by its key and threshold.
  @Fallback<Missing.Map<String>> public var notAvailable: [String: String]

  enum CodingKeys: String, CodingKey {
    case leap
    case informationExponent = "information_exponent"
    case generativeExponent = "generative_exponent"
    case exponentsFound = "exponents_found"
    case growthRate = "growth_rate"
    case criticalLearningRate = "critical_learning_rate"
    case optimalLearningRate = "optimal_learning_rate"
    case annealedExitTime = "annealed_exit_time"
    case quenchedExitTime = "quenched_exit_time"
    case linearisedExitTime = "linearised_exit_time"
    case gainFromWidth = "gain_from_width"
    case largestGainFromWidth = "largest_gain_from_width"
    case plateau
    case notAvailable = "not_available"
  }

  /// Evaluates every closed form for a model; a quadrature that fails is a reason in `notAvailable`.
  ///
  /// Throws what the target's expansion throws.
  public init(model: Model, start: Start, thresholds: [Double]) throws {
    let theory = EscapeTheory(model: model)
    informationExponent = try model.informationExponent()
    leap = try model.leap()
    let generative = try model.generativeExponent()
    generativeExponent = generative.value
    exponentsFound = [
      CodingKeys.informationExponent.rawValue: model.exponentsFound,
      CodingKeys.generativeExponent.rawValue: generative.how,
    ]
    growthRate = theory.isKnown ? theory.growthRate : nil
    criticalLearningRate = theory.criticalLearningRate
    optimalLearningRate = theory.optimalLearningRate
    func keyed(_ body: (Double) throws -> Double?) rethrows -> [String: Double?] {
      Dictionary(uniqueKeysWithValues: try thresholds.map { ("\($0)", try body($0)) })
    }
    annealedExitTime = keyed(theory.annealedExitTime)
    var failures: [String: String] = [:]
    quenchedExitTime = keyed { threshold in
      do {
        return try theory.quenchedExitTime(threshold: threshold)
      } catch {
        failures["quenched_exit_time at \(threshold)"] = "\(error)"
        return nil
      }
    }
    notAvailable = failures
    if case .fixed(let frame) = start, theory.hasExitTimeFormulas {
      let sum = frame.teacherOverlaps.reduce(0) { $0 + $1 * $1 }
      linearisedExitTime = keyed {
        theory.linearisedExitTime(threshold: $0, squaredOverlaps: sum)
      }
    }
    gainFromWidth = theory.hasGainFromWidth ? theory.gainFromWidth : nil
    largestGainFromWidth = theory.hasGainFromWidth ? theory.largestGainFromWidth : nil
    plateau = theory.plateau
  }
}

/// Encodes a summary as JSON with sorted keys, on several lines, ending in a newline.
public func jsonData(_ value: some Encodable) throws -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return try encoder.encode(value) + Data("\n".utf8)
}

/// Holds the closed forms of the exit time at one rule; they speak of the risk.
struct ExitFormulas: Sendable {
  let annealed: Double?
  let quenched: Double?
  let linearised: Double?

  /// Looks a rule up; the quenched form, unless `withQuenched`, is of random starts.
  init(_ theory: TheorySummary, _ mark: WrittenMark, withQuenched: Bool = true) {
    func formula(_ values: [String: Double?]?) -> Double? {
      mark.known == .risk ? values?["\(mark.threshold)"] ?? nil : nil
    }
    annealed = formula(theory.annealedExitTime)
    quenched = withQuenched ? formula(theory.quenchedExitTime) : nil
    linearised = formula(theory.linearisedExitTime)
  }
}
