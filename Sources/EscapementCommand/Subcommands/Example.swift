import ArgumentParser
import Escapement
import Foundation

/// `escapement example`: the experiments that come with the command.
struct Example: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists the experiments that come with the command, or writes one out.",
    discussion: """
      Example: escapement example phase-retrieval && escapement compare phase-retrieval.yaml
      """)

  @Argument(help: "Which experiment; without a name all are listed.") var name: String?
  @Option(
    help: ArgumentHelp(
      "File to write (default NAME.yaml), or - for standard output; one that is there stays.",
      valueName: "file"))
  var output: String?

  func run() throws {
    guard let name else {
      guard output == nil else {
        throw ExperimentError(
          origin: .commandLine, key: "output", problem: "expected the name of an example beside it")
      }
      var page = Page(hasDetails: true)
      for example in ShippedExperiment.all {
        page.add(
          example.title + " (escapement \(example.subcommand))",
          mark: example.name.padding(toLength: 31, withPad: " ", startingAt: 0))
      }
      return try Console.output(page.text())
    }
    let names = ShippedExperiment.all.map(\.name)
    guard let example = ShippedExperiment.all.first(where: { $0.name == name }) else {
      let near = nearestName(to: name, of: names)
      throw ValidationError(
        "found the example '\(singleLine(name))', expected "
          + (near.map { "'\($0)'" } ?? "one of \(names.joined(separator: ", "))"))
    }
    guard output != "-" else { return try Console.output(example.text) }
    let file = output ?? "\(name).yaml"
    do {
      try Data(example.text.utf8).write(
        to: URL(fileURLWithPath: file), options: .withoutOverwriting)
    } catch {
      let isThere = FileManager.default.fileExists(atPath: file)
      throw OutputError(
        isCreation: true,
        description: "output: '\(singleLine(file))' "
          + (isThere ? "is there already, expected a new file" : "cannot be created"))
    }
    Console.error(
      "escapement: wrote '\(singleLine(file))'; next: escapement \(example.subcommand) \(quoted(file))\n"
    )
  }
}
