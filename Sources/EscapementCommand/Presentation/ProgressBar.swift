import Escapement
import Foundation

/// Draws progress on standard error while an ensemble runs, on a terminal only.
struct ProgressBar {
  private let task: Task<Void, Never>?
  private let line = ProgressLine()

  /// Starts drawing; `name` is the dynamics.
  init(_ name: String, replicas: Int, meter: ProgressMeter) {
    guard ProgressLine.isShown else {
      // A word where nobody sees a bar, once: what does not end is not told from what is slow.
      task = Task.detached {
        guard (try? await Task.sleep(for: .seconds(60))) != nil, meter.finishedReplicas == 0 else {
          return
        }
        Console.error(
          "escapement: note: \(name): no replica has ended after a minute and "
            + "\(ProgressBar.scaled(Double(meter.steps))) steps; a shorter horizon or smaller rates end sooner\n"
        )
      }
      return
    }
    let (began, line) = (Date(), line)
    task = Task.detached {
      while !Task.isCancelled {
        try? await Task.sleep(nanoseconds: 200_000_000)
        if Task.isCancelled { return }
        let elapsed = Date().timeIntervalSince(began)
        line.draw(ProgressBar.line(name, replicas, meter, elapsed))
      }
    }
  }

  /// Stops drawing and clears the line.
  func finish() async {
    guard let task else { return }
    task.cancel()
    await task.value
    line.clear()
  }

  private static func line(
    _ name: String, _ replicas: Int, _ meter: ProgressMeter, _ elapsed: Double
  ) -> String {
    let (done, steps) = (meter.finishedReplicas, meter.steps)
    let width = 30
    let filled = replicas > 0 ? width * done / replicas : 0
    let bar =
      String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let rate = Double(steps) / max(elapsed, 1e-3)
    var text = "\(name)  \(bar) \(done)/\(replicas) replicas  \(scaled(rate)) steps/s"
    if done > 0 {
      let left = elapsed * Double(replicas - done) / Double(done)
      text += "  \(NumberText.duration(left)) left"
    } else {
      text += "  \(scaled(Double(steps))) steps"
    }
    return text
  }

  static func scaled(_ number: Double) -> String {
    for (unit, size) in [("G", 1e9), ("M", 1e6), ("k", 1e3)] where number >= size {
      return String(format: "%.1f%@", number / size, unit)
    }
    return String(format: "%.0f", number)
  }
}
