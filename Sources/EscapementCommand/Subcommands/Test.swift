import ArgumentParser
import Escapement
import Foundation

/// `escapement test`: the battery on two files of exit times from anywhere.
struct Test: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares two files of exit times from anywhere.",
    discussion: """
      A file is a table in UTF-8 with the times in the column exit_time, or in its only column, which \
      needs no header; commas, semicolons, tabs or blanks part the columns, # starts a comment, and \
      numbers have a decimal point. A column outcome says exited, censored or diverged, or 1 and 0; \
      without it an empty time is censored at the largest. A directory stands for the exit_times.csv of \
      a run; of its dynamics and exit rules one is chosen.

      Example: escapement test RUN RUN --dynamics chain,sde --threshold 0.5 --paired
      """)

  @Argument(help: "First file, or - for standard input.") var first: String
  @Argument(help: "Second file, or -.") var second: String
  @Option(
    help: ArgumentHelp(
      "Column of the times, or its number without a header (default exit_time, or the only one).",
      valueName: "name"))
  var column: String?
  @Option(
    help: ArgumentHelp(
      "Column that says whether a time is an exit, or none (default outcome, if there).",
      valueName: "name"))
  var eventColumn: String?
  @Option(
    help: ArgumentHelp(
      "Words or numbers in it that mean an exit, all others then being censored (default exited,1,true; "
        + "e.g. 2 or dead,relapsed).",
      valueName: "words"))
  var eventValues: String?
  @Option(
    help: ArgumentHelp(
      "Rows of this dynamics; two by a comma, for the first and the second file (default the only one).",
      valueName: "name"))
  var dynamics: String?
  @Option(
    help: ArgumentHelp(
      "Rows of this exit criterion: risk, overlap-1, …, subspace; or two (default the only one).",
      valueName: "name"))
  var criterion: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Rows of this threshold, or two (default the only one).", valueName: "number"))
  var threshold: String?
  @Flag(help: "Line i of both files has the same start.") var paired = false
  @Option(parsing: .unconditional, help: ArgumentHelp(.margin)) var margin: String?
  @Option(help: "Seed of permutations and resamples.") var seed: UInt64 = 1
  @Option(help: "Directory for the result, to be exported (default none).") var output: String?
  @OptionGroup var overwriting: OverwriteArguments
  @OptionGroup var printing: PrintArguments

  func run() async throws {
    var options = ExperimentOptions()
    if let text = self.margin { options.set(.margin, text) }
    let margin = try options.margin()
    guard first != "-" || second != "-" else {
      throw ValidationError("found - twice, expected one file beside standard input")
    }
    let files = try zip([first, second], choices()).map { try SampleFile($0, choice: $1) }
    for (name, value) in [
      ("dynamics", dynamics), ("criterion", criterion), ("threshold", threshold),
    ] where value != nil && !files.contains(where: { $0.columns.contains(name) }) {
      throw ExperimentError(
        origin: .commandLine, key: name, problem: "no file has a column \(name), expected it in one"
      )
    }
    for note in files.flatMap(\.notes) { Console.error("escapement: note: \(singleLine(note))\n") }
    let (x, y) = (files[0].sample, files[1].sample)
    guard !paired || x.count == y.count else {
      throw ExperimentError(
        origin: .commandLine, key: "paired",
        problem: "found \(x.count) and \(y.count) replicas, expected as many in both files")
    }
    if paired, let left = files[0].replicas, let right = files[1].replicas, left != right {
      throw ExperimentError(
        origin: .commandLine, key: "paired",
        problem: "the columns replica differ, expected the same replicas in the same order")
    }
    let directory = try overwriting.directory(
      output, for: SampleComparison.self, experiment: nil)
    let comparison = try SampleComparison(
      x, y, isPaired: paired, margin: margin, seed: seed,
      names: zip([first, second], kinds(of: dynamics)).map { name($0, $1) })
    try directory?.write(comparison)
    try printing.output(comparison, { $0.add(comparison, x, y) }, rest: "")
    if let output { printing.tellPlace(output, "escapement export \(quoted(output)) --to report") }
  }

  /// What a sample is called in figures: the file, and what of it was chosen.
  private func name(_ file: String, _ dynamics: String?) -> String {
    let file = file == "-" ? "standard input" : URL(fileURLWithPath: file).lastPathComponent
    return dynamics.map { "\(file), \($0)" } ?? file
  }

  private func kinds(of dynamics: String?) -> [String?] {
    let words = dynamics?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    return [words?.first, words?.last]
  }

  /// What is read of the first file and of the second.
  private func choices() throws -> [SampleChoice] {
    func words(_ key: String, _ text: String?) throws -> [String?] {
      guard let text else { return [nil, nil] }
      let words = text.split(separator: ",", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      guard (1...2).contains(words.count), !words.contains("") else {
        throw ExperimentError(
          origin: .commandLine, key: key,
          problem: "found '\(text)', expected one value, or two parted by a comma")
      }
      return [words[0], words[words.count - 1]]
    }
    let kinds = try words("dynamics", dynamics)
    let criteria = try words("criterion", criterion)
    let levels = try words("threshold", threshold).map { word -> Double? in
      guard let word else { return nil }
      guard let level = Double(word), level.isFinite else {
        throw ExperimentError(
          origin: .commandLine, key: "threshold",
          problem: "found '\(word)', expected a finite number, or two parted by a comma")
      }
      return level
    }
    return [0, 1].map { index in
      var choice = SampleChoice()
      (choice.column, choice.eventColumn) = (column, eventColumn)
      choice.eventValues = eventValues?.split(separator: ",").map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      (choice.dynamics, choice.criterion) = (kinds[index], criteria[index])
      choice.threshold = levels[index]
      return choice
    }
  }
}
