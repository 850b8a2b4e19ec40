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
    version: escapementVersion,
    subcommands: [
      Compare.self, Export.self, Law.self, Merge.self, Plateau.self, Resume.self, Submit.self,
      Sweep.self, Test.self, Theory.self, Trajectories.self,
    ])

  static func main() async {
    // A reader that has gone is not the end of a run of days.
    signal(SIGPIPE, SIG_IGN)
    // Nor is a limit on the size of files.
    signal(SIGXFSZ, SIG_IGN)
    do {
      try requireFileHandles()
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
