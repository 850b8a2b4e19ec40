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
