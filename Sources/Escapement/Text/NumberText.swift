import Dynamics
import Foundation
import Statistics

/// Writes numbers as a person reads them: all text for people goes by these functions, so that one number
/// reads the same everywhere. Files for machines hold every digit instead.
///
/// None writes a zero with a sign, a run of noughts for a number that is not zero, or an error to other
/// than two digits; what is not a number is a dash.
package enum NumberText {
  /// Four significant digits, whole numbers below a million in full.
  package static func short(_ value: Double) -> String { general(value, digits: 4) }

  /// Four significant digits, or a dash.
  package static func short(_ value: Double?) -> String { value.map { short($0) } ?? "–" }

  /// Seven significant digits, for numbers without Monte Carlo error.
  package static func digits(_ value: Double) -> String { general(value, digits: 7) }

  /// A parameter as it was given: all its digits up to nine, six of one that was computed, as 1/6.
  package static func given(_ value: Double) -> String {
    let digits = (1...9).first { Double(String(format: "%.\($0)g", value)) == value } ?? 6
    return general(value, digits: digits, largestWhole: 1e15)
  }

  /// A fraction that was given, such as a margin, in per cent: `5%`.
  package static func givenPercent(_ share: Double) -> String { "\(given(100 * share))%" }

  /// A change in per cent with its sign, to a tenth: `+1.2%`, `-0.3%`, `0.0%`.
  package static func signedPercent(_ change: Double) -> String {
    abs(change) < 1e4 ? signed(100 * change, decimals: 1) + "%" : "\(short(100 * change))%"
  }

  /// A difference with its sign, which 0 has not: `+1.20`, `-0.34`, `0.00`.
  package static func signed(_ value: Double, decimals: Int) -> String {
    guard abs(value) < 1e15 else { return short(value) }
    let text = String(format: "%.\(decimals)f", abs(value))
    return (Double(text) == 0 ? "" : value < 0 ? "-" : "+") + text
  }

  /// A share of at least 0 in per cent, to two digits: `12%`, `0.34%`.
  package static func roughPercent(_ share: Double) -> String {
    guard let digits = ScientificDigits(100 * share, digits: 2), (-6...6).contains(digits.place)
    else { return "\(short(100 * share))%" }
    // Above 100 whole numbers say it.
    guard digits.place < 1 else { return String(format: "%.0f%%", 100 * share) }
    return RoundedNumber(digits: digits.digits, place: digits.place).fixed + "%"
  }

  /// A tick of an axis, to the second digit of the step between ticks.
  package static func tick(_ value: Double, step: Double) -> String {
    guard let width = ScientificDigits(step, digits: 2), (-8...3).contains(width.place),
      let rounded = RoundedNumber(value, place: width.place)
    else { return short(value) }
    return rounded.fixed
  }

  /// A p-value; one that underflows is below the smallest number.
  package static func pValue(_ value: Double?) -> String {
    guard let value else { return "–" }
    return value < 1e-300 ? "< 1e-300" : short(value)
  }

  /// A value and its standard error, which has two digits, the value to the same place:
  /// `1.1443 ± 0.0047`, `123500 ± 1200`, `1.234e-06 ± 0.012e-06`.
  ///
  /// Without an error, or with one of 0 or at the level of rounding, the value alone.
  package static func measured(_ value: Double, _ error: Double?) -> String {
    guard let error, error > 4 * Double.ulpOfOne * abs(value), error.isFinite, value.isFinite,
      let width = ScientificDigits(error, digits: 2)
    else { return short(value) }
    let place = width.place
    guard let rounded = RoundedNumber(value, place: place) else {
      // An error beyond the digits that a number has.
      return "\(general(value, digits: 12)) ± \(String(format: "%.1e", error))"
    }
    let roundedError = RoundedNumber(digits: width.digits, place: place)
    let top = max(rounded.top, roundedError.top)
    guard (-4...5).contains(top) else {
      return "\(rounded.scientific(top)) ± \(roundedError.scientific(top))"
    }
    guard place >= -8 else { return "\(rounded.fixed) ± \(String(format: "%.1e", width.value))" }
    return "\(rounded.fixed) ± \(roundedError.fixed)"
  }

  /// An interval, both ends to the place of its width's second digit or of the larger end's third:
  /// `0.981 … 1.012`, `0.65 … 2.06`.
  package static func interval(_ bounds: [Double]) -> String {
    let apart = bounds.map { short($0) }.joined(separator: " … ")
    guard bounds.count == 2, let width = ScientificDigits(bounds[1] - bounds[0], digits: 2),
      // An end that is small beside the other keeps its digits.
      bounds.allSatisfy({ $0 == 0 || abs($0) > 0.1 * (bounds[1] - bounds[0]) })
    else { return apart }
    let largest = ScientificDigits(bounds.map(abs).max() ?? 0, digits: 3)
    let place = min(width.place, largest?.place ?? width.place)
    let ends = bounds.compactMap { RoundedNumber($0, place: place) }
    guard ends.count == 2, place >= -8, ends.allSatisfy({ $0.top < 6 }) else { return apart }
    return ends.map(\.fixed).joined(separator: " … ")
  }

  /// How much earlier or later a mean is than another, from their ratio and its 95% interval:
  /// `earlier by 12.3% (95%: 10.2 … 14.3%)`; where the interval holds both, each end says which it is.
  package static func shift(_ ratio: Double, _ interval: [Double]?) -> String {
    func side(_ share: Double) -> String { share < 0 ? "earlier" : "later" }
    let share = 100 * (ratio - 1)
    guard let interval, interval.count == 2, interval[0] < interval[1] else {
      return share == 0 ? "neither earlier nor later" : "\(side(share)) by \(short(abs(share)))%"
    }
    let ends = interval.map { 100 * ($0 - 1) }
    let width = ScientificDigits(ends[1] - ends[0], digits: 2)
    let place = min(width?.place ?? -1, -1)
    func size(_ share: Double) -> String {
      RoundedNumber(abs(share), place: place)?.fixed ?? short(abs(share))
    }
    let isOneSided = ends[0] > 0 || ends[1] < 0
    let range =
      isOneSided
      ? ends.map(abs).sorted().map(size).joined(separator: " … ") + "%"
      : ends.map { "\(size($0))% \(side($0))" }.joined(separator: " … ")
    let isZero = Double(size(share)) == 0
    let effect = isZero ? "neither earlier nor later" : "\(side(share)) by \(size(share))%"
    return "\(effect) (95%: \(range))"
  }

  /// A dimension by its decimal logarithm, large ones as a power of ten: `30000`, `10^9.4`.
  package static func dimension(_ decimal: Double) -> String {
    guard decimal.isFinite else { return decimal > 0 ? "∞" : "–" }
    return decimal < 6
      ? String(format: "%.0f", pow(10, decimal)) : String(format: "10^%.1f", decimal)
  }

  /// Significant digits as C's `%g` has them; whole numbers below a bound in full.
  private static func general(
    _ value: Double, digits: Int, largestWhole: Double = 1e6
  ) -> String {
    guard value.isFinite else { return value.isNaN ? "–" : value > 0 ? "∞" : "-∞" }
    guard value != 0 else { return "0" }
    let isWhole = abs(value) < largestWhole && value == value.rounded()
    return String(format: isWhole ? "%.0f" : "%.\(digits)g", value)
  }

  /// A fraction in per cent, by two digits near either end: `2.4%`, `98%`, `99.7%`.
  package static func percent(_ share: Double) -> String {
    let value = 100 * share
    guard abs(value) < 1e6 else { return "\(short(value))%" }
    let rest = min(value, 100 - value)
    let decimals =
      rest <= 0 || rest >= 9.95 ? 0 : min(6, max(1, 1 - Int(log10(rest).rounded(.down))))
    return String(format: "%.\(decimals)f%%", value)
  }

  /// Seconds as a person says them: `40 s`, `3 min 20 s`.
  package static func duration(_ seconds: Double) -> String {
    guard !seconds.isNaN else { return "–" }
    let total = Int(max(0, min(seconds, 1e15)).rounded(.up))
    switch total {
    case ..<60: return "\(total) s"
    case ..<3600: return "\(total / 60) min \(total % 60) s"
    case ..<86400: return "\(total / 3600) h \(total / 60 % 60) min"
    default: return "\(total / 86400) days \(total / 3600 % 24) h"
    }
  }

  /// A factor to two significant digits, without an exponent.
  package static func rounded(_ value: Double) -> String {
    guard value > 0, value < 1e15 else { return short(value) }
    let unit = pow(10, max(0, log10(value).rounded(.down) - 1))
    let rounded = (value / unit).rounded() * unit
    return value < 10 ? String(format: "%.1f", value) : String(format: "%.0f", rounded)
  }
}

