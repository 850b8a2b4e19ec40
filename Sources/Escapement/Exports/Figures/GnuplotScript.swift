import Foundation

/// Knows the few commands of gnuplot that figures need.
///
/// gnuplot 5 has no mode in which a script cannot run programs, so that every script is looked through before
/// it is run: a second wall behind the quoting of what comes from files.
enum GnuplotScript {
  private static let commands: Set<String> = [
    "set", "unset", "plot", "splot", "do", "if", "else", "load", "reset", "array", "stats",
  ]
  private static let forbidden: Set<String> = [
    "system", "shell", "call", "eval", "evaluate", "import", "exec", "pipe", "print", "save",
    "raise",
  ]

  /// The first line that has more than drawing in it; nil when there is none.
  static func foreignLine(_ script: String) -> String? {
    var isContinued = false
    for line in script.split(separator: "\n", omittingEmptySubsequences: false) {
      let text = line.drop { $0 == " " || $0 == "\t" }
      defer { isContinued = text.hasSuffix("\\") }
      guard !text.isEmpty, !text.hasPrefix("#") else { continue }
      guard isPlain(String(text), isContinued) else { return singleLine(String(text)) }
    }
    return nil
  }

  private static func isPlain(_ line: String, _ isContinued: Bool) -> Bool {
    // Every other piece stands between quotes, in which nothing is a command.
    let pieces = line.split(separator: "'", omittingEmptySubsequences: false)
    guard pieces.count % 2 == 1 else { return false }
    let code = pieces.enumerated().filter { $0.offset % 2 == 0 }.map { String($0.element) }
    let words = code.flatMap { $0.split { !($0.isLetter || $0.isNumber || $0 == "_") } }.map(
      String.init)
    guard !words.contains(where: forbidden.contains),
      code.allSatisfy({ $0.allSatisfy { !"`!@\";".contains($0) } })
    else { return false }
    // A name that starts so is a pipe.
    if pieces.count > 1, code[0].hasSuffix("plot ") || code[0].hasSuffix("output ") || isContinued,
      code[0].allSatisfy({ $0 == " " }) || !isContinued,
      pieces[1].hasPrefix("<") || pieces[1].hasPrefix("|")
    {
      return false
    }
    if isContinued || line.hasPrefix("}") { return true }
    guard let first = words.first else { return false }
    if first == "load" { return line == "load 'style.gp'" }
    return commands.contains(first) || line.contains(/^[a-zA-Z_][a-zA-Z_0-9]*(\([a-z, ]*\))? *= */)
  }
}
