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
}

/// Is the value of a key that points of a fit agree in, as text.
struct FitValue: Decodable {
  let text: String

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      text = NumberText.short(number)
    } else {
      text = (try? container.decode(String.self)) ?? "…"
    }
  }
}

extension [String: FitValue] {
  /// The keys on one line.
  var words: String {
    sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value.text)" }.joined(separator: ", ")
  }
}
