import ArgumentParser
import Escapement
import Foundation

/// `escapement submit`: a run as a Slurm job array, and a job that joins its shards.
struct Submit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Submits a run to Slurm: an array of tasks, and a job that merges them.",
    discussion: """
      Tasks that failed or ran out of time go on where they stopped: \
      escapement submit --resubmit DIRECTORY submits those alone.
      """)

  @OptionGroup var arguments: ExperimentArguments
  @OptionGroup var overwriting: OverwriteArguments
  @Option(
    help: ArgumentHelp(
      "Number of tasks, each a shard (required, but with --resubmit).", valueName: "N")) var tasks:
    Int?
  @Option(
    help: ArgumentHelp(
      "Submit the unfinished tasks of this directory (default none: a new run).",
      valueName: "directory"))
  var resubmit: String?
  @Option(help: "Slurm partition (default: Slurm's).") var partition: String?
  @Option(help: "Slurm account (default: Slurm's).") var account: String?
  @Option(help: "Slurm time limit of a task, as 12:00:00 (default: Slurm's).") var time: String?
  @Option(help: "Memory of a task, as 2G (default: Slurm's).") var memory: String?
  @Flag(help: "Write the scripts and print the calls of sbatch, but make none.") var dryRun = false

  func run() async throws {
    let (submission, indices) = try resubmit.map(taken(up:)) ?? fresh()
    guard !indices.isEmpty else {
      let merge = "escapement merge \(quoted(submission.path)) --output \(quoted(submission.path))"
      Console.error("escapement: every task is finished already: \(merge)\n")
      return
    }
    let tasks = submission.taskCall(indices)
    if dryRun {
      try Console.output(
        shellLine(tasks) + "\n" + shellLine(submission.mergeCall(after: "JOB")) + "\n")
      return
    }
    let job = try sbatch(tasks)
    let merge = try sbatch(submission.mergeCall(after: job))
    try Console.output("tasks \(job) (\(indices.count) of \(submission.tasks)), merge \(merge)\n")
  }

  /// Writes the files of a new submission.
  private func fresh() throws -> (SlurmSubmission, [Int]) {
    guard let tasks, tasks >= 1, tasks <= ReplicaShare.largestCount else {
      throw ExperimentError(
        origin: .commandLine, key: "tasks",
        problem: "found \(tasks.map { "\($0)" } ?? "nothing"), expected a whole number from 1 to "
          + "\(ReplicaShare.largestCount)")
    }
    let experiment = try arguments.resolve()
    guard let output = experiment.output else {
      throw ExperimentError(
        origin: nil, key: "output",
        problem: "missing, expected --output, a directory that all "
          + "nodes see")
    }
    let directives = try [
      ("partition", partition), ("account", account), ("time", time), ("mem", memory),
    ].compactMap { name, value in
      try value.map { text in
        guard !text.isEmpty, text.allSatisfy({ $0.isASCII && isPlain($0) }) else {
          throw ExperimentError(
            origin: .commandLine, key: name == "mem" ? "memory" : name,
            problem: "found '\(text)', expected letters, digits and , . : _ -")
        }
        return "--\(name)=\(text)"
      }
    }
    let isCleared = try overwriting.clear(output)
    try OutputContents(path: output).admit(.run, experiment.yaml, isCleared: isCleared)
    let directory = try RunDirectory(path: output)
    // A run at work there is not submitted beside; shards of the same submission are.
    let lock = try directory.lock(shared: true)
    defer { withExtendedLifetime(lock) {} }
    try OutputContents(path: output).admit(.run, experiment.yaml, isCleared: isCleared)
    let submission = SlurmSubmission(path: directory.file(""), tasks: tasks)
    // Whoever submitted another number of tasks there would have shards that do not fit.
    if let before = try? SlurmSubmission(directory: output), before.tasks != tasks {
      throw OutputError(
        isCreation: true,
        description: "output: '\(output)' is of a submission in \(before.tasks) tasks, expected "
          + "the same number, or a directory of its own")
    }
    try directory.write(
      submission.files(
        experiment: experiment.yaml, threads: arguments.threads == nil ? 1 : experiment.threads,
        directives: directives))
    return (submission, try submission.unfinished)
  }

  private func taken(up directory: String) throws -> (SlurmSubmission, [Int]) {
    guard tasks == nil, arguments.experiment == nil, !overwriting.overwrite else {
      throw ExperimentError(
        origin: .commandLine, key: "resubmit",
        problem:
          "expected no experiment, no --tasks and no --overwrite beside it: the directory has "
          + "what it needs")
    }
    let submission = try SlurmSubmission(directory: directory)
    return (submission, try submission.unfinished)
  }

  private func isPlain(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || ",.:_-".contains(character)
  }
}

/// Calls sbatch and returns the number of the job.
///
/// Throws `ServiceError` when there is no Slurm here or it refuses.
private func sbatch(_ arguments: [String]) throws -> String {
  let result: ChildProgram.Result
  do {
    result = try ChildProgram.run(arguments, errors: false)
  } catch {
    throw ServiceError(
      description:
        "sbatch: not found, expected Slurm on this machine; --dry-run writes the scripts alone")
  }
  let number = result.text.prefix { $0.isNumber }
  guard result.status == 0, !number.isEmpty else {
    throw ServiceError(
      description: "sbatch: refused the job, "
        + (result.status.map { "status \($0)" } ?? "ended by a signal"))
  }
  return String(number)
}

/// Says that a program which does the work is not there or refuses it.
struct ServiceError: Error, CustomStringConvertible {
  let description: String
}
