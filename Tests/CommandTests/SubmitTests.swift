import Foundation
import Testing

/// Writes submissions to Slurm without making them; Tests/Endurance/slurm.py runs real ones.
@Suite struct SubmitTests {
  private let experiment = "--dimension 50 --learning-rate 0.1 --replicas 4 --dynamics sde"

  @Test func `a dry run writes scripts that run by hand`() throws {
    try withDirectory { directory in
      // Words of the shell in a name stay words of a name.
      let name = "a $(touch oops) 'run'; x"
      let arguments =
        "submit \(experiment) --tasks 3 --partition short --time 1:00:00 --dry-run --output"
      let result = try runCommand(
        arguments.split(separator: " ").map(String.init) + [name], in: directory)
      #expect(result.status == 0, "\(result.stderr)")
      #expect(result.stdout.contains("--array=1-3"))
      #expect(result.stdout.contains("--dependency=afterok:JOB"))
      let run = directory.appendingPathComponent(name)
      let script = try String(
        contentsOf: run.appendingPathComponent("tasks.sbatch"), encoding: .utf8)
      #expect(script.contains("#SBATCH --partition=short\n"))
      #expect(script.contains("#SBATCH --time=1:00:00\n"))

      func bash(_ script: String, _ environment: [String: String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = [run.appendingPathComponent(script).path]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = directory
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
      }
      for task in [3, 1] {
        #expect(try bash("tasks.sbatch", ["SLURM_ARRAY_TASK_ID": "\(task)"]) == 0)
      }
      // Only what is not there is submitted again.
      let again = try runCommand(["submit", "--resubmit", name, "--dry-run"], in: directory)
      #expect(again.status == 0, "\(again.stderr)")
      #expect(again.stdout.contains("--array=2 "), "\(again.stdout)")
      #expect(try bash("merge.sbatch", [:]) == 65)
      #expect(try bash("tasks.sbatch", ["SLURM_ARRAY_TASK_ID": "2"]) == 0)
      #expect(try bash("merge.sbatch", [:]) == 0)
      let single = try runCommand("compare \(experiment) --output single", in: directory)
      #expect(single.status == 0)
      for file in ["exit_times.csv", "experiment.yaml"] {
        #expect(
          try Data(contentsOf: run.appendingPathComponent(file))
            == Data(contentsOf: directory.appendingPathComponent("single/\(file)")))
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
          == [name, "single"])
      let done = try runCommand(["submit", "--resubmit", name, "--dry-run"], in: directory)
      #expect(done.stderr.contains("every task is finished already"))
    }
  }

  @Test(arguments: [
    ("--tasks 0 --output x", 64, "--tasks: found 0"),
    ("--output x", 64, "--tasks: found nothing"),
    ("--tasks 2", 64, "output: missing"),
    ("--tasks 2 --output x --partition a;b", 64, "--partition: found 'a;b'"),
    ("--resubmit . --tasks 2", 64, "--resubmit: expected no experiment"),
  ])
  func `a wrong call says what was expected`(words: String, status: Int, says: String) throws {
    try withDirectory { directory in
      let result = try runCommand("submit \(experiment) \(words) --dry-run", in: directory)
      #expect(result.status == Int32(status))
      #expect(result.errorLines.count == 1)
      #expect(result.stderr.contains(says), "\(result.stderr)")
    }
  }

  @Test func `another number of tasks, or no submission, is refused`() throws {
    try withDirectory { directory in
      let first = try runCommand(
        "submit \(experiment) --tasks 2 --output run --dry-run", in: directory)
      #expect(first.status == 0)
      let other = try runCommand(
        "submit \(experiment) --tasks 3 --output run --dry-run", in: directory)
      #expect(other.status == 73)
      #expect(other.stderr.contains("in 2 tasks"))
      let none = try runCommand("submit --resubmit nowhere --dry-run", in: directory)
      #expect(none.status == 65)
      #expect(none.stderr.contains("nowhere/submission.json: cannot be read"))
    }
  }

