import Escapement
import Testing

@Suite struct ResolvedExperimentTests {
  // Start, overlaps and Gram entries are numbers that no short decimal gives.
  private static let cases: [[ExperimentKey: String]] = [
    [:],
    [.seed: "18446744073709551615", .generator: "mt19937"],
    [.seed: "0", .width: "2", .secondLayer: "1,-0.30000000000000004", .teacherUnits: "3"],
    [.start: "overlaps:0.018478679512345678", .dynamics: "ode,sde,chain,sgd"],
    [
      .batchSize: "16", .loss: "correlation", .lookAhead: "-0.30000000000000004",
      .repetitions: "3", .constraint: "riemannian", .start: "orthogonal", .width: "2",
      .dynamics: "chain,sgd",
    ],
    [
      .learningRateSchedule: "{power: 0.30000000000000004, after: 1e-5, warm-up: 3}",
      .horizon: "samples:123457",
    ],
    [.learningRateSchedule: "steps:0=0.1,5=0.30000000000000004", .horizon: "3"],
    [.secondLayerRate: "0.001", .secondLayerRateSchedule: "power:0.30000000000000004,77"],
    [
      .secondLayerRate: "0.001", .secondLayerRateSchedule: "constant",
      .learningRateSchedule: "power:0.5,77", .horizon: "2",
    ],
    [.samples: "3000", .epochs: "4", .order: "shuffled", .batchSize: "10"],
    [.start: "warm:0.30000000000000004,0", .width: "2", .teacherUnits: "2"],
    [.samples: "3000", .horizon: "2.5"],
    [.precision: "single", .dynamics: "chain,sgd"],
    [.start: "overlaps:1e-5,-3e-17", .width: "2", .labelNoise: "1e-05", .learningRate: "3e-05"],
    [
      .thresholds: "0.1,0.30000000000000004,1e-7", .horizon: "1e16", .timeStep: "100.1",
      .finiteSizeDrift: "false", .scheme: "euler-maruyama", .monitoring: "discrete",
      .odeStepper: "rkf45", .margin: "0.125", .replicas: "20,sde:10000000",
      .dimension: "1000000000000", .dynamics: "sde,ode",
    ],
  ]

  @Test(arguments: cases)
  func `what is resolved reads back to the same experiment`(words: [ExperimentKey: String]) throws {
    let first = try experiment(words)
    expectEqual(try experiment(yaml: first.yaml), first)
  }

  @Test func `a Gram matrix reads back to the same experiment`() throws {
    let gram = "[[1, 0.1, 0.30000000000000004], [0.1, 1, -1e-5], [0.30000000000000004, -1e-5, 1]]"
    let first = try experiment(
      yaml: "dimension: 50\nlearning-rate: 0.1\nwidth: 2\nstart: {gram: \(gram)}\n")
    expectEqual(try experiment(yaml: first.yaml), first)
    #expect(first.yaml.contains("0.30000000000000004"))
  }

  // Readers of YAML 1.1, PyYAML among them, take 1e-05 for a word.
  @Test func `numbers are numbers to readers of YAML 1.1`() throws {
    let text = try experiment([.labelNoise: "1e-5", .thresholds: "1e-7,0.5"]).yaml
    #expect(text.contains("label-noise: 1.0e-05\n"))
    #expect(text.contains("thresholds: [1.0e-07, 0.5]\n"))
  }

  @Test func `one key stands on one line, and threads and output are left out`() throws {
    let text = try experiment([.threads: "3", .output: "somewhere"]).yaml
    let keys = text.split(separator: "\n").map { String($0.prefix { $0 != ":" }) }
    let decisive = ExperimentKey.decisive
    // The second layer's own schedule stands there where there is one, as `cases` read it back.
    let always = decisive.filter { $0 != .secondLayerRateSchedule }
    #expect(Set(keys) == Set(always.map(\.rawValue)))
    #expect(keys.count == always.count)
    let own = try experiment([.secondLayerRate: "1e-3", .secondLayerRateSchedule: "power:1,9"])
    #expect(own.yaml.contains("second-layer-learning-rate-schedule: {power: 1.0, after: 9.0}\n"))
  }

  private func expectEqual(_ read: Experiment, _ first: Experiment) {
    #expect(read.model == first.model)
    #expect(read.start == first.start)
    #expect(read.exitRule == first.exitRule)
    #expect(read.dynamics == first.dynamics)
    #expect(read.replicas == first.replicas)
    #expect(read.streams == first.streams)
    #expect(read.timeStep == first.timeStep)
    #expect(read.finiteSizeDrift == first.finiteSizeDrift)
    #expect(read.scheme == first.scheme)
    #expect(read.monitoring == first.monitoring)
    #expect(read.odeStepper.name == first.odeStepper.name)
    #expect(read.precision == first.precision)
    #expect(read.margin == first.margin)
    #expect(read.yaml == first.yaml)
  }
}
