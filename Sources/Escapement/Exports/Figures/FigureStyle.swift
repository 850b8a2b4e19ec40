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
    if (format eq 'svg') {
      set terminal svg size width, height font 'DejaVu Sans,13' background '#ffffff' name 'figure'
    }
    if (format eq 'png') {
      set terminal pngcairo size 2 * width, 2 * height font 'DejaVu Sans,13' fontscale 1.5 linewidth 2 pointscale 2 dashlength 1.7
    }
    if (format eq 'pdf') {
      set terminal pdfcairo size 17.0 cm, paper cm font 'DejaVu Sans,10' linewidth 1.2 dashlength 1.5
    }
    set output name . '.' . format
    # Exact chain, ODE, SDE, full SGD, Fokker–Planck, reference lines.
    set linetype 1 linecolor rgb '#0072B2' linewidth 2.2 dashtype 1 pointtype 7
    set linetype 2 linecolor rgb '#000000' linewidth 1.8 dashtype (12,5) pointtype 9
    set linetype 3 linecolor rgb '#D55E00' linewidth 1.8 dashtype (6,3) pointtype 5
    set linetype 4 linecolor rgb '#009E73' linewidth 1.8 dashtype (9,3,2,3) pointtype 13
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

  /// The line type of a dynamics.
  static func lineType(_ kind: DynamicsKind) -> Int {
    switch kind {
    case .chain: return 1
    case .ode: return 2
    case .sde: return 3
    case .sgd: return 4
    }
  }

  /// How one path among many is drawn: thin and pale, so that a bundle shows its density; unbroken, but
  /// for the ODE's.
  static func pathStyle(_ kind: DynamicsKind) -> String {
    let color: String
    switch kind {
    case .chain: color = "0072B2"
    case .ode: color = "000000"
    case .sde: color = "D55E00"
    case .sgd: color = "009E73"
    }
    return "linecolor rgb '#80\(color)' linewidth 0.7 \(pathDash(kind))"
  }

  /// The dashes of one path among many, and of its entry in a legend.
  static func pathDash(_ kind: DynamicsKind) -> String {
    kind == .ode ? "dashtype (12,5)" : "dashtype 1"
  }

  /// What a legend calls a dynamics.
  static func title(_ kind: DynamicsKind) -> String {
    switch kind {
    case .chain: return "exact chain"
    case .ode: return "ODE"
    case .sde: return "SDE"
    case .sgd: return "full SGD"
    }
  }
}
