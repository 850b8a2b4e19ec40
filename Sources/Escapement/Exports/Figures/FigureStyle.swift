import Dynamics
import Foundation

/// The one style of all figures: Okabe and Ito's colours, told apart in grey by dash and width too.
enum FigureStyle {
  /// How style.gp starts.
  static let firstLine = "# The style of every figure in this folder"

  /// What style.gp holds.
  static let script = Data(
    #"""
    # The style of every figure in this folder; edit it and run gnuplot on a script to restyle one.
    # Colours of Okabe and Ito (2008), which colour-blind readers can tell apart.
    reset
    set encoding utf8
    width = 680.0
    height = width / aspect
    paper = 17.0 / aspect
    small = ',11'
    if (format eq 'svg') {
      set terminal svg size width, height font 'DejaVu Sans,13' background '#ffffff' name 'figure'
    }
    if (format eq 'png') {
      set terminal pngcairo size 2 * width, 2 * height font 'DejaVu Sans,13' fontscale 1.5 linewidth 2 pointscale 2 dashlength 1.7
    }
    if (format eq 'pdf') {
      small = ',8'
      set terminal pdfcairo size 17.0 cm, paper cm font 'DejaVu Sans,10' linewidth 1.2 dashlength 1.5
    }
    set output name . '.' . format
    # The lines of a heading.
    lines(first, rest) = sprintf('%s%c%s', first, 10, rest)
    \#(lineTypes)
    set linetype 5 linecolor rgb '#CC79A7' linewidth 2.4 dashtype 1 pointtype 11
    set linetype 6 linecolor rgb '#777777' linewidth 1.2 dashtype (3,3) pointtype 6
    set linetype 7 linecolor rgb '#E69F00' linewidth 2.0 dashtype 1 pointtype 4
    set linetype 8 linecolor rgb '#56B4E9' linewidth 2.0 dashtype 1 pointtype 8
    set border 3 linecolor rgb '#333333' linewidth 0.8
    set tics nomirror out scale 0.6 textcolor rgb '#222222'
    set grid linetype -1 linecolor rgb '#dddddd' linewidth 0.6 dashtype 1
    set key bmargin center horizontal Left reverse samplen 3 spacing 1.2 height 1 noenhanced
    set style fill transparent solid 0.18 noborder
    set xlabel offset 0,0.2
    set datafile missing 'NaN'

    """#.utf8)

  /// How figures draw one dynamics; line types are those of ``script``.
  struct Look {
    let lineType: Int
    let color: String
    let width: Double
    let pointType: Int
    /// Dashes as gnuplot and as matplotlib write them.
    let dash: String
    let pythonDash: String
    /// Its place, no two alike, among what is drawn over each other: what is random lies below what is not.
    let layer: Int
  }

  static func look(_ kind: DynamicsKind) -> Look {
    switch kind {
    case .chain:
      return Look(
        lineType: 1, color: "0072B2", width: 2.2, pointType: 7, dash: "1", pythonDash: "-",
        layer: 2)
    case .ode:
      return Look(
        lineType: 2, color: "000000", width: 1.8, pointType: 9, dash: "(12,5)", pythonDash: "--",
        layer: 3)
    case .sde:
      return Look(
        lineType: 3, color: "D55E00", width: 1.8, pointType: 5, dash: "(6,3)", pythonDash: ":",
        layer: 1)
    case .sgd:
      return Look(
        lineType: 4, color: "009E73", width: 1.8, pointType: 13, dash: "(9,3,2,3)",
        pythonDash: "-.", layer: 0)
    }
  }

  /// The dynamics, in the order in which figures of paths draw them.
  static let drawn = DynamicsKind.allCases.sorted { look($0).layer < look($1).layer }

  /// The line types of the dynamics, with a line that names them, as style.gp sets them.
  private static var lineTypes: String {
    let kinds = DynamicsKind.allCases.sorted { lineType($0) < lineType($1) }
    let names = kinds.map(\.title).joined(separator: ", ")
    let lines = kinds.map(look).map {
      "set linetype \($0.lineType) linecolor rgb '#\($0.color)' linewidth \($0.width) "
        + "dashtype \($0.dash) pointtype \($0.pointType)"
    }
    let heading =
      "# \(names.prefix(1).uppercased() + names.dropFirst()), Fokker–Planck, reference lines."
    return ([heading] + lines).joined(separator: "\n")
  }

  /// The words of style.py.txt and of the notebooks that use it.
  static var pythonWords: [String: String] {
    func list(_ kinds: [DynamicsKind]) -> String {
      "[" + kinds.map { "\"\($0.rawValue)\"" }.joined(separator: ", ") + "]"
    }
    let entries = DynamicsKind.allCases.sorted().map {
      "\"\($0.rawValue)\": (\"\($0.title)\", \"#\(look($0).color)\", \"\(look($0).pythonDash)\")"
    }
    let lines = stride(from: 0, to: entries.count, by: 2).map {
      entries[$0..<min($0 + 2, entries.count)].joined(separator: ", ")
    }
    return [
      "style": "{" + lines.joined(separator: ",\n         ") + "}",
      "drawn": list(drawn),
      "references": list(DynamicsKind.references),
      "noisyReferences": list(DynamicsKind.references.filter { !$0.isDeterministic }),
      "isDeterministic": DynamicsKind.allCases.filter(\.isDeterministic)
        .map { "kind == \"\($0.rawValue)\"" }.joined(separator: " or "),
    ]
  }

  /// The line type of a dynamics.
  static func lineType(_ kind: DynamicsKind) -> Int { look(kind).lineType }

  /// Draws a band between columns 3 and 4 of a block: pale, between thin lines in the dashes of its curve, so that
  /// bands that overlap stay apart, in grey too.
  static func band(_ index: Int, _ lineType: Int) -> [String] {
    let fill =
      "data index \(index) using 1:3:4 with filledcurves linetype \(lineType) "
      + "fillstyle transparent solid 0.13 notitle"
    return [fill]
      + [3, 4].map {
        "data index \(index) using 1:\($0) with lines linetype \(lineType) linewidth 0.7 notitle"
      }
  }

  /// How one path among many is drawn: thin and pale, so that a bundle shows its density; unbroken, but
  /// for the ODE's.
  static func pathStyle(_ kind: DynamicsKind) -> String {
    "linecolor rgb '#80\(look(kind).color)' linewidth 0.7 \(pathDash(kind))"
  }

  /// The dashes of one path among many, and of its entry in a legend.
  static func pathDash(_ kind: DynamicsKind) -> String {
    "dashtype \(kind.isDeterministic ? look(kind).dash : "1")"
  }
}
