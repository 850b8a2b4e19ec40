import Dynamics
import Foundation

/// Makes one line of a text: every line end that some reader knows, and every other control character, is
/// a blank.
///
/// Scalars are looked at, not characters: "\r\n" is one character, and so is a line end with an accent on it.
package func singleLine(_ text: String) -> String {
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
      if result.last != " " { result.append(" ") }
    default: result.append(scalar)
    }
  }
  return String(result).trimmingCharacters(in: .whitespaces)
}

/// Parts a text at every line end that some reader knows; what is left has no control characters.
func plainLines(_ text: String) -> [String] {
  text.unicodeScalars.split { lineEnds.contains($0) }.map { singleLine(String($0)) }
    .filter { !$0.isEmpty }
}

private let lineEnds: Set<Unicode.Scalar> = [
  "\n", "\r", "\u{B}", "\u{C}", "\u{1C}", "\u{1D}", "\u{1E}", "\u{85}", "\u{2028}", "\u{2029}",
]

/// Quotes words for gnuplot, which reads no commands, macros or backquotes between single quotes.
///
/// A quote inside becomes a typographic one: inside braces gnuplot 5 takes two quotes in a row for an end.
func gnuplotText(_ words: String) -> String {
  "'" + singleLine(words).replacingScalar("'", by: "\u{2019}") + "'"
}

/// Quotes the label of a tic for gnuplot, which takes a per cent sign there for a format.
func gnuplotLabel(_ words: String) -> String {
  gnuplotText(words.replacingScalar("%", by: "%%"))
}

/// Leaves letters, digits, points, plus signs and hyphens of a word, 100 at most, as the names of files are made.
func fileWord(_ word: String) -> String {
  String(word.unicodeScalars.prefix(100).map { isFileScalar($0) ? Character($0) : "-" })
}

private func isFileScalar(_ scalar: Unicode.Scalar) -> Bool {
  scalar.isASCII
    && (scalar.properties.isAlphabetic || "0123456789.+-".unicodeScalars.contains(scalar))
}

extension String {
  fileprivate func replacingScalar(_ old: Unicode.Scalar, by new: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if scalar == old {
        result.append(contentsOf: new.unicodeScalars)
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }
}

/// Whether a word has letters, digits and the signs of numbers and names alone.
func isPlainWord(_ word: String) -> Bool {
  word.unicodeScalars.count <= 100
    && word.unicodeScalars.allSatisfy { isFileScalar($0) || $0 == "_" || $0 == " " || $0 == "," }
}

/// Words as a sentence lists them: `a, b or c`.
func alternatives(_ words: [String]) -> String {
  let head = words.dropLast().joined(separator: ", ")
  return head.isEmpty ? words.joined() : "\(head) or \(words[words.count - 1])"
}

extension DynamicsKind {
  /// What a dynamics may be, for errors.
  static let words = alternatives(allCases.map(\.rawValue))
}

extension ExitCriterion {
  /// What a criterion may be, for errors.
  static let words = alternatives(listedNames)
}
