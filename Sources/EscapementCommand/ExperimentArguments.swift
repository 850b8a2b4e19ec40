import ArgumentParser
import Escapement
import Foundation

/// The options that every subcommand on experiments takes, and the experiment file.
struct ExperimentArguments: ParsableArguments {
  @Argument(help: "Experiment file in YAML; options win over it.")
  var experiment: String?

  @Option(parsing: .unconditional, help: ArgumentHelp(.dimension)) var dimension: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.width)) var width: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.teacherUnits)) var teacherUnits: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.learningRate)) var learningRate: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.learningRateSchedule))
  var learningRateSchedule: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.labelNoise)) var labelNoise: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.secondLayer)) var secondLayer: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.secondLayerRate))
  var secondLayerLearningRate: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.secondLayerRateSchedule))
  var secondLayerLearningRateSchedule: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.secondLayerNormalised))
  var secondLayerNormalised: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.activation)) var activation: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.target)) var target: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.teacherGram)) var teacherGram: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.constraint)) var constraint: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.batchSize)) var batchSize: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.loss)) var loss: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.lookAhead)) var lookAhead: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.repetitions)) var repetitions: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.samples)) var samples: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.epochs)) var epochs: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.order)) var order: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.thresholds)) var thresholds: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.overlapThresholds))
  var overlapThresholds: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.subspaceThresholds))
  var subspaceThresholds: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.startNorm)) var startNorm: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.horizon)) var horizon: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.replicas)) var replicas: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.dynamics)) var dynamics: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.start)) var start: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.seed)) var seed: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.generator)) var generator: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.threads)) var threads: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.timeStep)) var timeStep: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.finiteSizeDrift)) var finiteSizeDrift:
    String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.scheme)) var scheme: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.monitoring)) var monitoring: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.odeStepper)) var odeStepper: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.precision)) var precision: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.margin)) var margin: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.output)) var output: String?

  /// The options that were given, by key.
  var words: [(ExperimentKey, String?)] {
    [
      (.dimension, dimension), (.width, width), (.teacherUnits, teacherUnits),
      (.learningRate, learningRate), (.learningRateSchedule, learningRateSchedule),
      (.labelNoise, labelNoise), (.secondLayer, secondLayer),
      (.secondLayerRate, secondLayerLearningRate),
      (.secondLayerRateSchedule, secondLayerLearningRateSchedule),
      (.secondLayerNormalised, secondLayerNormalised),
      (.activation, activation), (.target, target), (.teacherGram, teacherGram),
      (.overlapThresholds, overlapThresholds), (.subspaceThresholds, subspaceThresholds),
      (.startNorm, startNorm), (.constraint, constraint), (.batchSize, batchSize), (.loss, loss),
      (.lookAhead, lookAhead), (.repetitions, repetitions), (.samples, samples), (.epochs, epochs),
      (.order, order),
      (.thresholds, thresholds), (.horizon, horizon), (.replicas, replicas),
      (.dynamics, dynamics), (.start, start), (.seed, seed),
      (.generator, generator), (.threads, threads), (.timeStep, timeStep),
      (.finiteSizeDrift, finiteSizeDrift), (.scheme, scheme), (.monitoring, monitoring),
      (.odeStepper, odeStepper), (.precision, precision), (.margin, margin), (.output, output),
    ]
  }

  /// The options that were given.
  var given: ExperimentOptions {
    var given = ExperimentOptions()
    for (key, text) in words { if let text { given.set(key, text) } }
    return given
  }

  /// Where the experiment file is, for the files it names.
  var directory: String? {
    experiment.map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
  }

  /// Reads the file, lays the options over it and validates the whole.
  ///
  /// `simulates` false for what needs no engine.
  func resolve(simulates: Bool = true) throws -> Experiment {
    let file = try experiment.map { try ExperimentOptions(file: $0) } ?? ExperimentOptions()
    return try Experiment(
      file.overridden(by: given), directory: directory, checksEngines: simulates)
  }
}

/// What the subcommands that fill a directory do with what it holds.
struct OverwriteArguments: ParsableArguments {
  @Flag(help: "Clear --output of all that this program made there before; other files stay.")
  var overwrite = false

  /// Clears a directory when that was asked for; returns whether it was.
  func clear(_ output: String?) throws -> Bool {
    guard overwrite else { return false }
    guard let output else {
      throw ExperimentError(
        origin: .commandLine, key: "overwrite", problem: "expected --output too, to be cleared")
    }
    try OutputContents(path: output).clear()
    return true
  }

  /// Makes the directory for an answer where one was asked for; throws `OutputError`.
  func directory(
    _ output: String?, for document: any AnswerDocument.Type, experiment: String?
  ) throws -> AnswerDirectory? {
    let isCleared = try clear(output)
    return try output.map {
      try AnswerDirectory(
        path: $0, for: document, experiment: experiment, isCleared: isCleared)
    }
  }
}

extension ArgumentHelp {
  init(_ key: ExperimentKey) {
    self.init(stringLiteral: key.help)
    valueName = key.valueName
  }
}
