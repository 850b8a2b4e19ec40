import ArgumentParser
import Escapement
import Foundation

/// `escapement submit`: a run as a Slurm job array, and a job that joins its shards.
struct Submit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Submits a run or a sweep to Slurm: an array of tasks, and a job that joins them.",
    discussion: """
      Keys with several values, parted by commas, or a file of a sweep make a sweep, whose points are dealt out \
      to the tasks. The command is copied into --output with the libraries beside it, so that another build \
      breaks no job that waits.

      Tasks that failed or ran out of time go on where they stopped: \
      escapement submit --resubmit DIRECTORY submits those alone.
      """)

  @OptionGroup var arguments: SimulationArguments
  @OptionGroup var rates: SweepRateArguments
  @OptionGroup var overwriting: OverwriteArguments
  @Option(
    help: ArgumentHelp(
      "Number of tasks, each a shard (required, but with --resubmit; e.g. 16).", valueName: "N"))
  var tasks: Int?
  @Option(
    help: ArgumentHelp(
      "Submit the unfinished tasks of this directory (default none: a new run).",
      valueName: "directory"))
  var resubmit: String?
  @Option(help: "Slurm partition (default: Slurm's).") var partition: String?
  @Option(help: "Slurm account (default: Slurm's).") var account: String?
  @Option(help: "Slurm time limit of a task (default: Slurm's; e.g. 12:00:00).") var time: String?
  @Option(help: "Memory of a task (default: Slurm's; e.g. 2G).") var memory: String?
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Option of sbatch, as it stands in a script; may be given again (default none; e.g. --gres=tmp:10G).",
      valueName: "option"))
  var sbatchOption: [String] = []
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Line of the shell before the command; may be given again (default none; e.g. 'module load gsl').",
      valueName: "line"))
  var setup: [String] = []
  @Option(
    help: ArgumentHelp(
      "Command that tasks run, by its path on the nodes (default: a copy of this one in --output).",
      valueName: "path"))
  var executable: String?
  @Flag(help: "Write the scripts and print the calls of sbatch, but make none.") var dryRun = false

  func run() async throws {
    let (submission, indices) = try resubmit.map(taken(up:)) ?? fresh()
    guard !indices.isEmpty else {
      let path = quoted(submission.path)
      let merge =
        submission.isSweep
        ? "escapement sweep \(path)/submitted.yaml --output \(path)"
        : "escapement merge \(path) --output \(path)"
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
    let settings = try directives()
    let grid = try arguments.grid(rates)
    let points = try grid.points()
    let isSweep = points.count > 1
    let experiment = isSweep ? points[0].experiment : try arguments.resolve()
    guard !isSweep || tasks <= points.count else {
      throw ExperimentError(
        origin: .commandLine, key: "tasks",
        problem: "found \(tasks), expected at most one for each of the \(points.count) points")
    }
    guard let output = try isSweep ? grid.output() : experiment.output else {
      throw ExperimentError(
        origin: nil, key: "output",
        problem: "missing, expected --output, a directory that all "
          + "nodes see")
    }
    let text = isSweep ? grid.yaml : experiment.yaml
    let kind: OutputKind = isSweep ? .sweep : .run
    let isCleared = try overwriting.clear(output)
    let submission = SlurmSubmission(
      path: URL(fileURLWithPath: output).path, tasks: tasks, isSweep: isSweep)
    // Whoever submitted another number of tasks there would have shards that do not fit.
    if let before = try? SlurmSubmission(directory: output), before.tasks != tasks {
      throw OutputError(
        isCreation: true,
        description: "output: '\(output)' is of a submission in \(before.tasks) tasks, expected "
          + "the same number, or a directory of its own")
    }
    // A sweep's directory tells what it is of before anything else is in it.
    let sweep =
      try isSweep
      ? SweepDirectory(path: output, identity: text, isCleared: isCleared, isShared: true) : nil
    try OutputContents(path: output).admit(kind, text, isCleared: isCleared)
    let directory = try RunDirectory(path: output)
    // A run at work there is not submitted beside; shards of the same submission are.
    let lock = try directory.lock(shared: true)
    defer { withExtendedLifetime((lock, sweep)) {} }
    try OutputContents(path: output).admit(kind, text, isCleared: isCleared)
    let program = try executable ?? CommandCopy.make(of: ownPath(), in: output)
    try directory.write(
      submission.files(
        experiment: text,
        SlurmSubmission.Settings(
          program: executable == nil ? URL(fileURLWithPath: program).path : program,
          threads: arguments.run.threads == nil ? 1 : experiment.threads,
          directives: settings, setup: setup)))
    return (submission, try submission.unfinished)
  }

  /// What this program was started from.
  private func ownPath() throws -> String {
    guard let path = Bundle.main.executablePath else {
      throw ServiceError(
        description: "the command does not know where it is, expected --executable")
    }
    return path
  }

  /// The options of sbatch, checked to be what they are alone.
  private func directives() throws -> [String] {
    func wrong(_ key: String, _ text: String, _ expected: String) -> ExperimentError {
      ExperimentError(
        origin: .commandLine, key: key, problem: "found '\(singleLine(text))', expected \(expected)"
      )
    }
    let named = try [
      ("partition", partition), ("account", account), ("time", time), ("mem", memory),
    ].compactMap { name, value in
      try value.map { text in
        guard !text.isEmpty, text.allSatisfy({ $0.isASCII && isPlain($0) }) else {
          throw wrong(name == "mem" ? "memory" : name, text, "letters, digits and , . : _ -")
        }
        return "--\(name)=\(text)"
      }
    }
    for option in sbatchOption {
      guard option.hasPrefix("-"), option == singleLine(option), !option.contains("#") else {
        throw wrong("sbatch-option", option, "an option on one line, such as --gres=tmp:10G")
      }
      let name = String(option.drop { $0 == "-" }.prefix { $0 != "=" && $0 != " " })
      guard !Submit.ownOptions.contains(name) else {
        throw wrong("sbatch-option", option, "none of those that the submission sets itself")
      }
    }
    for line in setup where line.isEmpty || line != singleLine(line) {
      throw wrong("setup", line, "one line of the shell")
    }
    if let executable, executable.isEmpty || executable != singleLine(executable) {
      throw wrong("executable", executable, "a path")
    }
    return named + sbatchOption
  }

  /// Options of sbatch without which tasks would not be the shards they are.
  private static let ownOptions: Set<String> = [
    "array", "a", "output", "o", "dependency", "d", "signal", "open-mode", "parsable", "wrap",
    "cpus-per-task", "c", "kill-on-invalid-dep", "chdir", "D",
  ]

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
