import Foundation
import Testing

/// Runs every command of the README and of the documentation; the cookbook, as it stands, is CookbookTests'.
///
/// Simulations are cut short by `--replicas 16 --horizon 0.5`, submissions by `--dry-run`; words that stand for a
/// file or a directory of the reader get one. What has an ellipsis in it is parsed only: subcommand and options.
@Suite struct DocumentedCommandTests {
  /// Commands that belong together, since later ones read what earlier ones wrote.
  struct Block: Sendable, CustomTestStringConvertible {
    let page: String
    let commands: [String]
    var testDescription: String { "\(page): \(commands[0])" }
  }

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL
  private static let subcommands: Set<String> = [
    "compare", "example", "export", "law", "merge", "plateau", "resume", "submit", "sweep", "test",
    "theory", "trajectories", "verify",
  ]

  static let blocks: [Block] = {
    let folders = ["Documentation", "Documentation/Design", "Sources/Escapement/Escapement.docc"]
    let pages =
      ["README.md", "CONTRIBUTING.md"]
      + folders.flatMap { folder in
        ((try? FileManager.default.contentsOfDirectory(
          atPath: root.appendingPathComponent(folder).path)) ?? [])
          .filter { $0.hasSuffix(".md") && $0 != "Cookbook.md" }.sorted().map { "\(folder)/\($0)" }
      }
    return pages.flatMap { page in
      let text = try? String(contentsOf: root.appendingPathComponent(page), encoding: .utf8)
      return blocks(of: text ?? "", page)
    }
  }()

  /// The commands of a page: runs of lines that start with the command, and words in backquotes.
  private static func blocks(of text: String, _ page: String) -> [Block] {
    let joined = text.replacing(/\\\n\s*/, with: "")
    var (blocks, run): ([Block], [String]) = ([], [])
    let lines = joined.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for line in lines + [""] {
      if let match = line.wholeMatch(
        of: /\s*(?:\$ )?(?:\.build\/release\/)?escapement ([a-z].*?)(?:\s+#.*)?/)
      {
        run.append(String(match.1))
        continue
      }
      if !run.isEmpty { blocks.append(Block(page: page, commands: run)) }
      run = []
      for match in line.matches(of: /`([^`]+)`/) {
        var words = match.1.split(separator: " ").map(String.init)
        // A table of subcommands names the command once, above.
        let isRow = line.hasPrefix("| `") && words.count > 1
        if words.first?.hasSuffix("escapement") ?? false {
          words.removeFirst()
        } else if !isRow {
          continue
        }
        guard let first = words.first, words.count > 1, subcommands.contains(first) else {
          continue
        }
        blocks.append(Block(page: page, commands: [words.joined(separator: " ")]))
      }
    }
    return blocks
  }

  @Test func `the pages have commands to run`() {
    let pages = Dictionary(grouping: Self.blocks, by: \.page).mapValues {
      $0.reduce(0) { $0 + $1.commands.count }
    }
    #expect((pages["README.md"] ?? 0) >= 6)
    #expect((pages["Documentation/Clusters.md"] ?? 0) >= 6)
    #expect((pages["Sources/Escapement/Escapement.docc/Keys.md"] ?? 0) >= 14)
    #expect((pages["Sources/Escapement/Escapement.docc/FirstExperiment.md"] ?? 0) >= 8)
  }

  private func run(_ line: String, in directory: URL) throws -> CommandResult {
    let path =
      commandURL.deletingLastPathComponent().path + ":"
      + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
    return try runProgram(
      "/bin/sh", ["-c", "escapement \(line)"], in: directory,
      environment: ["PATH": path, "HOME": directory.path, "LC_ALL": "C.UTF-8"])
  }

  /// Cuts a command short.
  private func reduced(_ line: String, _ words: [String]) -> [String] {
    var line = line
    guard ["compare", "plateau", "submit", "sweep", "trajectories"].contains(words[0]),
      !words.contains("--resubmit")
    else { return [line + (words[0] == "submit" ? " --dry-run" : "")] }
    // Times are up to the horizon.
    line += " --replicas 16 --horizon \(words.contains("--times") ? 20 : 0.5)"
    if !words.contains(where: { $0.hasSuffix(".yaml") }) {
      if !words.contains("--dimension") { line += " --dimension 60" }
      if !words.contains(where: { $0.hasPrefix("--learning-rate") }) {
        line += " --learning-rate 0.1"
      }
    }
    if words[0] == "submit" { line += " --dry-run" }
    guard let place = words.firstIndex(of: "--shard"), words.count > place + 1 else {
      return [line]
    }
    let share = words[place + 1].split(separator: "/")
    // A merge wants all of them.
    return (1...(Int(share[1]) ?? 1)).map {
      line.replacing("--shard \(words[place + 1])", with: "--shard \($0)/\(share[1])")
    }
  }

  /// Makes what a command reads and no command before it has written.
  private func prepare(_ words: [String], in directory: URL) throws {
    func place(_ name: String) -> URL { directory.appendingPathComponent(name) }
    func isMissing(_ name: String) -> Bool {
      !FileManager.default.fileExists(atPath: place(name).path)
    }
    if isMissing("data") {
      try FileManager.default.createSymbolicLink(
        at: place("data"), withDestinationURL: Self.root.appendingPathComponent("data"))
    }
    let small = "dimension: 60\nlearning-rate: 0.1\nreplicas: 16\nhorizon: 0.5\n"
    for name in Set(words + ["experiment.yaml"])
    where isMissing(name) && words.first != "example" {
      if name.hasSuffix(".yaml") { try Data(small.utf8).write(to: place(name)) }
      if name.hasSuffix(".csv") {
        try Data("exit_time\n1\n2\n3\n4\n".utf8).write(to: place(name))
      }
    }
    var read =
      ["export", "merge", "resume", "test", "verify"].contains(words[0])
      ? words.dropFirst().prefix { !$0.hasPrefix("--") } : []
    let isSubmitted = words.contains("--resubmit")
    if isSubmitted { read = words.suffix(1) }
    for name in read where isMissing(name) {
      let result = try run(
        (isSubmitted ? "submit experiment.yaml --dry-run --tasks 2" : "compare experiment.yaml")
          + " --output \(name)", in: directory)
      try #require(result.status == 0, "\(result.stderr)")
    }
  }

  @Test(arguments: blocks) func `a documented command runs`(_ block: Block) throws {
    try withDirectory { directory in
      for command in block.commands {
        let words = command.split(separator: " ").map(String.init)
        let subcommand = try #require(words.first)
        try #require(Self.subcommands.contains(subcommand), "\(command)")
        let help = try runCommand("\(subcommand) --help-hidden").stdout
        for word in words where word.hasPrefix("--") {
          let option = word.prefix { $0 != "=" }
          #expect(
            help.contains("\(option) ") || help.contains("\(option)\n"), "\(command): \(option)")
        }
        guard !command.contains("…") else { continue }
        try prepare(words, in: directory)
        for line in reduced(command, words) {
          let result = try run(line, in: directory)
          // Figures need gnuplot, and say so.
          let isWithout = result.status == 69 && result.stderr.contains("gnuplot")
          #expect(result.status == 0 || isWithout, "\(line): \(result.stderr)")
        }
      }
    }
  }
}
