import Escapement
import Foundation
import Testing

/// Fills run directories with the command, and reads them back.
@Suite struct RunDirectoryTests {
  private func compare(_ words: String, in directory: URL, to run: String) throws -> CommandResult {
    let result = try runCommand(
      "compare --dimension 60 --learning-rate 0.1 --thresholds 0.1,0.5 --output \(run) \(words)",
      in: directory)
    #expect(result.status == 0, "\(result.stderr)")
    return result
  }

  private func bytes(_ directory: URL, _ path: String) throws -> Data {
    try Data(contentsOf: directory.appendingPathComponent(path))
  }

  private func rows(_ data: Data) -> [[String]] {
    String(decoding: data, as: UTF8.self).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test(arguments: [1, 2])
  func `exit_times.csv is byte-identical for 1, 2 and 7 threads and depends on the seed`(
    width: Int
  ) throws {
    try withDirectory { directory in
      let words = "--width \(width) --replicas 30 --dynamics ode,sde,chain,sgd"
      for threads in [1, 2, 7] {
        _ = try compare("\(words) --seed 4 --threads \(threads)", in: directory, to: "\(threads)")
      }
      let single = try bytes(directory, "1/exit_times.csv")
      #expect(try bytes(directory, "2/exit_times.csv") == single)
      #expect(try bytes(directory, "7/exit_times.csv") == single)
      _ = try compare("\(words) --seed 5", in: directory, to: "other")
      #expect(try bytes(directory, "other/exit_times.csv") != single)

      // A generator of GSL keeps the promise too, on streams of its own.
      for threads in [1, 7] {
        _ = try compare(
          "\(words) --seed 4 --generator ranlxd1 --threads \(threads)", in: directory,
          to: "gsl-\(threads)")
      }
      let other = try bytes(directory, "gsl-1/exit_times.csv")
      #expect(try bytes(directory, "gsl-7/exit_times.csv") == other)
      #expect(other != single)
    }
  }

  @Test func `exit_times.csv has its header, its order and its numbers`() throws {
    try withDirectory { directory in
      _ = try compare("--replicas 12 --dynamics sgd,sde,ode,chain", in: directory, to: "run")
      let table = rows(try bytes(directory, "run/exit_times.csv"))
      #expect(
        table[0] == ["dynamics", "threshold", "replica", "outcome", "exit_time", "exit_step"])
      var expected: [[String]] = []
      for kind in ["chain", "ode", "sde", "sgd"] {
        for threshold in ["0.1", "0.5"] {
          for replica in 0..<12 { expected.append([kind, threshold, "\(replica)"]) }
        }
      }
      #expect(table.dropFirst().map { Array($0.prefix(3)) } == expected)
      for row in table.dropFirst() {
        #expect(["exited", "censored", "diverged"].contains(row[3]))
        let time = try #require(Double(row[4]))
        // What reads back to the same Double is written alike again.
        #expect("\(time)" == row[4])
        if ["chain", "sgd"].contains(row[0]) {
          // A step takes γ/(p d).
          let step = try #require(Int(row[5]))
          if row[3] == "exited" { #expect(abs(time - Double(step) * 0.1 / 60) < 1e-12) }
        } else {
          #expect(row[5].isEmpty)
        }
      }
    }
  }

  @Test func `the summary holds the means of the exit times beside it`() throws {
    try withDirectory { directory in
      let result = try compare(
        "--replicas 20 --dynamics chain,sde --format json", in: directory, to: "run")
      let written = try bytes(directory, "run/summary.json")
      #expect(Data(result.stdout.utf8) == written)
      let summary = try #require(
        JSONSerialization.jsonObject(with: written) as? [String: Any])
      let table = rows(try bytes(directory, "run/exit_times.csv"))
      for entry in try #require(summary["exit_times"] as? [[String: Any]]) {
        let (kind, threshold) = (entry["dynamics"] as? String, entry["threshold"] as? Double)
        let times = table.filter { $0[0] == kind && Double($0[1]) == threshold }
          .compactMap { Double($0[4]) }
        #expect(times.count == 20)
        let mean = try #require(entry["mean"] as? Double)
        #expect(abs(mean - times.reduce(0, +) / 20) < 1e-12)
      }
    }
  }

  @Test func `experiment.yaml runs again to the same exit times`() throws {
    try withDirectory { directory in
      _ = try compare(
        "--replicas 9,sde:5 --start overlaps:0.3 --width 1 --seed 12345678901234567890",
        in: directory, to: "first")
      let again = try runCommand(
        "compare first/experiment.yaml --output second", in: directory)
      #expect(again.status == 0)
      for name in ["experiment.yaml", "exit_times.csv"] {
        #expect(try bytes(directory, "first/\(name)") == bytes(directory, "second/\(name)"))
      }
    }
  }

  @Test func `a second run into the same directory replaces the first where that is asked for`()
    throws
  {
    try withDirectory { directory in
      _ = try compare("--replicas 40 --dynamics chain", in: directory, to: "run")
      _ = try compare("--replicas 6 --dynamics ode --seed 2 --overwrite", in: directory, to: "run")
      _ = try compare("--replicas 6 --dynamics ode --seed 2", in: directory, to: "fresh")
      let names = try FileManager.default.contentsOfDirectory(
        atPath: directory.appendingPathComponent("run").path)
      #expect(
        names.sorted()
          == ["exit_times.csv", "experiment.yaml", "manifest.sha256", "summary.json"])
      for name in ["experiment.yaml", "exit_times.csv"] {
        #expect(try bytes(directory, "run/\(name)") == bytes(directory, "fresh/\(name)"))
      }
    }
  }
}
