import Foundation
import Testing

/// Fills directories that hold something already.
@Suite struct OverwriteTests {
  private let experiment =
    "--dimension 60 --width 2 --learning-rate 0.1 --replicas 8 --dynamics ode,chain --thresholds 0.5"

  private func names(_ directory: URL, _ name: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(
      atPath: directory.appendingPathComponent(name).path
    ).sorted()
  }

  private func contents(_ directory: URL, _ name: String) throws -> [String: Data] {
    try Dictionary(
      uniqueKeysWithValues: names(directory, name).filter {
        !["points", "figures", "command"].contains($0)
      }
      .map { ($0, try Data(contentsOf: directory.appendingPathComponent("\(name)/\($0)"))) })
  }

  private func write(_ text: String, to name: String, in directory: URL) throws {
    let place = directory.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: place)
  }

  @Test func `another experiment or foreign files are refused with 73, and nothing is touched`()
    throws
  {
    try withDirectory { directory in
      #expect(try runCommand("compare \(experiment) --output run", in: directory).status == 0)
      #expect(
        try runCommand(
          "sweep --dimension 50,60 --learning-rate 0.1 --dynamics ode --output grid", in: directory
        ).status == 0)
      #expect(
        try runCommand(
          "trajectories --dimension 60 --learning-rate 0.1 --dynamics ode --output paths",
          in: directory
        ).status == 0)
      #expect(
        try runCommand(
          "submit \(experiment) --seed 5 --tasks 2 --dry-run --output tasks", in: directory
        ).status == 0)
      #expect(
        try runCommand(
          "compare \(experiment) --seed 6 --shard 1/2 --output shards", in: directory
        ).status == 0)
      #expect(
        try runCommand("export run --to report --output pages", in: directory).status == 0)
      try write("mine", to: "foreign/exit_times.csv", in: directory)
      try write("mine", to: "notes/notes.txt", in: directory)
      try write("mine", to: "hidden/.git/config", in: directory)
      for (call, own) in [
        ("compare \(experiment) --seed 9 --output", ""),
        ("compare \(experiment) --seed 9 --shard 1/2 --output", ""),
        ("trajectories --dimension 70 --learning-rate 0.1 --dynamics ode --output", ""),
        ("sweep --dimension 70,80 --learning-rate 0.1 --dynamics ode --output", ""),
        ("submit \(experiment) --seed 9 --tasks 2 --dry-run --output", ""),
        ("merge shards2 --output", "shards"),
      ] {
        if call.hasPrefix("merge"), !(try names(directory, ".").contains("shards2")) {
          for share in ["1/2", "2/2"] {
            #expect(
              try runCommand(
                "compare \(experiment) --seed 9 --shard \(share) --output shards2", in: directory
              ).status == 0)
          }
        }
        for place in [
          "run", "grid", "paths", "tasks", "shards", "pages", "foreign", "notes", "hidden",
        ] {
          let before = try names(directory, place)
          let data = place == "hidden" ? [:] : try contents(directory, place)
          let result = try runCommand("\(call) \(place)", in: directory)
          #expect(result.status == 73, "\(call) \(place) \(own): \(result.stderr)")
          #expect(result.errorLines.count == 1 && result.stderr.contains("'\(place)'"))
          #expect(result.stdout.isEmpty)
          #expect(try names(directory, place) == before)
          if place != "hidden" { #expect(try contents(directory, place) == data) }
        }
      }
    }
  }

  @Test func `the same finished experiment is printed from its files, without being run`() throws {
    try withDirectory { directory in
      // Days of work, were it run: the records of a small one stand for them.
      let first = try runCommand("compare \(experiment) --output run --format json", in: directory)
      #expect(first.status == 0)
      let table = try runCommand("compare \(experiment) --output other", in: directory)
      let before = try contents(directory, "run")
      let place = directory.appendingPathComponent("run/exit_times.csv")
      let written = try FileManager.default.attributesOfItem(atPath: place.path)[.modificationDate]
      let again = try runCommand(
        "compare \(experiment) --output run --format json --threads 1", in: directory)
      #expect(again.status == 0 && again.stdout == first.stdout)
      #expect(again.stderr.contains("'run' is finished already"))
      #expect(try contents(directory, "run") == before)
      #expect(
        try FileManager.default.attributesOfItem(atPath: place.path)[.modificationDate] as? Date
          == written as? Date)
      // All but the cost, which is another one, is the table of the first run.
      let shown = try runCommand("compare \(experiment) --output other", in: directory)
      #expect(shown.status == 0 && shown.stdout == table.stdout)
      #expect(try runCommand("resume other", in: directory).stdout == table.stdout)
      // It is read from the files: another time in them is another mean, if it is meant to be one.
      var lines = String(decoding: try #require(before["exit_times.csv"]), as: UTF8.self)
        .split(separator: "\n")
      let index = try #require(lines.firstIndex { $0.hasPrefix("ode") })
      var fields = lines[index].split(separator: ",", omittingEmptySubsequences: false)
      fields[4] = "0.75"
      lines[index] = Substring(fields.joined(separator: ","))
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: place)
      for words in ["compare \(experiment) --output run", "resume run"] {
        let refused = try runCommand(words, in: directory)
        #expect(refused.status == 65 && refused.stdout.isEmpty)
        #expect(refused.stderr.contains("exit_times.csv: is not as it was written"))
      }
      try reseal(directory.appendingPathComponent("run"))
      let other = try runCommand("compare \(experiment) --output run", in: directory)
      #expect(other.status == 0 && other.stdout != table.stdout, "\(other.stderr)")
    }
  }

  @Test func `the same finished trajectories are printed from their files`() throws {
    try withDirectory { directory in
      let words =
        "trajectories --dimension 50 --width 2 --learning-rate 0.1 --dynamics ode,chain --replicas 6 "
        + "--times linear:0:2:5"
      for (index, more) in ["--paths 3 --quantiles 0.25,0.5", "--columns M", "--columns risk,Q"]
        .enumerated()
      {
        for format in ["csv", "json", "table"] where !(index == 0 && format == "csv") {
          let call = "\(words) \(more) --format \(format) --output out\(index)\(format)"
          let first = try runCommand(call, in: directory)
          #expect(first.status == 0, "\(first.stderr)")
          let again = try runCommand(call, in: directory)
          #expect(
            again.status == 0 && again.stderr.contains("is finished already"), "\(again.stderr)")
          if index == 1 && format == "table" {
            #expect(again.stdout.isEmpty)
          } else {
            #expect(again.stdout == first.stdout, "\(call)")
          }
        }
      }
      // Those that diverged are known with their times.
      let diverging =
        "trajectories --dimension 50 --learning-rate 9 --constraint free --dynamics chain --replicas 4 "
        + "--times linear:0:20:5 --format json --output far"
      let first = try runCommand(diverging, in: directory)
      #expect(first.status == 0 && first.stdout.contains("\"diverged_at\""), "\(first.stderr)")
      #expect(try runCommand(diverging, in: directory).stdout == first.stdout)
    }
  }

  @Test func `overwriting clears what was derived too, and leaves what is somebody else's`() throws
  {
    try withDirectory { directory in
      #expect(try runCommand("compare \(experiment) --output run", in: directory).status == 0)
      for format in ["csv", "json", "netcdf", "figures", "report", "notebook"] {
        #expect(try runCommand("export run --to \(format)", in: directory).status == 0)
      }
      try write("mine", to: "run/notes.txt", in: directory)
      try write("mine", to: "run/figures/mine.svg", in: directory)
      try write("set title 'mine'\n", to: "run/figures/mine.gp", in: directory)
      let result = try runCommand(
        "compare \(experiment) --seed 2 --output run --overwrite", in: directory)
      #expect(result.status == 0, "\(result.stderr)")
      #expect(
        try names(directory, "run")
          == [
            "exit_times.csv", "experiment.yaml", "figures", "manifest.sha256", "notes.txt",
            "summary.json",
          ])
      #expect(try names(directory, "run/figures") == ["mine.gp", "mine.svg"])
      // From one kind of run to another, and back.
      #expect(try runCommand("compare \(experiment) --output plain", in: directory).status == 0)
      let sweep = "sweep --dimension 50,60 --learning-rate 0.1 --dynamics ode --output plain"
      #expect(try runCommand("\(sweep) --overwrite", in: directory).status == 0)
      for format in ["json", "figures", "report"] {
        #expect(try runCommand("export plain --to \(format)", in: directory).status == 0)
      }
      #expect(
        try runCommand(
          "trajectories --dimension 60 --learning-rate 0.1 --dynamics ode --output plain --overwrite",
          in: directory
        ).status == 0)
      #expect(
        try names(directory, "plain")
          == ["experiment.yaml", "manifest.sha256", "summary.json", "trajectories.csv"])
      #expect(
        try runCommand(
          "submit \(experiment) --tasks 2 --dry-run --output plain --overwrite", in: directory
        ).status == 0)
      #expect(
        try runCommand("compare \(experiment) --output plain --overwrite", in: directory).status
          == 0)
      #expect(
        try names(directory, "plain")
          == ["exit_times.csv", "experiment.yaml", "manifest.sha256", "summary.json"])
    }
  }

  @Test func `overwriting follows no link, spares running work and needs a directory`() throws {
    try withDirectory { directory in
      let manager = FileManager.default
      try write("mine", to: "elsewhere/exit_times.csv", in: directory)
      try manager.createDirectory(
        at: directory.appendingPathComponent("run"), withIntermediateDirectories: false)
      try manager.createSymbolicLink(
        atPath: directory.appendingPathComponent("run/exit_times.csv").path,
        withDestinationPath: directory.appendingPathComponent("elsewhere/exit_times.csv").path)
      #expect(
        try runCommand("compare \(experiment) --output run --overwrite", in: directory).status == 0)
      #expect(
        try String(
          contentsOf: directory.appendingPathComponent("elsewhere/exit_times.csv"), encoding: .utf8)
          == "mine")
      try write("mine", to: "folder/summary.json/file", in: directory)
      let folder = try runCommand(
        "compare \(experiment) --output folder --overwrite", in: directory)
      #expect(folder.status == 73 && folder.stderr.contains("summary.json"), "\(folder.stderr)")
      #expect(try names(directory, "folder/summary.json") == ["file"])

      let long = "compare --dimension 1e5 --learning-rate 0.1 --replicas 1e6 --output busy"
      let process = try startCommand(long, in: directory)
      let checkpoint = directory.appendingPathComponent("busy/checkpoint.records")
      #expect(wait(while: process) { length(of: checkpoint) > 8 })
      let busy = try runCommand("compare \(experiment) --output busy --overwrite", in: directory)
      #expect(busy.status == 73 && busy.stderr.contains("in use by process"), "\(busy.stderr)")
      #expect(process.isRunning && length(of: checkpoint) > 8)
      kill(process.processIdentifier, SIGKILL)
      waitForEnd(of: process)

      for (words, says) in [
        ("compare \(experiment) --overwrite", "--overwrite: expected --output"),
        ("compare \(experiment) --overwrite --shard 1/2 --output x", "--overwrite: expected none"),
      ] {
        let result = try runCommand(words, in: directory)
        #expect(result.status == 64 && result.stderr.contains(says), "\(result.stderr)")
      }
      #expect(
        try runCommand("compare \(experiment) --shard 1/1 --output one", in: directory).status == 0)
      let joined = try runCommand("merge one --output one --overwrite", in: directory)
      #expect(joined.status == 64 && joined.stderr.contains("--overwrite"), "\(joined.stderr)")
      #expect(try names(directory, "one") == ["shard-1-of-1.records"])
    }
  }

  @Test func `an export is never older than its run`() throws {
    try withDirectory { directory in
      for share in ["1/2", "2/2"] {
        #expect(
          try runCommand("compare \(experiment) --shard \(share) --output run", in: directory)
            .status == 0)
      }
      #expect(try runCommand("merge run --output run", in: directory).status == 0)
      for format in ["netcdf", "report", "figures"] {
        #expect(try runCommand("export run --to \(format)", in: directory).status == 0)
      }
      #expect(try runCommand("merge run --output run", in: directory).status == 0)
      let files = try names(directory, "run")
      for name in ["exit_times.nc", "report.html", "figures"] { #expect(!files.contains(name)) }
      // A sweep that is taken up unchanged keeps its exports; one whose numbers are others does not.
      let sweep =
        "sweep --dimension 50,60 --width 2 --learning-rate 0.1 --dynamics ode,chain --replicas 5 --output grid"
      #expect(try runCommand(sweep, in: directory).status == 0)
      #expect(try runCommand("export grid --to json", in: directory).status == 0)
      #expect(try runCommand(sweep, in: directory).status == 0)
      #expect(try names(directory, "grid").contains("sweep.json"))
      let table = directory.appendingPathComponent("grid/sweep.csv")
      try Data(contentsOf: table).dropLast(40).write(to: table)
      #expect(try runCommand(sweep, in: directory).status == 0)
      #expect(!(try names(directory, "grid").contains("sweep.json")))
      // Nor is the directory of another run a place for exports.
      #expect(try runCommand("compare \(experiment) --output other", in: directory).status == 0)
      for place in ["other", "grid"] {
        let result = try runCommand("export run --to csv --output \(place)", in: directory)
        #expect(result.status == 73 && result.stderr.contains("another run"), "\(result.stderr)")
      }
    }
  }
}
