import Dynamics
import Foundation
import Mustache

/// Holds what every report has, whatever it is about.
struct ReportPage {
  let title: String
  let setting: String
  /// What was found, in plain words: `kind`, `head` and `text`.
  let verdicts: [[String: String]]
  /// The figures as SVG, in order.
  let pictures: [(figure: Figure, svg: String)]
  /// Why figures are missing.
  let missing: [String]
  /// What a reader must know before believing the numbers.
  let caveats: [String]
  /// How it was run: `name` and `value`.
  let provenance: [[String: String]]
  let version: String
  let experiment: String

  /// Renders a template that fills the blocks of page.mustache, which escapes every word.
  func html(_ template: [UInt8], _ numbers: [String: Any]) throws -> Data {
    let words: [String: Any] = [
      "version": version, "title": unbroken(title), "setting": unbroken(setting),
      "verdicts": verdicts.map { $0.mapValues(unbroken) },
      "hasFigures": !pictures.isEmpty,
      "figures": pictures.enumerated().map { index, picture in
        [
          "picture": inlined(picture.svg, prefix: "f\(index)", label: picture.figure.caption),
          "caption": unbroken(picture.figure.caption),
        ]
      },
      "caveats": caveats + missing,
      "provenance": provenance, "experiment": experiment,
    ]
    return Data(
      withContents(
        try rendered(
          template, words.merging(numbers) { $1 }, with: ["page": PackageResources.page_mustache])
      ).utf8)
  }

  /// Draws figures for a page, and says why some or, without gnuplot, all are missing; `warn` is told too.
  static func draw(
    _ figures: Figures, _ warn: (String) -> Void
  ) throws -> (pictures: [(figure: Figure, svg: String)], missing: [String]) {
    do {
      let (files, omissions) = try Gnuplot.draw(figures, formats: ["svg"])
      omissions.forEach(warn)
      let pictures = figures.drawn.compactMap { figure in
        files.first { $0.name == figure.name + ".svg" }.map { file in
          (figure: figure, svg: String(decoding: file.contents, as: UTF8.self))
        }
      }
      return (pictures, omissions.map { "\($0.prefix(1).uppercased())\($0.dropFirst())." })
    } catch let error as MissingProgramError {
      warn(error.description)
      return ([], ["No figures in this page: \(error.description)."])
    }
  }
}

/// Gives the headings of a page names to be linked by, and lists them in its element `nav`.
///
/// Words of files are escaped by then, and hold no heading.
private func withContents(_ page: String) -> String {
  let (open, close) = ("<h2>", "</h2>")
  let parts = page.components(separatedBy: open)
  let titles = parts.dropFirst().map { $0.components(separatedBy: close)[0] }
  let named = parts.dropFirst().enumerated().map { "<h2 id=\"part-\($0 + 1)\">\($1)" }
  let entries = titles.enumerated().map { "<li><a href=\"#part-\($0 + 1)\">\($1)</a></li>\n" }
  return (parts[0] + named.joined()).replacingOccurrences(
    of: "<ol></ol>", with: "<ol>\n\(entries.joined())</ol>")
}

/// Renders a template of this package, with others that it names.
func rendered(
  _ template: [UInt8], _ words: [String: Any], with parts: [String: [UInt8]]
) throws -> String {
  func parse(_ bytes: [UInt8]) throws -> MustacheTemplate {
    try MustacheTemplate(string: String(decoding: bytes, as: UTF8.self))
  }
  return try parse(template).render(
    parted(words), library: MustacheLibrary(templates: parts.mapValues(parse)))
}

extension ComparisonSummary.Provenance {
  /// Where a result comes from, for the table of a page.
  var words: [[String: String]] {
    [
      ("program", "Escapement \(version)"), ("commit", commit ?? "not known"), ("GSL", gsl),
      ("random generator", generator), ("seed", "\(seed)"),
    ].map { ["name": $0.0, "value": $0.1] }
  }
}

extension Experiment {
  /// The model and its start in one sentence.
  func settingWords(seed: UInt64) -> String {
    "p = \(model.width) student\(model.width == 1 ? "" : "s"), "
      + "k = \(model.teacherUnits) teacher unit\(model.teacherUnits == 1 ? "" : "s"), "
      + "dimension d = \(model.dimension), "
      + "learning rate γ = \(NumberText.given(model.learningRate)), "
      + "label noise Δ = \(NumberText.given(model.labelNoise)), \(isPaired ? "random starts" : "one fixed start"), "
      + "seed \(seed)."
  }

  /// Caveats of everything that is measured by one experiment.
  var sharedCaveats: [String] {
    let single =
      dynamics.contains(.sgd) && precision == .single
      ? ["Full SGD's input was made in single precision: no normal of it is larger than 6.66."] : []
    return single + [
      "One dimension and one learning rate were measured: what holds at d = \(model.dimension) is "
        + "not shown for others."
    ]
  }
}

/// Keeps a number on one line with what it is the value of.
private func unbroken(_ text: String) -> String {
  text.replacingOccurrences(of: " = ", with: "\u{A0}=\u{A0}")
}

/// A picture as an element of a page: without the prologue of a file, its names made unique.
private func inlined(_ svg: String, prefix: String, label: String) -> String {
  guard let start = svg.range(of: "<svg") else { return "" }
  var text = String(svg[start.lowerBound...])
  for (old, new) in [
    ("id=\"", "id=\"\(prefix)-"), ("id='", "id='\(prefix)-"), ("'#", "'#\(prefix)-"),
    ("url(#", "url(#\(prefix)-"),
  ] { text = text.replacingOccurrences(of: old, with: new) }
  // Colours are written with '#' as well.
  text = text.replacingOccurrences(
    of: "'#\(prefix)-([0-9a-fA-F]{6})'", with: "'#$1'", options: .regularExpression)
  let name = label.split(separator: ".").first.map(String.init) ?? label
  text = text.replacingOccurrences(of: "<svg", with: "<svg role=\"img\"")
  // A browser shows and a screen reader reads the title.
  return text.replacingOccurrences(
    of: "<title>[^<]*</title>",
    with: NSRegularExpression.escapedTemplate(for: "<title>\(escaped(singleLine(name)))</title>"),
    options: .regularExpression)
}

private func escaped(_ text: String) -> String {
  [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;")].reduce(text) {
    $0.replacingOccurrences(of: $1.0, with: $1.1, options: .literal)
  }
}

/// Parts what Mustache would take for one character: it escapes a quote or an angle bracket by characters, and
/// one with an accent on it is another character, which a browser still reads as a quote and an accent.
func parted(_ value: Any) -> Any {
  switch value {
  case let text as String: return partedText(text)
  case let list as [Any]: return list.map(parted)
  case let words as [String: Any]: return words.mapValues(parted)
  default: return value
  }
}

private func partedText(_ text: String) -> String {
  let special: Set<Unicode.Scalar> = ["<", ">", "&", "\"", "'"]
  guard
    text.contains(where: {
      $0.unicodeScalars.count > 1 && special.contains($0.unicodeScalars.first!)
    })
  else { return text }
  return String(
    text.flatMap { character -> String in
      let scalars = character.unicodeScalars
      guard scalars.count > 1, special.contains(scalars.first!) else { return String(character) }
      return "\(scalars.first!)\u{200B}" + String(String.UnicodeScalarView(scalars.dropFirst()))
    })
}
