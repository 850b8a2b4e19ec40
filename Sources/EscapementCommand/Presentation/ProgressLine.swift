import Foundation

/// Draws one line over and over on standard error, within its width; nothing where no person reads it, or on a
/// terminal that takes plain lines alone.
final class ProgressLine: @unchecked Sendable {
  /// Whether there is somebody to draw for.
  static var isShown: Bool { Console.errorIsTerminal && !Terminal.isDumb }

  private var drawn = 0

  /// Draws the line in place of the one before; only one thread may.
  func draw(_ text: String) {
    // The last column stays free: a terminal may go on to the next line behind it.
    let room = max(1, (Terminal.width(of: STDERR_FILENO) ?? 80) - 1)
    let line = text.count > room ? text.prefix(room - 1) + "…" : text
    Console.error(
      "\r" + line + String(repeating: " ", count: max(0, min(drawn, room) - line.count)))
    drawn = line.count
  }

  /// Clears the line.
  func clear() {
    if drawn > 0 { Console.error("\r" + String(repeating: " ", count: drawn) + "\r") }
    drawn = 0
  }
}
