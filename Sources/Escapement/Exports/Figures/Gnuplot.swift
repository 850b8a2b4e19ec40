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

  /// Draws figures and returns the style, the data, the scripts and the pictures.
  ///
  /// Throws `MissingProgramError` without gnuplot, `GnuplotError` when it fails, `OutputError` when
  /// temporary files cannot be made. Cost: about half a second a figure.
  static func draw(
    _ figures: [Figure], formats: [String] = ["svg", "png", "pdf"]
  ) throws -> [(name: String, contents: Data)] {
    guard isInstalled else {
      throw MissingProgramError(
        description: "figures need gnuplot: install it with 'apt-get install gnuplot-nox' or "
          + "'brew install gnuplot'")
    }
    return try withTemporaryDirectory { directory in
      func place(_ name: String) -> URL { directory.appendingPathComponent(name) }
      do {
        try FigureStyle.script.write(to: place("style.gp"))
        for figure in figures {
          try figure.data.write(to: place("\(figure.name).dat"))
          try figure.script(formats).write(to: place("\(figure.name).gp"))
        }
      } catch {
        throw OutputError(
          isCreation: false, description: "cannot write to '\(directory.path)'")
      }
      var files: [(name: String, contents: Data)] = [
        ("README.md", captions(figures)), ("style.gp", FigureStyle.script),
      ]
      for figure in figures {
        try run("\(figure.name).gp", in: directory)
        files.append(("\(figure.name).dat", figure.data))
        files.append(("\(figure.name).gp", figure.script(formats)))
        for format in formats {
          let name = "\(figure.name).\(format)"
          guard let picture = try? Data(contentsOf: place(name)), !picture.isEmpty else {
            throw GnuplotError(description: "gnuplot has not drawn \(name)")
          }
          files.append((name, picture))
        }
      }
      return files
    }
  }

  /// Runs a script; no settings of the user, so that a figure is the same everywhere.
  private static func run(_ script: String, in directory: URL) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gnuplot", "--default-settings", script]
    process.currentDirectoryURL = directory
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let line = plainLines(text).last ?? "it says nothing"
      throw GnuplotError(description: "gnuplot failed on \(script): \(line)")
    }
  }

  /// How the page of figures starts.
  static let readMe = "# Figures\n\nEach by `gnuplot NAME.gp`"

  /// A page with every figure and its caption.
  private static func captions(_ figures: [Figure]) -> Data {
    let entries = figures.map { figure in
      "![\(figure.name)](\(figure.name).svg)\n\n\(markdownText(figure.caption))\n"
    }
    return Data(
      (readMe + " from `NAME.dat` in the style of `style.gp`.\n\n"
        + entries.joined(separator: "\n")).utf8)
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
