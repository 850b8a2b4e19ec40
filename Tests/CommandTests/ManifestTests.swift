import Escapement
import Foundation
import Testing

/// Alters finished files, each in ways that leave them readable, and expects that none is used without a word.
@Suite struct ManifestTests {
  private let run =
    "compare --dimension 60 --width 2 --learning-rate 0.1 --replicas 8 --thresholds 0.5 "
    + "--dynamics ode,chain --seed 7 --output run"
  private let grid =
    "sweep --dimension 50,60 --width 2 --learning-rate 0.1 --replicas 5 --dynamics ode,chain "
    + "--output grid"
  private let paths =
    "trajectories --dimension 50 --width 2 --learning-rate 0.1 --replicas 5 --paths 2 "
    + "--quantiles 0.5 --times linear:0:2:5 --dynamics ode,chain --output paths"

  private func make(_ words: String, in directory: URL) throws {
    let result = try runCommand(words, in: directory)
    try #require(result.status == 0, "\(result.stderr)")
  }

  /// The files that a manifest lists, with a place of one digit in each.
  private func digits(_ file: URL) throws -> (data: Data, places: [Int]) {
    let data = try Data(contentsOf: file)
    return (data, data.indices.filter { (0x31...0x38).contains(data[$0]) })
  }

  @Test func `every finished directory has a manifest that sha256sum would read, sealed`() throws {
    try withDirectory { directory in
      for (words, name, count) in [(run, "run", 3), (grid, "grid", 6), (paths, "paths", 4)] {
        try make(words, in: directory)
        let place = directory.appendingPathComponent(name)
        let text = try String(
          contentsOf: place.appendingPathComponent("manifest.sha256"), encoding: .utf8)
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count == count)
        #expect(lines.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{64}  [a-z0-9_.\/]+/) != nil })
        #expect(text.split(separator: "\n").last?.hasPrefix("# sealed ") == true)
        let checked = try runCommand("verify \(name)", in: directory)
        #expect(
          checked.status == 0 && checked.stdout.contains("\(name): whole"), "\(checked.stdout)")
        if FileManager.default.isExecutableFile(atPath: "/usr/bin/sha256sum") {
          let result = try runProgram(
            "/usr/bin/sha256sum", ["--check", "--strict", "manifest.sha256"], in: place)
          #expect(result.status == 0, "\(result.stderr)")
          #expect(result.stdout.split(separator: "\n").count == count)
        }
      }
      // The digests are those of another program: FIPS 180-4's example is in the first line of its tests.
      try Data("abc".utf8).write(to: directory.appendingPathComponent("abc"))
      let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
      try RunDirectory(path: directory.appendingPathComponent("three").path).install([
        ("abc.txt", Data("abc".utf8))
      ])
      #expect(
        try Manifest(directory: directory.appendingPathComponent("three").path)?.digests
          == ["abc.txt": digest])
    }
  }

  @Test func `one digit changed in any file of a run is seen by all that read it`() throws {
    try withDirectory { directory in
      try make(run, in: directory)
      for name in ["experiment.yaml", "exit_times.csv", "summary.json", "manifest.sha256"] {
        let file = directory.appendingPathComponent("run/\(name)")
        let (sound, places) = try digits(file)
        for place in [places[0], places[places.count / 2], places[places.count - 1]] {
          var altered = sound
          altered[place] += 1
          try altered.write(to: file)
          for words in [
            "export run --to json", "export run --to csv --output other", "resume run",
            "verify run",
            "test run run --dynamics chain",
          ] {
            // The samples need one of the files, and its line in the manifest.
            if words.hasPrefix("test"), !["exit_times.csv", "manifest.sha256"].contains(name) {
              continue
            }
            let result = try runCommand(words, in: directory)
            #expect(result.status == 65, "\(name) \(place) \(words): \(result.stderr)")
            #expect(
              result.errorLines.count == 1 && result.stderr.contains(name), "\(result.stderr)")
          }
          // The same experiment again is refused too, one way or another.
          let again = try runCommand(run, in: directory)
          #expect([65, 73].contains(again.status), "\(name) \(place): \(again.stderr)")
        }
        try sound.write(to: file)
      }
      #expect(try runCommand("export run --to json", in: directory).status == 0)
      try make(run + " --overwrite", in: directory)
      #expect(try runCommand("verify run", in: directory).status == 0)
    }
  }

  @Test func `one digit changed in trajectories or a sweep's tables is seen`() throws {
    try withDirectory { directory in
      for (words, name, files) in [
        (paths, "paths", ["trajectories.csv", "bands.csv", "summary.json", "experiment.yaml"]),
        (grid, "grid", ["sweep.csv", "verdicts.csv", "fits.json", "sweep.yaml"]),
      ] {
        try make(words, in: directory)
        for file in files + ["manifest.sha256"] {
          let place = directory.appendingPathComponent("\(name)/\(file)")
          let (sound, places) = try digits(place)
          var altered = sound
          altered[places[places.count / 2]] += 1
          try altered.write(to: place)
          for format in ["json", "netcdf", "csv"] {
            let result = try runCommand("export \(name) --to \(format)", in: directory)
            #expect(
              result.status == 65 && result.stderr.contains(file), "\(file): \(result.stderr)")
          }
          #expect(try runCommand("verify \(name)", in: directory).status == 65)
          try sound.write(to: place)
        }
      }
      let resumed = try runCommand("resume paths --format json", in: directory)
      #expect(resumed.status == 0)
    }
  }

  @Test func `a verdict that its interval or its p-values contradict is refused`() throws {
    try withDirectory { directory in
      try make(grid, in: directory)
      let table = directory.appendingPathComponent("grid/verdicts.csv")
      let sound = try String(contentsOf: table, encoding: .utf8)
      for column in ["verdict", "map_verdict", "headline_verdict"] {
        var lines = sound.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var fields = lines[1].components(separatedBy: ",")
        let place = try #require(lines[0].components(separatedBy: ",").firstIndex(of: column))
        let found = fields[place]
        // Five replicas cannot show both: one of the two claims is false.
        for verdict in ["equivalent", "different"] where verdict != found {
          fields[place] = verdict
          lines[1] = fields.joined(separator: ",")
          try Data(lines.joined(separator: "\n").utf8).write(to: table)
          try reseal(directory.appendingPathComponent("grid"))
          let result = try runCommand("export grid --to json", in: directory)
          #expect(
            result.status == 65
              && result.stderr.contains("verdicts.csv, line 2: found the \(column) '\(verdict)'"),
            "\(column): \(result.stderr)")
        }
      }
      try Data(sound.utf8).write(to: table)
      try reseal(directory.appendingPathComponent("grid"))
      #expect(try runCommand("export grid --to json", in: directory).status == 0)
    }
  }

  @Test func `one digit changed in any file of a point has it run again, to the same bytes`() throws
  {
    try withDirectory { directory in
      try make(grid, in: directory)
      let table = directory.appendingPathComponent("grid/sweep.csv")
      let whole = try Data(contentsOf: table)
      for name in [
        "experiment.yaml", "exit_times.csv", "summary.json", "point.json", "manifest.sha256",
      ] {
        let file = directory.appendingPathComponent("grid/points/0002/\(name)")
        let (sound, places) = try digits(file)
        var altered = sound
        altered[places[places.count / 2]] += 1
        try altered.write(to: file)
        let checked = try runCommand("verify grid --format json", in: directory)
        #expect(checked.status == 65 && checked.stdout.contains("\"altered\""))
        let again = try runCommand(grid, in: directory)
        #expect(
          again.status == 0 && again.stderr.contains("the point is run again"), "\(again.stderr)")
        #expect(again.stderr.contains("grid/points/0002"))
        #expect(try runCommand("verify grid", in: directory).status == 0)
        #expect(try Data(contentsOf: table) == whole)
      }
      // A point of another version, its manifest in order.
      let point = directory.appendingPathComponent("grid/points/0001")
      let json = point.appendingPathComponent("point.json")
      let text = try String(contentsOf: json, encoding: .utf8)
      let other = text.replacing(/"version" : "[^"]*"/, with: "\"version\" : \"0.0.9\"")
      #expect(other != text)
      try Data(other.utf8).write(to: json)
      try reseal(point)
      let again = try runCommand(grid, in: directory)
      #expect(again.status == 0 && again.stderr.contains("its version is 0.0.9"), "\(again.stderr)")
    }
  }

  @Test func `verify tells whole, altered, missing, derived and foreign files apart`() throws {
    try withDirectory { directory in
      try make(run, in: directory)
      try make("export run --to json", in: directory)
      let place = directory.appendingPathComponent("run")
      try Data("mine".utf8).write(to: place.appendingPathComponent("notes.txt"))
      struct Found: Decodable {
        struct Directory: Decodable {
          struct File: Decodable {
            let name: String
            let state: String
          }
          let whole: Bool
          let files: [File]
        }
        let schema: String
        let directories: [Directory]
      }
      func verify() throws -> (status: Int32, states: [String: String], isWhole: Bool) {
        let result = try runCommand("verify run --format json", in: directory)
        let found = try JSONDecoder().decode(Found.self, from: Data(result.stdout.utf8))
        #expect(found.schema == "escapement/verification/1")
        let states = found.directories[0].files.map { ($0.name, $0.state) }
        return (
          result.status, Dictionary(uniqueKeysWithValues: states), found.directories[0].whole
        )
      }
      let sound = try verify()
      #expect(sound.status == 0 && sound.isWhole)
      #expect(
        sound.states == [
          "experiment.yaml": "whole", "exit_times.csv": "whole", "summary.json": "whole",
          "manifest.sha256": "whole", "run.json": "derived", "notes.txt": "foreign",
        ])
      try Data("x".utf8).write(to: place.appendingPathComponent("summary.json"))
      try FileManager.default.removeItem(at: place.appendingPathComponent("experiment.yaml"))
      let bad = try verify()
      #expect(bad.status == 65 && !bad.isWhole)
      #expect(bad.states["summary.json"] == "altered" && bad.states["experiment.yaml"] == "missing")
      let nowhere = try runCommand("verify nowhere", in: directory)
      #expect(nowhere.status == 65 && nowhere.stderr.contains("expected a directory"))

      // Shards have checksums of their own.
      for share in ["1/2", "2/2"] {
        try make(
          run.replacingOccurrences(of: "output run", with: "output shards") + " --shard \(share)",
          in: directory)
      }
      #expect(try runCommand("verify shards", in: directory).status == 0)
      let shard = directory.appendingPathComponent("shards/shard-2-of-2.records")
      var bytes = try Data(contentsOf: shard)
      bytes[bytes.count - 30] ^= 1
      try bytes.write(to: shard)
      let torn = try runCommand("verify shards", in: directory)
      #expect(torn.status == 65 && torn.stdout.contains("altered  shard-2-of-2.records"))
      // A whole shard of another experiment in its place.
      try make(
        run.replacingOccurrences(of: "output run", with: "output others")
          .replacingOccurrences(of: "seed 7", with: "seed 8") + " --shard 2/2", in: directory)
      try Data(contentsOf: directory.appendingPathComponent("others/shard-2-of-2.records"))
        .write(to: shard)
      #expect(try runCommand("verify others", in: directory).status == 0)
      let mixed = try runCommand("verify shards", in: directory)
      #expect(mixed.status == 65 && mixed.stdout.contains("altered  shard-2-of-2.records"))
    }
  }

  @Test func `without a manifest results are exported with a warning and never taken up`() throws {
    try withDirectory { directory in
      try make(run, in: directory)
      try FileManager.default.removeItem(
        at: directory.appendingPathComponent("run/manifest.sha256"))
      let exported = try runCommand("export run --to json", in: directory)
      #expect(exported.status == 0)
      #expect(exported.stderr.contains("no manifest.sha256"), "\(exported.stderr)")
      for words in [run, "resume run"] {
        let again = try runCommand(words, in: directory)
        #expect(
          again.status == 73 && again.stderr.contains("no manifest.sha256"), "\(again.stderr)")
      }
      #expect(try runCommand("verify run", in: directory).status == 65)
    }
  }

  // Files that somebody has made consistent with their manifest, and not with each other.
  @Test
  func `what contradicts the experiment beside it is refused though its manifest is in order`()
    throws
  {
    try withDirectory { directory in
      try make(run, in: directory)
      let place = directory.appendingPathComponent("run")
      func edit(
        _ name: String, _ change: (String) throws -> String, _ says: String
      ) throws {
        let file = place.appendingPathComponent(name)
        let sound = try String(contentsOf: file, encoding: .utf8)
        let altered = try change(sound)
        try #require(altered != sound, "\(says)")
        try Data(altered.utf8).write(to: file)
        try reseal(place)
        let result = try runCommand("export run --to json", in: directory)
        #expect(result.status == 65 && result.stderr.contains(says), "\(says): \(result.stderr)")
        try Data(sound.utf8).write(to: file)
        try reseal(place)
      }
      func row(_ prefix: String, _ field: Int, _ value: String) -> (String) throws -> String {
        { text in
          var lines = text.split(separator: "\n").map(String.init)
          let index = try #require(
            lines.firstIndex { $0.hasPrefix(prefix) && $0.contains("exited") })
          var fields = lines[index].split(separator: ",", omittingEmptySubsequences: false)
            .map(String.init)
          fields[field] = value
          lines[index] = fields.joined(separator: ",")
          return lines.joined(separator: "\n") + "\n"
        }
      }
      try edit("exit_times.csv", row("chain", 4, "0.3"), "a time of 0.3 at step ")
      try edit("exit_times.csv", row("chain", 5, "7"), "at step 7, expected ")
      try edit("exit_times.csv", row("ode", 4, "1e300"), "expected at most the horizon")
      try edit("exit_times.csv", row("ode", 5, "3"), "a step, expected none of ode")
      try edit(
        "experiment.yaml",
        { $0.replacingOccurrences(of: "chain: 8", with: "chain: 9") }, "8 replicas of ")
      try edit(
        "summary.json",
        { text in
          let verdict = try #require(text.firstMatch(of: /"verdict" : "([a-z]+)"/))
          let other = verdict.1 == "different" ? "equivalent" : "different"
          return text.replacingOccurrences(
            of: verdict.0, with: "\"verdict\" : \"\(other)\"")
        }, "mean_ratio.verdict'")
      #expect(try runCommand("export run --to json", in: directory).status == 0)
    }
  }
}
