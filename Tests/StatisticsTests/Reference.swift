import Foundation
import Testing

/// Holds the reference values that data/reference/statistics.py computes with SciPy.
struct Reference: Decodable {
  struct TwoSamples: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let first: [Double]
    let second: [Double]
    let kolmogorovSmirnov: KolmogorovSmirnovValues
    let cramerVonMises: CramerVonMisesValues?
    let andersonDarling: PermutationValues?
    let energyDistance: PermutationValues
    let wasserstein: Double

    var testDescription: String { name }
  }

  struct KolmogorovSmirnovValues: Decodable, Sendable {
    let statistic: Double
    let exact: Double
    let limit: Double
  }

  struct CramerVonMisesValues: Decodable, Sendable {
    let statistic: Double
    let limit: Double
    let exact: Double?
  }

  /// `exact` runs over all splits, and is nil where there are many; `limit` is A²'s alone.
  struct PermutationValues: Decodable, Sendable {
    let statistic: Double
    let limit: Double?
    let exact: Double?
  }

  struct CensoredSamples: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let first: Side
    let second: Side
    let logRank: LogRankValues

    var testDescription: String { name }
  }

  struct Side: Decodable, Sendable {
    let times: [Double]
    let observed: [Bool]
    let kaplanMeier: KaplanMeierValues
  }

  struct KaplanMeierValues: Decodable, Sendable {
    let times: [Double]
    let survival: [Double]
    let variance: [Double?]
    let lower: [Double?]
    let upper: [Double?]
  }

  struct LogRankValues: Decodable, Sendable {
    let statistic: Double
    let pValue: Double
  }

  struct MultipleTestingValues: Decodable, Sendable {
    let pValues: [Double]
    let holm: [Double]
    let benjaminiHochberg: [Double]
  }

  let twoSamples: [TwoSamples]
  let censoredSamples: [CensoredSamples]
  let multipleTesting: [MultipleTestingValues]

  /// Is read once; a missing or malformed file is a broken checkout.
  static let values: Reference = {
    let file = URL(filePath: #filePath)
      .appending(path: "../../../data/reference/statistics.json").standardized
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      return try decoder.decode(Reference.self, from: Data(contentsOf: file))
    } catch {
      fatalError("\(file.path()): \(error)")
    }
  }()

  /// Ten published replicas a side: simulated and SDE, p = 1, T = 0.5.
  static let published = values.twoSamples.first { $0.name == "published" }!
}

/// Tells whether two numbers agree to `tolerance`, relative above 1 and absolute below.
func agree(_ first: Double, _ second: Double, tolerance: Double = 1e-9) -> Bool {
  abs(first - second) <= tolerance * max(1, abs(first), abs(second))
}

/// Tells whether two numbers agree to `tolerance` of the larger, or are both 0.
func agreeRelatively(_ first: Double, _ second: Double, tolerance: Double = 1e-9) -> Bool {
  abs(first - second) <= tolerance * max(abs(first), abs(second))
}
