import Foundation

/// Holds one figure: the data it shows, the gnuplot commands that draw it, and what it shows in words.
public struct Figure: Sendable {
  /// Name of its files, without extension; letters, digits, points, plus signs and hyphens.
  public let name: String
  /// What it shows, in whole sentences.
  public let caption: String
  /// Width over height.
  let aspect: Double
  /// Blocks of data, one a curve.
  let blocks: [FigureBlock]
  /// Commands between the style and the output, without those that open it.
  let commands: String

  init(
    name: String, caption: String, aspect: Double = 1.45, blocks: [FigureBlock], commands: String
  ) {
    self.name = fileWord(name)
    self.caption = caption
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
      \(commands)
      unset output
      }

      """.utf8)
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

/// Says of a figure that its data give nothing to draw.
struct NothingToDraw: Error {
  let name: String
  let reason: String
}
