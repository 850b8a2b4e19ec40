import Escapement
import Foundation
import Testing

/// Gives one directory to several processes, or takes it away from one at work.
@Suite(.serialized) struct DirectoryOwnerTests {
  // Work for days.
  private let long =
    "--dimension 1e5 --learning-rate 0.1 --replicas 1e6 --dynamics chain --threads 1"
  private let small =
    "--dimension 60 --width 2 --learning-rate 0.1 --replicas 8 --dynamics ode,chain"

  /// Starts work for days and waits until it has the directory `run` and something saved.
  private func withWork(
    _ words: String, in directory: URL, saves name: String = "checkpoint.records",
    _ body: (Process) throws -> Void
  ) throws {
    let process = try startCommand(words, in: directory)
    defer {
      kill(process.processIdentifier, SIGKILL)
      waitForEnd(of: process)
    }
    let file = directory.appendingPathComponent("run/\(name)")
    #expect(wait(while: process) { FileManager.default.fileExists(atPath: file.path) })
    try body(process)
  }

  @Test func `a sweep, trajectories, a merge and a submission keep out of a run at work`() throws {
    try withDirectory { directory in
      for share in ["1/2", "2/2"] {
        #expect(
          try runCommand("compare \(small) --shard \(share) --output shards", in: directory).status
            == 0)
      }
      for words in ["", "--shard 1/2"] {
        let file = words.isEmpty ? "checkpoint.records" : "checkpoint-1-of-2.records"
        try withWork("compare \(long) \(words) --output run", in: directory, saves: file) { _ in
          for other in [
            "sweep --dimension 50,60 --learning-rate 0.1 --dynamics ode --output run",
            "trajectories --dimension 50 --learning-rate 0.1 --dynamics ode --output run",
            "compare \(small) --output run", "merge shards --output run",
            "submit \(small) --tasks 2 --dry-run --output run",
            "compare \(long) --output run --overwrite",
          ] {
            let result = try runCommand(other, in: directory)
            #expect(
              result.status == 73 && result.errorLines.count == 1, "\(other): \(result.stderr)")
          }
          let exported = try runCommand("export run --to csv", in: directory)
          #expect(exported.status == 65)
        }
        try FileManager.default.removeItem(at: directory.appendingPathComponent("run"))
      }
    }
  }

  @Test func `a run and shards keep out of a sweep at work, and a sweep out of a lock`() throws {
    try withDirectory { directory in
      try withWork(
        "sweep --dimension 1e5,2e5 --learning-rate 0.1 --replicas 1e6 --dynamics chain --output run",
        in: directory, saves: "sweep.yaml"
      ) { _ in
        for other in [
          "compare \(small) --output run", "compare \(small) --shard 1/2 --output run",
          "sweep --dimension 1e5,2e5 --learning-rate 0.1 --replicas 1e6 --dynamics chain --output run",
        ] {
          let result = try runCommand(other, in: directory)
          #expect(result.status == 73, "\(other): \(result.stderr)")
        }
      }
      // A shard that has its lock and no file yet.
      let empty = directory.appendingPathComponent("empty")
      try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: false)
      let handle = try DirectoryHandle(path: empty.path)
      let lock = try RunLock(".lock", in: handle, shared: true)
      try withExtendedLifetime(lock) {
        for other in [
          "sweep --dimension 50,60 --learning-rate 0.1 --dynamics ode --output empty",
          "compare \(small) --output empty",
        ] {
          let result = try runCommand(other, in: directory)
          #expect(
            result.status == 73 && result.stderr.contains("in use by process"), "\(result.stderr)")
        }
        #expect(
          try runCommand("compare \(small) --shard 1/2 --output empty", in: directory).status == 0)
        #expect(FileManager.default.fileExists(atPath: empty.path + "/.lock"))
      }
    }
  }

  @Test func `a directory that is moved during a run takes the run along, and ends it`() throws {
    try withDirectory { directory in
      let words = "compare \(long) --output run"
      try withWork(words, in: directory) { first in
        let place = directory.appendingPathComponent("run")
        try FileManager.default.moveItem(
          at: place, to: directory.appendingPathComponent("old"))
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
        try Data("mine".utf8).write(to: place.appendingPathComponent("file"))
        waitForEnd(of: first)
        #expect(first.terminationReason == .exit && first.terminationStatus == 74)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path) == ["file"])
        #expect(
          FileManager.default.fileExists(
            atPath: directory.appendingPathComponent("old/checkpoint.records").path))
        // Its lock has gone with it, too.
        #expect(
          !FileManager.default.fileExists(
            atPath: directory.appendingPathComponent("old/.lock").path))
        #expect(try runCommand("verify old", in: directory).status == 65)
      }
    }
  }

  @Test
  func `a lock that a killed process left in a finished directory is removed by the same command`()
    throws
  {
    try withDirectory { directory in
      for words in [
        "compare --dimension 50 --learning-rate 0.1 --replicas 3 --dynamics ode,chain --output out",
        "trajectories --dimension 50 --learning-rate 0.1 --replicas 3 --horizon 2 --output paths",
      ] {
        #expect(try runCommand(words, in: directory).status == 0)
        let output = words.hasSuffix("out") ? "out" : "paths"
        let lock = directory.appendingPathComponent("\(output)/.lock")
        try Data("killed\n".utf8).write(to: lock)
        let again = try runCommand(words, in: directory)
        #expect(
          again.status == 0 && again.stderr.contains("is finished already"), "\(again.stderr)")
        #expect(!FileManager.default.fileExists(atPath: lock.path), "\(words)")
      }
    }
  }

  // As after a kill between the renames over an old run: its files are partly new.
  @Test func `nothing is exported or tested while a checkpoint stands`() throws {
    try withDirectory { directory in
      #expect(try runCommand("compare \(small) --output run", in: directory).status == 0)
      #expect(
        try runCommand(
          "trajectories --dimension 50 --learning-rate 0.1 --dynamics ode --output paths",
          in: directory
        ).status == 0)
      for (run, name) in [("run", "checkpoint.records"), ("paths", "checkpoint.trajectories")] {
        let place = directory.appendingPathComponent("\(run)/\(name)")
        try Data("torn".utf8).write(to: place)
        for words in ["export \(run) --to csv", "export \(run) --to report"] {
          let result = try runCommand(words, in: directory)
          #expect(result.status == 65 && result.stderr.contains("unfinished"), "\(result.stderr)")
        }
      }
      #expect(try runCommand("test run run --dynamics chain", in: directory).status == 65)
    }
  }

  @Test func `a torn shard is submitted again, as a merge would not take it`() throws {
    try withDirectory { directory in
      let submit = try runCommand(
        "submit \(small) --tasks 3 --dry-run --output jobs", in: directory)
      #expect(submit.status == 0 && submit.stdout.contains("--array=1-3"), "\(submit.stderr)")
      for share in 1...3 {
        #expect(
          try runCommand(
            "compare jobs/submitted.yaml --shard \(share)/3 --output jobs", in: directory
          ).status == 0)
      }
      let done = try runCommand("submit --dry-run --resubmit jobs", in: directory)
      #expect(done.status == 0 && done.stderr.contains("every task is finished"), "\(done.stderr)")
      let shard = directory.appendingPathComponent("jobs/shard-2-of-3.records")
      let whole = try Data(contentsOf: shard)
      var altered = whole
      altered[whole.count / 2] ^= 8
      for torn in [whole.dropLast(20), whole.prefix(100), Data(), altered] {
        try torn.write(to: shard)
        let again = try runCommand("submit --dry-run --resubmit jobs", in: directory)
        #expect(again.stdout.contains("--array=2 "), "\(again.stdout)\(again.stderr)")
        #expect(try runCommand("merge jobs --output merged", in: directory).status == 65)
      }
    }
  }
}
