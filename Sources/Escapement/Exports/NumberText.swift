import Dynamics
import Foundation
import Statistics

/// Writes numbers as a person reads them.
package enum NumberText {
  /// Four significant digits.
  package static func short(_ value: Double) -> String {
    let text = String(format: "%.4g", value)
    return text
  }

  /// Four significant digits, or a dash.
  package static func short(_ value: Double?) -> String { value.map { short($0) } ?? "–" }

  /// Seven significant digits, for numbers without Monte Carlo error.
  package static func digits(_ value: Double) -> String { String(format: "%.7g", value) }

  /// A value with as many decimals as its standard error supports: `1.1443 ± 0.0047`.
  package static func measured(_ value: Double, _ error: Double?) -> String {
    guard let error, error > 0, error.isFinite else { return short(value) }
    let decimals = max(0, min(12, 1 - Int(log10(error).rounded(.down))))
    return String(format: "%.\(decimals)f ± %.\(decimals)f", value, error)
  }

  /// A value with its standard error, both with an exponent where decimals would be many.
  package static func risk(_ value: Double, _ error: Double?) -> String {
    guard abs(value) < 1e-3, let error, error > 0 else { return measured(value, error) }
    return String(format: "%.4g ± %.2g", value, error)
  }

  /// A ratio's interval: `[0.981, 1.012]`.
  package static func interval(_ bounds: [Double]) -> String {
    let width = bounds[1] - bounds[0]
    let isSpread = width > 0 && width.isFinite
    let decimals = isSpread ? max(2, min(9, 2 - Int(log10(width).rounded(.down)))) : 4
    return bounds.map { String(format: "%.\(decimals)f", $0) }.joined(separator: " … ")
  }

  /// A dimension by its decimal logarithm, large ones as a power of ten: `30000`, `10^9.4`.
  package static func dimension(_ decimal: Double) -> String {
    decimal < 6 ? String(format: "%.0f", pow(10, decimal)) : String(format: "10^%.1f", decimal)
  }

  /// A fraction in per cent, by two digits near either end: `2.4%`, `98%`, `99.7%`.
  package static func percent(_ share: Double) -> String {
    let value = 100 * share
    let rest = min(value, 100 - value)
    let decimals =
      rest <= 0 || rest >= 9.95 ? 0 : min(6, max(1, 1 - Int(log10(rest).rounded(.down))))
    return String(format: "%.\(decimals)f%%", value)
  }

  /// Seconds as a person says them: `40 s`, `3 min 20 s`.
  package static func duration(_ seconds: Double) -> String {
    let total = Int(min(seconds, 1e15).rounded(.up))
    switch total {
    case ..<60: return "\(total) s"
    case ..<3600: return "\(total / 60) min \(total % 60) s"
    case ..<86400: return "\(total / 3600) h \(total / 60 % 60) min"
    default: return "\(total / 86400) days \(total / 3600 % 24) h"
    }
  }

  /// A factor to two significant digits, without an exponent.
  package static func rounded(_ value: Double) -> String {
    let unit = pow(10, max(0, log10(value).rounded(.down) - 1))
    let rounded = (value / unit).rounded() * unit
    return value < 10 ? String(format: "%.1f", value) : String(format: "%.0f", rounded)
  }
}

extension TestResult {
  /// The p-value as a person reads it: after ≤ where no more is known, as for a bound under ties or the
  /// least that relabelling can give.
  package var pValueText: String {
    if pValue <= 0 { return "< 1e-300" }
    return (isBound ? "≤ " : "") + NumberText.short(pValue)
  }

  /// The same after p and an equals sign, where there is none of another kind.
  package var pValueWords: String {
    let text = pValueText
    return text.hasPrefix("<") || text.hasPrefix("≤") ? "p \(text)" : "p = \(text)"
  }
}

extension Model {
  /// Samples of one unit of τ, in units of d log d.
  package var scaledSamples: Double {
    let d = Double(dimension)
    return d > 1 ? 1 / (timePerStep * d * log(d)) : .nan
  }
}
