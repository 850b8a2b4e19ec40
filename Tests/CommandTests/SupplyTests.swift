import Escapement
import Foundation
import Testing

/// Looks at what goes with the program: its names, its licences, its targets of make.
@Suite struct SupplyTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  @Test func `changelog, citation, README and program name one version`() throws {
    let result = try runProgram(
      "/bin/bash", [".ci/release-check"], in: root)
    #expect(result.status == 0, "\(result.stderr)")
    #expect(result.stdout == "version \(escapementVersion) everywhere\n")
  }

  @Test func `--version tells version and commit, or the version alone`() throws {
    let result = try runCommand("--version")
    #expect(result.status == 0)
    let line = result.stdout.trimmingCharacters(in: .newlines)
    #expect(
      line == escapementVersion
        || line.wholeMatch(of: /[0-9.]+ \(commit [0-9a-f]{40}\)/) != nil
          && line.hasPrefix(escapementVersion + " "),
      "\(line)")
  }

  @Test func `every package and library of the manifest is in NOTICE with its licence`() throws {
    let notice = try String(contentsOf: root.appendingPathComponent("NOTICE"), encoding: .utf8)
    let package = try String(
      contentsOf: root.appendingPathComponent("Package.swift"), encoding: .utf8)
    let names =
      package.matches(of: /github\.com\/[^\/"]+\/([^"]+)"/).map { String($0.1).lowercased() }
      + package.matches(of: /pkgConfig: "([^"]+)"/).map { String($0.1) }
    #expect(names.count >= 10)
    for name in names {
      #expect(
        notice.split(separator: "\n").contains { line in
          let fields = line.split(separator: " ")
          return fields.count == 4 && fields[0] == name && fields[3].hasPrefix("https://")
        }, "\(name)")
    }
  }

  // `swift` and the fuzzer are stand-ins that write down how they were called.
  @Test func `targets of make keep a path with a blank and a quote's worth of words whole`() throws
  {
    try withDirectory { directory in
      let place = directory.appendingPathComponent("a path, with (blanks)")
      let manager = FileManager.default
      try manager.createDirectory(
        at: place.appendingPathComponent("Tests/Fuzzing/.build/release"),
        withIntermediateDirectories: true)
      try manager.createDirectory(
        at: place.appendingPathComponent("Tests/Sanitizers"), withIntermediateDirectories: true)
      try manager.copyItem(
        at: root.appendingPathComponent("Makefile"), to: place.appendingPathComponent("Makefile"))
      func script(_ name: String, _ text: String) throws {
        let file = place.appendingPathComponent(name)
        try Data("#!/bin/bash\n\(text)\n".utf8).write(to: file)
        chmod(file.path, 0o755)
      }
      try script("Tests/Sanitizers/starts.sh", "true")
      try script(
        "Tests/Fuzzing/.build/release/Fuzz",
        "printf '%s\\n' \"$@\" | grep artifact_prefix >> \"$LOG\"")
      try script(
        "swift",
        "printf '%s\\n' \"${ESCAPEMENT_CALIBRATION-}\" \"$@\" | grep blanks >> \"$LOG\"; true")
      let log = directory.appendingPathComponent("log")
      var environment = ProcessInfo.processInfo.environment
      environment["LOG"] = log.path
      environment["PATH"] = place.path + ":" + (environment["PATH"] ?? "")
      // What this make was told by one above it.
      for key in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL"] { environment[key] = nil }
      for target in ["fuzz", "calibration", "build"] {
        let result = try runProgram(
          "/usr/bin/env", ["make", target], in: place, environment: environment)
        #expect(result.status == 0, "\(target): \(result.stderr)")
      }
      let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
      let path = place.resolvingSymlinksInPath().path
      for expected in [
        "-artifact_prefix=\(path)/Tests/Fuzzing/", "\(path)/Benchmarks/CALIBRATION.md", "\(path)=.",
        "-ffile-prefix-map=\(path)=.",
      ] {
        #expect(lines.contains { $0 == expected }, "\(expected) in \(lines)")
      }
    }
  }
}
