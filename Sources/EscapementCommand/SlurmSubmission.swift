import Escapement
import Foundation

/// Describes a run, or a sweep, as a Slurm job array in a directory that all nodes see.
struct SlurmSubmission {
  private static let name = "submission.json"
  private static let experiment = "submitted.yaml"
  private static let largestFile = 1 << 16

  /// The absolute path of the directory.
  let path: String
  /// How many tasks there are, each a shard.
  let tasks: Int
  /// Whether its tasks run points of a sweep.
  let isSweep: Bool

  init(path: String, tasks: Int, isSweep: Bool) {
    self.path = URL(fileURLWithPath: path).standardizedFileURL.path
    self.tasks = tasks
    self.isSweep = isSweep
  }

  private struct Description: Codable {
    var schema = "escapement/submission/1"
    let tasks: Int
    /// Missing in submissions of version 0.2.0 and before.
    var isSweep: Bool? = nil

    enum CodingKeys: String, CodingKey {
      case schema, tasks
      case isSweep = "sweep"
    }
  }

  /// What the scripts of a submission hold beside the calls.
  struct Settings {
    /// The command that tasks run.
    let program: String
    /// Cores of a task.
    let threads: Int
    /// Options of sbatch, one a line.
    let directives: [String]
    /// Lines of the shell that come before the command.
    let setup: [String]
  }

  /// Reads the submission of a directory; throws `DataFileError`.
  init(directory: String) throws {
    let file = URL(fileURLWithPath: directory).appendingPathComponent(SlurmSubmission.name).path
    let data = try readFile(file, limit: SlurmSubmission.largestFile)
    guard let description = try? JSONDecoder().decode(Description.self, from: data),
      description.schema == Description(tasks: 1).schema,
      (1...ReplicaShare.largestCount).contains(description.tasks)
    else {
      throw DataFileError(file, "expected a submission with its number of tasks")
    }
    self.init(path: directory, tasks: description.tasks, isSweep: description.isSweep ?? false)
  }

  /// The tasks, from 1, whose shards are not there yet, or not as a merge would take them.
  ///
  /// Reads every shard once. Throws `DataFileError` without the submitted experiment.
  var unfinished: [Int] {
    get throws {
      let file = "\(path)/\(SlurmSubmission.experiment)"
      if isSweep { return try unfinishedPoints(of: SweepGrid(file: file)) }
      let data = try readFile(file, limit: 1 << 20)
      let experiment = String(decoding: data, as: UTF8.self)
      return (1...tasks).filter { index in
        guard let share = ReplicaShare(index: index, count: tasks) else { return true }
        return !ShardMerge.isFinished(
          "\(path)/shard-\(index)-of-\(tasks).records", share, of: experiment)
      }
    }
  }

  private func unfinishedPoints(of grid: SweepGrid) throws -> [Int] {
    let points = try grid.points()
    let directory = try SweepDirectory(path: path, identity: grid.yaml, isShared: true)
    return (1...tasks).filter { index in
      guard let share = ReplicaShare(index: index, count: tasks) else { return true }
      return share.points(of: points).contains { directory.result(of: $0) == nil }
    }
  }

  /// The files that describe the submission; scripts can be submitted by hand as well.
  func files(experiment: String, _ settings: Settings) throws -> [(name: String, contents: Data)] {
    let program = quoted(settings.program)
    let place = quoted(path)
    let threads = settings.threads
    let common = settings.directives.map { "#SBATCH \($0)\n" }.joined()
    let setup = settings.setup.map { "\($0) || exit 69\n" }.joined()
    let job = isSweep ? "sweep" : "compare"
    let joining =
      isSweep
      ? "sweep \(SlurmSubmission.experiment) --output . --threads \"${SLURM_CPUS_PER_TASK:-1}\""
      : "merge . --output ."
    // exec: the signal before the time limit must reach the program, which saves and ends with 75.
    let array = """
      #!/bin/bash
      #SBATCH --job-name=escapement
      #SBATCH --array=1-\(tasks)
      #SBATCH --cpus-per-task=\(threads)
      #SBATCH --signal=B:TERM@60
      #SBATCH --open-mode=append
      \(common)cd \(place) || exit 73
      \(setup)exec \(program) \(job) \(SlurmSubmission.experiment) --output . \\
        --shard "$SLURM_ARRAY_TASK_ID/\(tasks)" --threads "${SLURM_CPUS_PER_TASK:-\(threads)}"

      """
    let merge = """
      #!/bin/bash
      #SBATCH --job-name=escapement-merge
      #SBATCH --kill-on-invalid-dep=yes
      #SBATCH --open-mode=append
      \(common)cd \(place) || exit 73
      \(setup)exec \(program) \(joining)

      """
    return [
      (SlurmSubmission.experiment, Data(experiment.utf8)),
      ("tasks.sbatch", Data(array.utf8)),
      ("merge.sbatch", Data(merge.utf8)),
      (
        SlurmSubmission.name, try jsonData(Description(tasks: tasks, isSweep: isSweep ? true : nil))
      ),
    ]
  }

  /// The call that submits some of the tasks.
  func taskCall(_ indices: [Int]) -> [String] {
    [
      "sbatch", "--parsable", "--array=\(SlurmSubmission.ranges(indices))",
      "--output=\(log("task-%a.log"))", "\(path)/tasks.sbatch",
    ]
  }

  /// The call that submits the merge, to start when all tasks of a job have succeeded.
  func mergeCall(after job: String) -> [String] {
    [
      "sbatch", "--parsable", "--dependency=afterok:\(job)", "--output=\(log("merge.log"))",
      "\(path)/merge.sbatch",
    ]
  }

  /// Slurm puts job numbers where a file name has a percent sign.
  private func log(_ name: String) -> String {
    path.replacingOccurrences(of: "%", with: "%%") + "/" + name
  }

  /// Ascending numbers as Slurm writes them: 1-3,7.
  static func ranges(_ indices: [Int]) -> String {
    var result: [ClosedRange<Int>] = []
    for index in indices {
      if let last = result.last, last.upperBound == index - 1 {
        result[result.count - 1] = last.lowerBound...index
      } else {
        result.append(index...index)
      }
    }
    return result.map {
      $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
    }.joined(separator: ",")
  }
}

/// A call as a shell reads it back.
func shellLine(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }
