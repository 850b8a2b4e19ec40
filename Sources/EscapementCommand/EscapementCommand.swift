import ArgumentParser
import Escapement
import Foundation

/// The command `escapement`.
@main
struct EscapementCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "escapement",
    abstract: "Measures how long SGD takes to leave a plateau.",
    discussion: """
      Runs the ODE, the SDE, the exact chain and full SGD of a two-layer network from the same \
      starts and compares their exit times.
      """,
    version: escapementVersion + (builtCommit.map { " (commit \($0))" } ?? ""),
    subcommands: [
      Compare.self, Example.self, Export.self, Law.self, Merge.self, Plateau.self, Resume.self,
      Submit.self, Sweep.self, Test.self, Theory.self, Trajectories.self, Verify.self,
    ])

  static func main() async {
    // A reader that has gone is not the end of a run of days.
    signal(SIGPIPE, SIG_IGN)
    // Nor is a limit on the size of files.
    signal(SIGXFSZ, SIG_IGN)
    do {
      try requireFileHandles()
      try requireUTF8Arguments()
      try requireSubcommand()
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      ExitStatus.end(with: error)
    }
  }
}

/// Throws for an argument that is not UTF-8: repaired, it would name another file.
private func requireUTF8Arguments() throws {
  for index in 1..<max(1, Int(CommandLine.argc)) {
    guard let bytes = CommandLine.unsafeArgv[index] else { continue }
    guard String(validatingCString: bytes) == nil else { continue }
    throw ValidationError(
      "argument \(index), '\(singleLine(String(cString: bytes)))', is not in UTF-8, expected UTF-8")
  }
}

/// Throws for a first word that is near to the name of a subcommand, but none.
private func requireSubcommand() throws {
  guard let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"), word != "help"
  else { return }
  let names = EscapementCommand.configuration.subcommands.map { $0._commandName }
  guard !names.contains(word), let name = nearestName(to: word, of: names) else { return }
  throw ValidationError("found the subcommand '\(singleLine(word))', expected '\(name)'")
}
