import Escapement
import Testing

/// Names one dynamics in one setting, for what holds for every engine.
struct EngineCase: Sendable, CustomTestStringConvertible {
  /// A setting in which engines take a path of their own, in the words of an experiment.
  struct Setting: Sendable {
    let name: String
    let words: [ExperimentKey: String]
  }

  let kind: DynamicsKind
  let setting: Setting

  /// Many short replicas, some of which do not reach the upper threshold by the horizon.
  private static let settings = [
    Setting(name: "p = 1", words: [:]),
    Setting(name: "p = 3", words: [.width: "3"]),
    Setting(name: "p = 2 on Philox", words: [.width: "2", .generator: "philox4x32-10"]),
    Setting(
      name: "p = 3, k = 2, levels",
      words: [
        .width: "3", .teacherUnits: "2", .thresholds: "none", .overlapThresholds: "0.35,0.6",
        .subspaceThresholds: "0.2,0.5", .horizon: "3",
      ]),
    Setting(
      name: "p = 2, erf",
      words: [.width: "2", .activation: "erf", .learningRate: "0.5", .horizon: "8"]),
    Setting(
      name: "p = 2, erf, correlation loss",
      words: [
        .width: "2", .activation: "erf", .learningRate: "0.5", .horizon: "8", .loss: "correlation",
      ]),
    Setting(
      name: "p = 2, batches of 3, look-ahead",
      words: [.width: "2", .learningRate: "0.2", .batchSize: "3", .lookAhead: "0.05"]),
    Setting(
      name: "p = 2, batches of 2, each repeated, both layers",
      words: [
        .width: "2", .learningRate: "0.2", .batchSize: "2", .repetitions: "2",
        .constraint: "riemannian", .secondLayerRate: "0.001",
      ]),
  ]

  /// Every dynamics in every setting that it covers without quadrature, which would take minutes.
  static let all = cases(of: settings, DynamicsKind.allCases)

  /// Replicas long enough to be looked at several times.
  private static let longSettings = [
    Setting(name: "p = 1", words: [.dimension: "3000"]),
    Setting(name: "p = 3", words: [.dimension: "600", .width: "3"]),
    Setting(
      name: "p = 3, single precision",
      words: [.dimension: "1000", .width: "3", .precision: "single"]),
    Setting(
      name: "p = 70", words: [.dimension: "300", .width: "70", .horizon: "0.1"]),
    Setting(
      name: "p = 3, k = 2", words: [.dimension: "500", .width: "3", .teacherUnits: "2"]),
    Setting(
      name: "p = 2 on Philox",
      words: [.dimension: "800", .width: "2", .generator: "philox4x32-10"]),
    Setting(
      name: "p = 2, erf", words: [.dimension: "1000", .width: "2", .activation: "erf"]),
    Setting(
      name: "p = 3, k = 2, levels",
      words: [
        .dimension: "500", .width: "3", .teacherUnits: "2", .thresholds: "none",
        .overlapThresholds: "0.15,0.5", .subspaceThresholds: "0.05,0.3", .horizon: "3",
      ]),
    Setting(
      name: "p = 2, erf, batches of 64",
      words: [
        .dimension: "800", .width: "2", .activation: "erf", .learningRate: "0.5", .batchSize: "64",
      ]),
    Setting(
      name: "p = 2, erf, batches of 4, each repeated, both layers",
      words: [
        .dimension: "1000", .width: "2", .activation: "erf", .batchSize: "4", .repetitions: "3",
        .lookAhead: "0.1", .secondLayerRate: "0.0001",
      ]),
  ].map { setting in
    // Noise alone takes the risk across the first threshold.
    Setting(
      name: setting.name + ", long",
      words: [.thresholds: "0.0001,0.4", .horizon: "2", .seed: "8"]
        .merging(setting.words) { $1 })
  }

  /// Every dynamics with steps in every setting of long replicas.
  static let long = cases(of: longSettings, DynamicsKind.allCases.filter(\.hasSteps))

  private static func cases(of settings: [Setting], _ kinds: [DynamicsKind]) -> [EngineCase] {
    kinds.flatMap { kind in settings.map { EngineCase(kind: kind, setting: $0) } }.filter { one in
      guard let experiment = try? one.experiment() else { return false }
      return (try? experiment.quadratureWork().isEmpty) == true
    }
  }

  var testDescription: String { "\(kind.rawValue), \(setting.name)" }

  func experiment(_ words: [ExperimentKey: String] = [:]) throws -> Experiment {
    var options = ExperimentOptions()
    let small: [ExperimentKey: String] = [
      .dimension: "40", .learningRate: "0.1", .labelNoise: "0.01", .thresholds: "0.1,0.5",
      .horizon: "2.5", .timeStep: "0.015625", .seed: "11", .replicas: "40",
      .threads: "2", .dynamics: kind.rawValue,
    ]
    let all = small.merging(setting.words) { $1 }.merging(words) { $1 }
    for (key, text) in all { options.set(key, text) }
    return try Experiment(options)
  }

  /// Runs the engine by itself, on any number of threads and with any instruction set of the processor.
  func run(
    _ words: [ExperimentKey: String] = [:], replicas: Int = 40, threads: Int = 2,
    instructions: InstructionSet = .best, progress: ProgressMeter = ProgressMeter()
  ) async throws -> EnsembleRun {
    let experiment = try experiment(words)
    return try await EnsembleRunner(threads: threads).run(
      experiment.engine(kind, instructions: instructions), replicas: replicas,
      start: experiment.start,
      streams: experiment.streams, progress: progress)
  }
}
