import ArgumentParser
import Escapement
import Foundation

/// Is a group of options that are keys of an experiment.
protocol KeyArguments: ParsableArguments {
  /// The options with what was given, by key.
  var words: [(ExperimentKey, String?)] { get }
}

/// The options of the network and its target.
struct NetworkArguments: KeyArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp(.dimension)) var dimension: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.width)) var width: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.teacherUnits)) var teacherUnits: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.activation)) var activation: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.target)) var target: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.teacherGram)) var teacherGram: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.labelNoise)) var labelNoise: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.secondLayer)) var secondLayer: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.secondLayerRate))
  var secondLayerLearningRate: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.secondLayerRateSchedule))
  var secondLayerLearningRateSchedule: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.secondLayerNormalised))
  var secondLayerNormalised: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.constraint)) var constraint: String?

  var words: [(ExperimentKey, String?)] {
    [
      (.dimension, dimension), (.width, width), (.teacherUnits, teacherUnits),
      (.activation, activation), (.target, target), (.teacherGram, teacherGram),
      (.labelNoise, labelNoise), (.secondLayer, secondLayer),
      (.secondLayerRate, secondLayerLearningRate),
      (.secondLayerRateSchedule, secondLayerLearningRateSchedule),
      (.secondLayerNormalised, secondLayerNormalised),
      (.constraint, constraint),
    ]
  }
}

/// The options of the rule of learning.
struct LearningArguments: KeyArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp(.learningRate)) var learningRate: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.learningRateSchedule))
  var learningRateSchedule: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.batchSize)) var batchSize: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.loss)) var loss: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.lookAhead)) var lookAhead: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.repetitions)) var repetitions: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.samples)) var samples: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.epochs)) var epochs: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.order)) var order: String?

  var words: [(ExperimentKey, String?)] {
    [
      (.learningRate, learningRate), (.learningRateSchedule, learningRateSchedule),
      (.batchSize, batchSize), (.loss, loss), (.lookAhead, lookAhead), (.repetitions, repetitions),
      (.samples, samples), (.epochs, epochs), (.order, order),
    ]
  }
}

/// The options of the start and the exit.
struct ExitArguments: KeyArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp(.start)) var start: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.startNorm)) var startNorm: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.thresholds)) var thresholds: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.overlapThresholds)) var overlapThresholds:
    String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.subspaceThresholds)) var subspaceThresholds:
    String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.horizon)) var horizon: String?

  var words: [(ExperimentKey, String?)] {
    [
      (.start, start), (.startNorm, startNorm), (.thresholds, thresholds),
      (.overlapThresholds, overlapThresholds), (.subspaceThresholds, subspaceThresholds),
      (.horizon, horizon),
    ]
  }
}

/// The options of the dynamics and their replicas.
struct RunArguments: KeyArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp(.dynamics)) var dynamics: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.replicas)) var replicas: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.seed)) var seed: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.generator)) var generator: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.threads)) var threads: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.precision)) var precision: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.margin)) var margin: String?

  var words: [(ExperimentKey, String?)] {
    [
      (.dynamics, dynamics), (.replicas, replicas), (.seed, seed), (.generator, generator),
      (.threads, threads), (.precision, precision), (.margin, margin),
    ]
  }
}

/// The options of the SDE and the ODE in numbers.
struct DiffusionArguments: KeyArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp(.timeStep)) var timeStep: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.finiteSizeDrift)) var finiteSizeDrift:
    String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.scheme)) var scheme: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.monitoring)) var monitoring: String?
  @Option(parsing: .unconditional, help: ArgumentHelp(.odeStepper)) var odeStepper: String?

  var words: [(ExperimentKey, String?)] {
    [
      (.timeStep, timeStep), (.finiteSizeDrift, finiteSizeDrift), (.scheme, scheme),
      (.monitoring, monitoring), (.odeStepper, odeStepper),
    ]
  }
}

/// Is all that a subcommand on experiments takes: the experiment file, and the options that are its keys.
protocol ExperimentArguments: ParsableArguments {
  var experiment: String? { get }
  var network: NetworkArguments { get }
  var learning: LearningArguments { get }
  var exit: ExitArguments { get }
  var run: RunArguments { get }
  var diffusion: DiffusionArguments { get }
  var output: String? { get }
}

/// The options of the subcommands that simulate.
struct SimulationArguments: ExperimentArguments {
  @Argument(help: "Experiment file in YAML; options win over it.")
  var experiment: String?
  @OptionGroup(title: "NETWORK AND TARGET") var network: NetworkArguments
  @OptionGroup(title: "LEARNING") var learning: LearningArguments
  @OptionGroup(title: "START AND EXIT") var exit: ExitArguments
  @OptionGroup(title: "DYNAMICS AND REPLICAS") var run: RunArguments
  @OptionGroup(title: "SDE AND ODE") var diffusion: DiffusionArguments
  @Option(parsing: .unconditional, help: ArgumentHelp(.output)) var output: String?
}

/// The options of the subcommands that simulate nothing: keys of a run are read, as in a file, but not listed.
struct ClosedFormArguments: ExperimentArguments {
  @Argument(help: "Experiment file in YAML; options win over it.")
  var experiment: String?
  @OptionGroup(title: "NETWORK AND TARGET") var network: NetworkArguments
  @OptionGroup(title: "LEARNING") var learning: LearningArguments
  @OptionGroup(title: "START AND EXIT") var exit: ExitArguments
  @OptionGroup(visibility: .hidden) var run: RunArguments
  @OptionGroup(visibility: .hidden) var diffusion: DiffusionArguments
  @Option(parsing: .unconditional, help: ArgumentHelp(.output)) var output: String?
}

extension ExperimentArguments {
  /// The options with what was given, by key.
  var words: [(ExperimentKey, String?)] {
    network.words + learning.words + exit.words + run.words + diffusion.words + [(.output, output)]
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
