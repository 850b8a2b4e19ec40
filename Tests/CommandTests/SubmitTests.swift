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
}
