import Foundation

/// Says that a program that an export needs is not installed.
public struct MissingProgramError: Error, Sendable, CustomStringConvertible {
  /// One line: which program, what for, and how to install it.
  public let description: String
}

/// Runs gnuplot, which draws the figures.
enum Gnuplot {
  /// Whether it is installed: an executable of that name in a folder of PATH.
  static var isInstalled: Bool {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: $0 + "/gnuplot")
    }
  }

  /// Draws figures and returns the style, the data, the scripts and the pictures, and a word on each
  /// figure that is missing: one that gnuplot fails on is left out like one with nothing to show.
  ///
  /// Throws `MissingProgramError` without gnuplot, `GnuplotError` when it fails on all, `OutputError` when
  /// temporary files cannot be made. Cost: about half a second a figure.
  static func draw(
    _ figures: Figures, formats: [String] = ["svg", "png", "pdf"]
  ) throws -> (files: [(name: String, contents: Data)], omissions: [String]) {
    guard isInstalled else {
      throw MissingProgramError(
        description: "figures need gnuplot: install it with 'apt-get install gnuplot-nox' or "
          + "'brew install gnuplot'")
    }
    return try withTemporaryDirectory { directory in
      func place(_ name: String) -> URL { directory.appendingPathComponent(name) }
      do {
        try FigureStyle.script.write(to: place("style.gp"))
        for figure in figures.drawn {
          try figure.data.write(to: place("\(figure.name).dat"))
          try figure.script(formats).write(to: place("\(figure.name).gp"))
        }
      } catch {
        throw OutputError(
          isCreation: false, description: "cannot write to '\(directory.path)'")
      }
      var (files, drawn) = ([(name: String, contents: Data)](), [Figure]())
      var failures: [GnuplotError] = []
      for figure in figures.drawn {
        do {
          files += try self.files(of: figure, formats, in: directory)
          drawn.append(figure)
        } catch let error as GnuplotError {
          failures.append(error)
        }
      }
      if let first = failures.first, drawn.isEmpty { throw first }
      let omissions = figures.omissions + failures.map { "no figure: \($0.description)" }
      return (
        [(page, captions(drawn, omissions, formats)), ("style.gp", FigureStyle.script)] + files,
        omissions
      )
    }
  }

  /// Draws one figure whose script is in `directory`.
  private static func files(
    of figure: Figure, _ formats: [String], in directory: URL
  ) throws -> [(name: String, contents: Data)] {
    try run("\(figure.name).gp", in: directory)
    return [("\(figure.name).dat", figure.data), ("\(figure.name).gp", figure.script(formats))]
      + (try formats.map { format in
        let name = "\(figure.name).\(format)"
        guard let picture = try? Data(contentsOf: directory.appendingPathComponent(name)),
          !picture.isEmpty
        else { throw GnuplotError(description: "gnuplot has not drawn \(name)") }
        return (name, picture)
      })
  }

  /// Runs a script; no settings of the user, so that a figure is the same everywhere.
  private static func run(_ script: String, in directory: URL) throws {
    let text = try String(contentsOf: directory.appendingPathComponent(script), encoding: .utf8)
    if let line = GnuplotScript.foreignLine(text) {
      throw GnuplotError(description: "\(script) is not run: it does more than draw, in '\(line)'")
    }
    let result = try ChildProgram.run(
      ["gnuplot", "--default-settings", script], in: directory.path, errors: true)
    guard result.status == 0 else {
      let line = plainLines(result.text).last ?? "it says nothing"
      throw GnuplotError(description: "gnuplot failed on \(script): \(line)")
    }
  }

  /// The file that has every figure with its caption.
  static let page = "README.md"
  /// How it starts.
  static let readMe = "# Figures\n\nEach by `gnuplot NAME.gp`"

  /// A page with every figure and its caption, and what is missing.
  private static func captions(
    _ figures: [Figure], _ omissions: [String], _ formats: [String]
  ) -> Data {
    let entries = figures.map { figure in
      "![\(figure.name)](\(figure.name).\(formats[0]))\n\n\(markdownText(figure.caption))\n"
    }
    return Data(
      (readMe + " from `NAME.dat` in the style of `style.gp`.\n\n"
        + entries.joined(separator: "\n")
        + (omissions.isEmpty ? "" : "\nNot drawn:\n\n")
        + omissions.map { "- \(markdownText($0))\n" }.joined()).utf8)
  }
}

/// A text as a page of Markdown shows it: no element of HTML, no link, on one line.
private func markdownText(_ text: String) -> String {
  [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("[", "&#91;"), ("]", "&#93;"), ("`", "&#96;")]
    .reduce(singleLine(text)) {
      $0.replacingOccurrences(of: $1.0, with: $1.1, options: .literal)
    }
}

/// Says what gnuplot could not draw.
public struct GnuplotError: Error, Sendable, CustomStringConvertible {
  /// One line with gnuplot's own words.
  public let description: String
}
