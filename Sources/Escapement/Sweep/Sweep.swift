import Dynamics
import Ensemble
import Foundation

/// Is told what a sweep does, so that a program can show progress.
public protocol SweepObserver: ComparisonObserver {
  /// Called before a point is run, not for one that was kept.
  func willRun(_ point: SweepPoint) async
  /// Called when a point is done, by `isKept` because a directory had it.
  func didFinish(_ point: SweepPoint, isKept: Bool) async
  /// Called when a directory has a point whose files are not used, with the reason; it is run again.
  func didRefuse(_ point: SweepPoint, _ reason: String) async
}

extension SweepObserver {
  /// Does nothing.
  public func didRefuse(_ point: SweepPoint, _ reason: String) async {}
}

/// Runs the experiments of a grid one after the other and summarises them together.
public struct Sweep: Sendable {
  /// The grid.
  public let grid: SweepGrid
  /// Its points, in order.
  public let points: [SweepPoint]
  /// Their results, in the same order.
  public let results: [PointResult]
  /// What is reported.
  public let summary: SweepSummary

  /// Runs every point that `directory` does not have yet, keeping each as it is finished.
  ///
  /// Throws what a comparison throws, `CancellationError` when the task is cancelled (the finished
  /// points are kept), `OutputError` when one cannot be kept. Results do not depend on
  /// interruptions.
  public static func run(
    _ grid: SweepGrid, points: [SweepPoint], directory: SweepDirectory? = nil,
    commit: String? = nil, observer: (any SweepObserver)? = nil
  ) async throws -> Sweep {
    let results = try await complete(points, directory, commit: commit, observer: observer)
    let sweep = try Sweep(grid: grid, points: points, results: results, commit: commit)
    try directory?.finish(points, sweep.files)
    return sweep
  }

  /// Runs some of the points as `run` does, and leaves the files of the whole sweep to the one that has all.
  @discardableResult public static func complete(
    _ points: [SweepPoint], _ directory: SweepDirectory?, commit: String? = nil,
    observer: (any SweepObserver)? = nil
  ) async throws -> [PointResult] {
    var results: [PointResult] = []
    for point in points {
      switch directory?.kept(point) {
      case .result(let kept):
        results.append(kept)
        await observer?.didFinish(point, isKept: true)
        continue
      case .refused(let reason): await observer?.didRefuse(point, reason)
      case .nothing, nil: break
      }
      try Task.checkCancellation()
      await observer?.willRun(point)
      let comparison = try await Comparison.run(
        point.experiment, commit: commit, observer: observer)
      let result = PointResult(comparison, commit: commit)
      try directory?.keep(
        point,
        [
          ("experiment.yaml", Data(point.experiment.yaml.utf8)),
          ("exit_times.csv", exitTimesCSV(comparison.runs)),
          ("summary.json", try jsonData(comparison.summary)),
          ("point.json", try jsonData(result)),
        ])
      results.append(result)
      await observer?.didFinish(point, isKept: false)
    }
    return results
  }

  /// Summarises results that are already there; throws `StatisticsError` or `GSLError`.
  public init(
    grid: SweepGrid, points: [SweepPoint], results: [PointResult], commit: String?
  ) throws {
    self.grid = grid
    self.points = points
    self.results = results
    summary = try SweepSummary(points: points, results: results, commit: commit)
  }

  /// The annealed and, of random starts, the quenched exit time of a point at a mark.
  package func formulas(
    at index: Int, _ mark: WrittenMark
  ) -> (annealed: Double?, quenched: Double?) {
    let isRandom = points[index].experiment.isPaired
    let formulas = ExitFormulas(results[index].theory, mark, withQuenched: isRandom)
    return (formulas.annealed, formulas.quenched)
  }

  /// The files of the whole sweep.
  public var files: [(name: String, contents: Data)] {
    get throws {
      [
        ("sweep.csv", summary.exitTable.csv), ("verdicts.csv", summary.verdictTable.csv),
        ("fits.json", try jsonData(summary.fits)),
      ]
    }
  }
}