extension TestResult {
  /// The p-value as a person reads it: after ≤ where no more is known, as for a bound under ties or the
  /// least that relabelling can give.
  package var pValueText: String {
    (isBound && pValue >= 1e-300 ? "≤ " : "") + NumberText.pValue(pValue)
  }

  /// The same after p and an equals sign, where there is none of another kind.
  package var pValueWords: String {
    let text = pValueText
    return text.hasPrefix("<") || text.hasPrefix("≤") ? "p \(text)" : "p = \(text)"
  }
}

/// Holds the leading digits of a number above 0, rounded: 0.0996 to two digits is 10 at the place −2.
private struct ScientificDigits {
  let digits: String
  /// The power of ten of the last digit.
  let place: Int
  /// The rounded number.
  let value: Double

  /// Nil unless `value` is above 0 and finite.
  init?(_ value: Double, digits count: Int) {
    guard value > 0, value.isFinite else { return nil }
    let text = String(format: "%.\(count - 1)e", value)
    let parts = text.split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]), let rounded = Double(text) else {
      return nil
    }
    digits = parts[0].filter(\.isNumber)
    place = exponent - count + 1
    self.value = rounded
  }
}

/// Holds a number rounded to a power of ten, as digits: no power of ten is multiplied, so that none
/// overflows.
private struct RoundedNumber {
  private let isNegative: Bool
  /// Digits without leading noughts; empty for 0.
  private let digits: String
  private let place: Int

