import Dynamics
import Foundation

/// Holds the numbers of fits.json that a page shows.
struct SweepFitNumbers: Decodable {
  struct Term: Decodable {
    let estimate: Double
    let standard_error: Double
  }

  struct Fit: Decodable {
    let terms: [Term]
  }

  struct Margin: Decodable {
    let margin: Double
    let log10_dimension: Double?
    let interval: [Double?]
    let status: String
  }

  struct Shift: Decodable {
    let at: [String: FitValue]
    let first: String
    let criterion: String?
    let threshold: Double
    let fit: Fit
    let margins: [Margin]
  }

  struct Width: Decodable {
    let width: Int
    let learning_rate: Double
    let mean_samples: Double
    let standard_error: Double
    let gain: Double
    let interval: [Double]?
    let predicted_gain: Double?
  }

  struct Gain: Decodable {
    let at: [String: FitValue]
    let dynamics: String
    let criterion: String?
    let threshold: Double
    let widths: [Width]
  }

  let noise_shift: [Shift]
  let gain_from_width: [Gain]

  /// Reads the numbers of fits.json; throws `DecodingError` also for words that no fit has.
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    noise_shift = try container.decode([Shift].self, forKey: .noise_shift)
    gain_from_width = try container.decode([Gain].self, forKey: .gain_from_width)
    let kinds = noise_shift.map(\.first) + gain_from_width.map(\.dynamics)
    let criteria = noise_shift.map(\.criterion) + gain_from_width.map(\.criterion)
    let keys = noise_shift.flatMap(\.at.keys) + gain_from_width.flatMap(\.at.keys)
    guard kinds.allSatisfy({ DynamicsKind(rawValue: $0) != nil }),
      criteria.allSatisfy({ $0.map { ExitCriterion(name: $0) != nil } ?? true }),
      keys.allSatisfy({ SweepKey(name: $0) != nil })
    else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: "a dynamics, criterion or key that is none"))
    }
  }

  private enum CodingKeys: String, CodingKey { case noise_shift, gain_from_width }
}

/// Is the value of a key that points of a fit agree in, as text.
struct FitValue: Decodable {
  let text: String

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      text = NumberText.given(number)
    } else {
      text = (try? container.decode(String.self)).map(singleLine) ?? "…"
    }
  }
}

extension [String: FitValue] {
  /// The keys on one line.
  var words: String {
    sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value.text)" }.joined(separator: ", ")
  }
}
