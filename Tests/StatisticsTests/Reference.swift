import Foundation
import Statistics
import Testing

/// Holds what SciPy answers for a set of samples; `data/reference/statistics.py` made it.
struct Reference: Decodable, Sendable {
  struct Pair: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let first: ExitSample
    let second: ExitSample
    let expected: Expected

    var testDescription: String { name }

    enum CodingKeys: String, CodingKey { case name, first, second, expected }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      name = try container.decode(String.self, forKey: .name)
      first = try container.decode(StoredSample.self, forKey: .first).sample()
      second = try container.decode(StoredSample.self, forKey: .second).sample()
      expected = try container.decode(Expected.self, forKey: .expected)
    }
  }

  struct Expected: Decodable, Sendable {
    let ksExact: TestResult
    let ksAsymptotic: TestResult
    let ksAutomatic: TestResult
    let meanRatios: [String: [String: Interval]]
    let summaries: [Summary]
    let meanDifference: [String: Interval]
    let andersonDarling: TestResult
    let cvmAsymptotic: TestResult
    let cvmAutomatic: TestResult
    let energyDistance: Double
    let wassersteinDistance: Double
    let logRank: TestResult
    let largestDistance: Interval
    let exactPermutation: ExactPermutation?
    let kaplanMeier: [Curve]?

    enum CodingKeys: String, CodingKey {
      case meanDifference = "mean_difference"
      case andersonDarling = "anderson_darling"
      case cvmAsymptotic = "cvm_asymptotic"
      case cvmAutomatic = "cvm_automatic"
      case energyDistance = "energy_distance"
      case wassersteinDistance = "wasserstein_distance"
      case logRank = "log_rank"
      case largestDistance = "largest_distance"
      case exactPermutation = "exact_permutation"
      case kaplanMeier = "kaplan_meier"
      case ksExact = "ks_exact"
      case ksAsymptotic = "ks_asymptotic"
      case ksAutomatic = "ks_automatic"
      case meanRatios = "mean_ratios"
      case summaries
    }
  }

  /// Holds p-values over all relabelings.
  struct ExactPermutation: Decodable, Sendable {
    let anderson_darling: Double
    let energy: Double
  }

  struct Curve: Decodable, Sendable {
    let times: [Double]
    let survival: [Double]
    let at_risk: [Int]
    let exits: [Int]
    let bands: [String: [[Double]?]]
  }

  struct Adjustment: Decodable, Sendable {
    let p_values: [Double]
    let holm: [Double]
    let benjamini_hochberg: [Double]
  }

  struct Interval: Decodable, Sendable {
    let estimate: Double
    let interval: [Double]?
  }

  struct Summary: Codable, Sendable, Equatable {
    let replicas: Int
    let exited: Int
    let censored: Int
    let mean: Double?
    let standard_error: Double
    let standard_deviation: Double
    let quantiles: [String: Double?]
    let restricted_mean: Double?
    let horizon: Double?
  }

  struct OneSample: Decodable, Sendable {
    let times: [Double]
    let expected: TestResult
  }

  /// Stores times as they are, or as the recipe of a Weyl sequence.
  private struct StoredSample: Decodable {
    struct Weyl: Decodable {
      let count: Int
      let step: Double
      let offset: Double
      let scale: Double
    }
    let times: [Double]?
    let observed: [Bool]?
    let weyl: Weyl?

    func sample() throws -> ExitSample {
      if let weyl {
        return try ExitSample(
          (1...weyl.count).map {
            let turns = Double($0) * weyl.step
            return weyl.offset + weyl.scale * turns.truncatingRemainder(dividingBy: 1)
          })
      }
      return try ExitSample(times: times ?? [], isObserved: observed ?? [])
    }
  }

  let pairs: [Pair]
  let oneSample: [OneSample]
  let kolmogorov: [[Double]]
  let andersonDarlingLimits: [[Double]]
  let cramerVonMisesLimits: [[Double]]
  let adjustments: [Adjustment]

  enum CodingKeys: String, CodingKey {
    case pairs, kolmogorov, adjustments
    case andersonDarlingLimits = "anderson_darling_limits"
    case cramerVonMisesLimits = "cramer_von_mises_limits"
    case oneSample = "one_sample"
  }

  static let shared: Reference = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../data/reference/statistics.json").standardizedFileURL
    do {
      return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
    } catch {
      fatalError("\(file.path): \(error)")
    }
  }()

  static let pairs = shared.pairs

  /// Leaves out the pair whose curves are compared instead of its times: see ``CensoringTests``.
  static let pairsOfTimes = pairs.filter { $0.name != "censored at random" }

  static func pair(_ name: String) -> Pair {
    pairs.first { $0.name == name }!
  }
}