  /// Runs a script of a submission by hand, as Slurm would.
  private func bash(_ script: URL, _ environment: [String: String] = [:]) throws -> CommandResult {
    try runProgram(
      "/bin/bash", [script.path],
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 })
  }

  @Test func `tasks run a copy of the command, which outlives the one that submitted`() throws {
    try withDirectory { directory in
      // A command in a tree of its own, as an archive of make dist has it, with libraries beside it.
      let tree = directory.appendingPathComponent("tree")
      for folder in ["bin", "lib/escapement"] {
        try FileManager.default.createDirectory(
          at: tree.appendingPathComponent(folder), withIntermediateDirectories: true)
      }
      let program = tree.appendingPathComponent("bin/escapement")
      try FileManager.default.copyItem(at: commandURL, to: program)
      try Data("library".utf8).write(to: tree.appendingPathComponent("lib/escapement/libx.so.1"))
      let words = "submit \(experiment) --tasks 1 --dry-run --output run".split(separator: " ")
      let result = try runProgram(program.path, words.map(String.init), in: directory)
      #expect(result.status == 0, "\(result.stderr)")
      try FileManager.default.removeItem(at: tree)
      let run = directory.appendingPathComponent("run")
      #expect(
        try String(
          contentsOf: run.appendingPathComponent("command/lib/escapement/libx.so.1"),
          encoding: .utf8)
          == "library")
      let task = try bash(run.appendingPathComponent("tasks.sbatch"), ["SLURM_ARRAY_TASK_ID": "1"])
      #expect(task.status == 0, "\(task.stderr)")
      #expect(try bash(run.appendingPathComponent("merge.sbatch")).status == 0)
      #expect(try runCommand("verify run", in: directory).status == 0)
      // It goes with the rest, and what is somebody else's in its folder stays.
      let mine = run.appendingPathComponent("command/bin/mine")
      try Data().write(to: mine)
      let again = try runCommand("compare \(experiment) --output run --overwrite", in: directory)
      #expect(again.status == 0, "\(again.stderr)")
      #expect(
        try FileManager.default.subpathsOfDirectory(
          atPath: run.appendingPathComponent("command").path
        ).sorted() == ["bin", "bin/mine"])
    }
  }

  @Test func `set-up lines and options of sbatch stand in both scripts, before the command`() throws
  {
    try withDirectory { directory in
      let arguments =
        ["submit"] + experiment.split(separator: " ").map(String.init) + [
          "--tasks", "1", "--dry-run", "--output", "run", "--executable", "/opt/a b/escapement",
          "--setup", "export WORD='a b'", "--setup", "false", "--sbatch-option",
          "--comment='two words'", "--sbatch-option", "--gres=tmp:10G",
        ]
      let result = try runCommand(arguments, in: directory)
      #expect(result.status == 0, "\(result.stderr)")
      let run = directory.appendingPathComponent("run")
      #expect(!FileManager.default.fileExists(atPath: run.appendingPathComponent("command").path))
      for name in ["tasks.sbatch", "merge.sbatch"] {
        let script = try String(contentsOf: run.appendingPathComponent(name), encoding: .utf8)
        let lines = script.split(separator: "\n").map(String.init)
        let places = [
          "#SBATCH --comment='two words'", "#SBATCH --gres=tmp:10G",
          "export WORD='a b' || exit 69", "false || exit 69",
        ].map { lines.firstIndex(of: $0) ?? -1 }
        #expect(places == places.sorted() && places[0] > 0, "\(script)")
        let call = try #require(lines.firstIndex { $0.hasPrefix("exec '/opt/a b/escapement' ") })
        #expect(call > places[3])
        // A set-up line that fails ends the job with a status of its own.
        #expect(
          try bash(run.appendingPathComponent(name), ["SLURM_ARRAY_TASK_ID": "1"]).status == 69)
      }
    }
  }

  @Test(arguments: [
    (
      ["--sbatch-option", "--gres=a\n#SBATCH --wrap=rm"], "--sbatch-option: found '--gres=a #SBATCH"
    ),
    (["--sbatch-option", "gres"], "--sbatch-option: found 'gres', expected an option"),
    (["--sbatch-option", "--array=1-9"], "none of those that the submission sets itself"),
    (["--sbatch-option", "-a 1-9"], "none of those that the submission sets itself"),
    (["--setup", "module load a\nrm b"], "--setup: found 'module load a rm b', expected one line"),
    (["--setup", ""], "--setup: found '', expected one line"),
  ])
  func `what would be more than one line of a script is refused`(words: [String], says: String)
    throws
  {
    try withDirectory { directory in
      let arguments = "submit \(experiment) --tasks 1 --dry-run --output run".split(separator: " ")
      let result = try runCommand(arguments.map(String.init) + words, in: directory)
      #expect(result.status == 64 && result.errorLines.count == 1, "\(result.stderr)")
      #expect(result.stderr.contains(says), "\(result.stderr)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }
  }

  @Test func `a sweep's points are dealt out to tasks, and joined to the bytes of one sweep`()
    throws
  {
    try withDirectory { directory in
      let grid = "--dimension 50,60,70 --learning-rate 0.1 --replicas 5 --dynamics ode,chain"
      let result = try runCommand(
        "submit \(grid) --tasks 2 --dry-run --output run", in: directory)
      #expect(result.status == 0, "\(result.stderr)")
      #expect(result.stdout.contains("--array=1-2"))
      let run = directory.appendingPathComponent("run")
      func task(_ index: Int) throws -> Int32 {
        try bash(run.appendingPathComponent("tasks.sbatch"), ["SLURM_ARRAY_TASK_ID": "\(index)"])
          .status
      }
      #expect(try task(2) == 0)
      #expect(
        try FileManager.default.contentsOfDirectory(
          atPath: run.appendingPathComponent("points").path) == ["0002"])
      let again = try runCommand("submit --resubmit run --dry-run", in: directory)
      #expect(again.status == 0 && again.stdout.contains("--array=1 "), "\(again.stderr)")
      #expect(try task(1) == 0)
      let done = try runCommand("submit --resubmit run --dry-run", in: directory)
      #expect(done.stderr.contains("every task is finished already"), "\(done.stderr)")
      #expect(try bash(run.appendingPathComponent("merge.sbatch")).status == 0)
      #expect(try runCommand("sweep \(grid) --output single", in: directory).status == 0)
      for file in [
        "sweep.csv", "verdicts.csv", "fits.json", "sweep.yaml", "points/0003/exit_times.csv",
      ] {
        #expect(
          try Data(contentsOf: run.appendingPathComponent(file))
            == Data(contentsOf: directory.appendingPathComponent("single/\(file)")), "\(file)")
      }
      #expect(try runCommand("verify run", in: directory).status == 0)
      let many = try runCommand("submit \(grid) --tasks 4 --dry-run --output x", in: directory)
      #expect(many.status == 64 && many.stderr.contains("--tasks: found 4, expected at most"))
    }
  }
}
