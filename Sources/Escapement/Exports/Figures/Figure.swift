import Foundation

/// Holds one figure: the data it shows, the gnuplot commands that draw it, and what it shows in words.
public struct Figure: Sendable {
  /// Name of its files, without extension; letters, digits, points, plus signs and hyphens.
  public let name: String
  /// What it shows, in whole sentences.
  public let caption: String
  /// What it shows in a few words, above it; empty for none.
  let title: String
  /// The lines under the title: the parameters of what is shown.
  let parameters: [String]
  /// Width over height.
  let aspect: Double
  /// Blocks of data, one a curve.
  let blocks: [FigureBlock]
  /// Commands between the style and the output, without those that open it.
  let commands: String

  init(
    name: String, caption: String, title: String = "", parameters: [String] = [],
    aspect: Double = 1.35, blocks: [FigureBlock], commands: String
  ) {
    self.name = fileWord(name)
    self.caption = caption
    self.title = title
    self.parameters = parameters
    self.aspect = aspect
    self.blocks = blocks
    self.commands = commands
  }

  /// The data file: blocks apart by two empty lines, which gnuplot calls an index.
  var data: Data { Data(blocks.map(\.text).joined(separator: "\n\n").utf8) }

  /// A script that draws the figure beside it, in `formats` out of svg, png and pdf.
  func script(_ formats: [String]) -> Data {
    let comment = plainLines(caption).map { "# \($0)\n" }.joined()
    return Data(
      """
      \(comment)# Draws \(name) as \(formats.joined(separator: ", ")): gnuplot \(name).gp
      name = '\(name)'
      data = '\(name).dat'
      aspect = \(aspect)
      do for [format in '\(formats.joined(separator: " "))'] {
      load 'style.gp'
      \(heading)\(commands)
      unset output
      }

      """.utf8)
  }
}

extension Figure {
  /// Sets title and parameters; panels take them from `heading` for all of them together.
  private var heading: String {
    let lines = ([title] + parameters).filter { !$0.isEmpty }.map(gnuplotText)
    guard let last = lines.last else { return "" }
    let nested = lines.dropLast().reversed().reduce(last) { "lines(\($1), \($0))" }
    return "heading = \(nested)\nset title heading noenhanced font small offset 0,0.5\n"
  }
}

/// Puts the words of parameters into lines that fit under the title of a figure.
func parameterLines(_ words: [String], longest: Int = 92) -> [String] {
  words.reduce(into: []) { lines, word in
    guard let last = lines.last, last.count + 2 + word.count <= longest else {
      return lines.append(word)
    }
    lines[lines.count - 1] = "\(last), \(word)"
  }
}

/// Holds the rows of one curve.
struct FigureBlock: Sendable {
  /// A comment above the rows: what the block is, and its columns.
  let heading: String
  let rows: [[Double]]

  var text: String {
    let lines = rows.map { row in
      row.map { $0.isFinite ? "\($0)" : "NaN" }.joined(separator: "\t") + "\n"
    }
    return "# \(singleLine(heading))\n" + (lines.isEmpty ? "NaN\n" : lines.joined())
  }
}

/// Holds the figures of a run, and a word on each that has nothing to show.
///
/// Every figure is made and drawn by itself: one that cannot be takes no other with it.
public struct Figures: Sendable {
  /// Those that can be drawn.
  public private(set) var drawn: [Figure] = []
  /// Why others are missing, one line each.
  public private(set) var omissions: [String] = []

  /// Adds a figure, unless it has nothing to show; `make` returns nil where there is no such figure.
  mutating func add(_ make: () throws(NothingToDraw) -> Figure?) {
    do {
      if let figure = try make() { drawn.append(figure) }
    } catch {
      omissions.append("no figure \(error.name): \(error.reason)")
    }
  }

  /// Adds a figure as the other does; throws what else `make` throws.
  mutating func addThrowing(_ make: () throws -> Figure?) throws {
    let made: Result<Figure?, NothingToDraw>
    do { made = .success(try make()) } catch let error as NothingToDraw { made = .failure(error) }
    add { () throws(NothingToDraw) in try made.get() }
  }
}

extension Figures {
  /// The figure of a name, alone; throws `ParameterError` that lists the names, and gives the nearest, where there
  /// is none.
  func only(_ name: String) throws(ParameterError) -> Figures {
    if let figure = drawn.first(where: { $0.name == name }) { return Figures(drawn: [figure]) }
    if let omission = omissions.first(where: { $0.hasPrefix("no figure \(name): ") }) {
      throw ParameterError(key: "figure", found: name, expected: "another: \(omission)")
    }
    let names = drawn.map(\.name)
    let near =
      nearestName(to: name, of: names)
      ?? names.first { !name.isEmpty && $0.lowercased().hasPrefix(name.lowercased()) }
    let hint = near.map { ", the nearest is \($0)" } ?? ""
    throw ParameterError(
      key: "figure", found: "'\(singleLine(String(name.prefix(60))))'",
      expected: names.isEmpty
        ? "none: this has no figures" : "one of \(names.joined(separator: ", "))\(hint)")
  }
}

/// Says of a figure that its data give nothing to draw.
struct NothingToDraw: Error {
  let name: String
  let reason: String
}
