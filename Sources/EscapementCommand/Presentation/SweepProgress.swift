import Escapement
import Foundation

/// Draws one bar over a whole grid on standard error, by the estimated work of its points.
actor SweepProgress: SweepObserver {
  /// Points finished, those kept by a directory included.
  private(set) var finished = 0
  private let count: Int
  private let total: Double
  /// Work done before the dynamics that runs now, and the part of it that this program did.
  private var done = 0.0
  private var own = 0.0
  private var current: (point: SweepPoint, kind: DynamicsKind, replicas: Int, meter: ProgressMeter)?
  private var point: SweepPoint?
  private let began = Date()
  private var task: Task<Void, Never>?
  private let drawing = ProgressLine()

  init(_ points: [SweepPoint]) {
    count = points.count
    total = points.reduce(0) { $0 + $1.experiment.estimatedSeconds }
  }

  func willRun(_ point: SweepPoint) {
    self.point = point
    guard task == nil, ProgressLine.isShown else { return }
    task = Task.detached { [self] in
      while !Task.isCancelled {
        try? await Task.sleep(nanoseconds: 200_000_000)
        if Task.isCancelled { return }
        drawing.draw(await line)
      }
    }
  }

  func willRun(_ kind: DynamicsKind, replicas: Int, meter: ProgressMeter) {
    guard let point else { return }
    current = (point, kind, replicas, meter)
  }

  func didRun(_ kind: DynamicsKind) {
    guard let point else { return }
    done += point.experiment.estimatedSeconds(kind)
    own += point.experiment.estimatedSeconds(kind)
    current = nil
  }

  func didFinish(_ point: SweepPoint, isKept: Bool) {
    finished += 1
    if isKept { done += point.experiment.estimatedSeconds }
  }

  func didRefuse(_ point: SweepPoint, _ reason: String) {
    Console.error("escapement: \(singleLine(reason)): the point is run again\n")
  }

  /// Stops drawing and clears the line.
  func finish() async {
    guard let task else { return }
    task.cancel()
    await task.value
    self.task = nil
    drawing.clear()
  }

  private var line: String {
    var part = 0.0
    var now = "comparing"
    if let current {
      let (replicas, ended) = (current.replicas, current.meter.finishedReplicas)
      let fraction = replicas > 0 ? Double(ended) / Double(replicas) : 0
      part = fraction * current.point.experiment.estimatedSeconds(current.kind)
      now = "\(current.kind.title) \(ended)/\(replicas)"
    }
    let fraction = total > 0 ? min((done + part) / total, 1) : 0
    let filled = Int(20 * fraction)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 20 - filled)
    var text = "\(finished)/\(count) points  \(bar) \(Int(100 * fraction))%"
    if let point, finished < count { text += "  \(point.coordinates.words): \(now)" }
    let work = own + part
    if work > 0, fraction < 1 {
      let left = Date().timeIntervalSince(began) * (total - done - part) / work
      text += "  \(NumberText.duration(left)) left"
    }
    return text
  }
}