  init(digits: String, place: Int) {
    (isNegative, self.digits, self.place) = (false, digits, place)
  }

  /// Nil for a number that is not finite, or that has more digits down to `place` than a Double.
  init?(_ value: Double, place: Int) {
    guard value.isFinite else { return nil }
    let size = abs(value)
    self.place = place
    guard let first = ScientificDigits(size, digits: 17) else {
      (isNegative, digits) = (false, "")
      return
    }
    // The number of digits that are kept, before rounding makes it one more.
    let count = first.place + 17 - place
    guard count <= 13 else { return nil }
    if count < 1 {
      digits = count == 0 && first.digits >= "5" ? "1" : ""
    } else if let kept = ScientificDigits(size, digits: count) {
      digits = kept.digits + String(repeating: "0", count: kept.place - place)
    } else {
      digits = ""
    }
    isNegative = value < 0 && !digits.isEmpty
  }

  /// The power of ten of the first digit; that of the place for 0.
  var top: Int { digits.isEmpty ? place : place + digits.count - 1 }

  private var sign: String { isNegative ? "-" : "" }

  /// Without an exponent: `0.0123`, `12300`.
  var fixed: String {
    if digits.isEmpty { return place < 0 ? "0." + String(repeating: "0", count: -place) : "0" }
    return sign + pointed(decimals: max(0, -place), zeros: max(0, place))
  }

  /// With the exponent `top`: `0.012e-06`.
  func scientific(_ top: Int) -> String {
    let exponent = (top < 0 ? "e-" : "e+") + String(format: "%02d", abs(top))
    return sign + pointed(decimals: top - place, zeros: 0) + exponent
  }

  private func pointed(decimals: Int, zeros: Int) -> String {
    let whole = digits + String(repeating: "0", count: zeros)
    let padded = String(repeating: "0", count: max(0, decimals + 1 - whole.count)) + whole
    return decimals == 0 ? padded : padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }
}

extension Model {
  /// Samples of one unit of τ, in units of d log d; not a number where that changes with time.
  package var scaledSamples: Double {
    let d = Double(dimension)
    return d > 1 && clock.isUniform ? 1 / (clock.timePerSample * d * log(d)) : .nan
  }
}
