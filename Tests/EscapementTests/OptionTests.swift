import Dynamics
import Escapement
import GSL
import Testing

/// Names a value of one key and what the experiment says once it is read.
private struct GoodValue: Sendable, CustomTestStringConvertible {
  let key: ExperimentKey
  let text: String
  /// What must be said beside it.
  let beside: [ExperimentKey: String]
  let isRead: @Sendable (Experiment) -> Bool

  init(
    _ key: ExperimentKey, _ text: String, beside: [ExperimentKey: String] = [:],
    _ isRead: @escaping @Sendable (Experiment) -> Bool
  ) {
    (self.key, self.text, self.beside, self.isRead) = (key, text, beside, isRead)
  }

  var testDescription: String { "--\(key.rawValue) \(text)" }

  // None is the default, so that a value that is dropped fails.
  static let all: [GoodValue] = [
    GoodValue(.dimension, "70") { $0.model.dimension == 70 },
    GoodValue(.dimension, "1e6") { $0.model.dimension == 1_000_000 },
    GoodValue(.width, "3") { $0.model.width == 3 },
    GoodValue(.teacherUnits, "2") { $0.model.teacherUnits == 2 },
    GoodValue(.learningRate, "0.02") { $0.model.learningRate == 0.02 },
    GoodValue(.learningRateSchedule, "power:0.5,3000", beside: [.horizon: "5"]) {
      $0.model.learningRateSchedule?.decay == .power(0.5, after: 3000)
    },
    GoodValue(.learningRateSchedule, "steps:0=0.1,5000=0.02", beside: [.horizon: "5"]) {
      $0.model.learningRateSchedule?.decay == .table([(0, 0.1), (5000, 0.02)])
    },
    GoodValue(
      .learningRateSchedule, "{power: 1, after: 1e3, warm-up: 50}", beside: [.horizon: "5"]
    ) {
      $0.model.learningRateSchedule?.warmUp == 50
        && $0.model.learningRateSchedule?.decay == .power(1, after: 1000)
    },
    GoodValue(.learningRateSchedule, "constant") { $0.model.learningRateSchedule == nil },
    GoodValue(.horizon, "samples:7000") { $0.exitRule.horizon == 7000 * 0.1 / 50 },
    GoodValue(.labelNoise, "1e-4") { $0.model.labelNoise == 1e-4 },
    GoodValue(.secondLayer, "-1.5") { $0.model.secondLayer == [-1.5] },
    GoodValue(.activation, "square") { $0.model.activation == .square },
    GoodValue(.target, "square") { $0.model.target == .mean(.square) },
    GoodValue(.activation, "hermite:0,1,0.5") { $0.model.activation == .hermite([0, 1, 0.5]) },
    GoodValue(.activation, "{polynomial: [0, 1]}") { $0.model.activation == .polynomial([0, 1]) },
    GoodValue(.target, "{hermite-terms: [{coefficient: 2, degrees: [3]}]}") {
      $0.model.target == .hermiteTerms([HermiteTerm(coefficient: 2, degrees: [3])])
    },
    GoodValue(.teacherGram, "[[1.5]]") { $0.model.teacherGram == [[1.5]] },
    GoodValue(.teacherGram, "[[1]]") { $0.model.teacherGram == nil },
    GoodValue(.secondLayerRate, "0.001") { $0.model.secondLayerRate == 0.001 },
    GoodValue(
      .secondLayerRateSchedule, "power:1,40", beside: [.secondLayerRate: "0.001", .dynamics: "ode"]
    ) {
      $0.model.secondLayerRateSchedule?.decay == .power(1, after: 40)
        && $0.model.learningRateSchedule == nil
    },
    GoodValue(.secondLayerRateSchedule, "steps:0=0.002,9=0.001") {
      $0.model.secondLayerRate == 0.002
    },
    GoodValue(
      .secondLayerRateSchedule, "constant",
      beside: [.secondLayerRate: "0.001", .learningRateSchedule: "power:1,40", .horizon: "0.05"]
    ) { $0.model.secondLayerRateSchedule?.decay == LearningRateSchedule.Decay.none },
    GoodValue(.secondLayerNormalised, "true") { $0.model.normalisesSecondLayer },
    GoodValue(.overlapThresholds, "0.5,0.1") { $0.exitRule.overlapThresholds == [0.1, 0.5] },
    GoodValue(.subspaceThresholds, "0.5,0.1") { $0.exitRule.subspaceThresholds == [0.1, 0.5] },
    GoodValue(.constraint, "spherical") { $0.model.constraint == .spherical },
    GoodValue(.constraint, "lagrange") { $0.model.constraint == .lagrange },
    GoodValue(.constraint, "riemannian", beside: [.dynamics: "ode"]) {
      $0.model.constraint == .riemannian
    },
    GoodValue(.batchSize, "16") { $0.model.rule.batchSize == 16 },
    GoodValue(.loss, "correlation") { $0.model.rule.loss == .correlation },
    GoodValue(.lookAhead, "-0.1") { $0.model.rule.lookAhead == -0.1 },
    GoodValue(.repetitions, "2") { $0.model.rule.repetitions == 2 },
    GoodValue(.samples, "100", beside: [.epochs: "3"]) {
      $0.model.samples?.count == 100 && $0.dynamics == [.sgd]
        && $0.exitRule.horizon == 300 * $0.model.clock.timePerStep
    },
    GoodValue(.samples, "100", beside: [.horizon: "1"]) { $0.model.samples?.epochs == 5 },
    GoodValue(.epochs, "2", beside: [.samples: "1e3"]) { $0.model.samples?.epochs == 2 },
    GoodValue(.order, "shuffled", beside: [.samples: "1e3", .epochs: "2"]) {
      $0.model.samples?.order == .shuffled
    },
    GoodValue(.start, "orthogonal", beside: [.width: "2"]) { $0.start == .warm([0], norm: 1) },
    GoodValue(.start, "orthogonal") { !$0.isPaired },
    GoodValue(.start, "warm:0.3,0", beside: [.width: "2", .teacherUnits: "2"]) {
      $0.start == .warm([0.3, 0], norm: 1)
    },
    GoodValue(.start, "warm:0.25") { !$0.isPaired },
    GoodValue(.startNorm, "2", beside: [.constraint: "free"]) { $0.start == .randomOfNorm(2) },
    GoodValue(.thresholds, "none", beside: [.overlapThresholds: "0.5"]) {
      $0.exitRule.thresholds.isEmpty && $0.exitRule.marks.count == 1
    },
    GoodValue(.thresholds, "0.5, 0.25") { $0.exitRule.thresholds == [0.25, 0.5] },
    GoodValue(.horizon, "7.5") { $0.exitRule.horizon == 7.5 },
    GoodValue(.replicas, "12") { $0.replicas == [.ode: 12, .sde: 12, .chain: 12] },
    GoodValue(.replicas, "12,chain:5") { $0.replicas == [.ode: 12, .sde: 12, .chain: 5] },
    GoodValue(.replicas, "chain:5") { $0.replicas == [.ode: 1000, .sde: 1000, .chain: 5] },
    GoodValue(.dynamics, "sgd,chain") { $0.dynamics == [.chain, .sgd] },
    GoodValue(.start, "overlaps:0.25") { !$0.isPaired },
    GoodValue(.seed, "18446744073709551615") { $0.streams.seed == .max },
    GoodValue(.generator, "ranlxd2") { $0.streams.generator.name == "ranlxd2" },
    GoodValue(.threads, "3") { $0.threads == 3 },
    GoodValue(.timeStep, "0.004") { $0.timeStep == 0.004 },
    GoodValue(.finiteSizeDrift, "false") { !$0.finiteSizeDrift },
    GoodValue(.scheme, "euler-maruyama") { $0.scheme == .eulerMaruyama },
    GoodValue(.monitoring, "discrete") { $0.monitoring == .discrete },
    GoodValue(.odeStepper, "rkf45") { $0.odeStepper.name == "rkf45" },
    GoodValue(.precision, "single") { $0.precision == .single },
    GoodValue(.margin, "0.2") { $0.margin == 0.2 },
    GoodValue(.output, "some/where") { $0.output == "some/where" },
  ]
}

private let badValues: [(ExperimentKey, [String])] = [
  (.dimension, ["0", "-3", "many", "2.5", "nan", "inf", "", "1e30", "9e18"]),
  (.width, ["0", "50", "1.5", "ten", "20000"]),
  (.teacherUnits, ["0", "-1", "x"]),
  (.learningRate, ["0", "-0.1", "nan", "inf", "0.1x", ""]),
  (
    .learningRateSchedule,
    [
      "", "slow", "power:0.5", "power:0.5,0", "power:0.5,-3", "power:nan,3", "power:-1,3",
      "power:0.5,inf", "power:0.5,3,7", "steps:", "steps:5=0.1,5=0.2", "steps:9=0.1,5=0.2",
      "steps:0=0.1,5=nan", "steps:0=0.1,5=-1", "steps:0=0.1,5", "steps:0.5=0.1", "steps:0=0.2",
      "warm-up:-1", "warm-up:1.5", "{steps: [[0, 0.1]], power: 1, after: 2}", "{power: 1}",
      "{steps: [[0, 0.1], [9, 0.2]], warm-up: 5}", "{fast: 1}", "{steps: 3}", "[1]",
    ]
  ),
  (.labelNoise, ["-1e-9", "nan", "inf", "small"]),
  (.secondLayer, ["1,2", "nan", "one", "1,"]),
  (.activation, ["cube", ""]),
  (.target, ["cube", "{hermite-terms: [{coefficient: 1}]}", "{hermite-terms: []}"]),
  (.activation, ["hermite:", "hermite:1", "polynomial:0,x", "[1]", "hermite:0,inf"]),
  (.teacherGram, ["1", "[[0]]", "[[1, 0], [0, 1]]", "[[x]]"]),
  (.secondLayerRate, ["-1", "x"]),
  (
    .secondLayerRateSchedule,
    [
      "", "slow", "constant", "power:1,40", "power:nan,3", "steps:5=0.1,5=0.2", "warm-up:x",
      "{fast: 1}",
    ]
  ),
  (.secondLayerNormalised, ["yes"]),
  (.startNorm, ["0", "2", "x"]),
  (.overlapThresholds, ["0", "1", "x"]),
  (.subspaceThresholds, ["0", "1", "0.5,0.5", "x"]),
  (.constraint, ["elliptic"]),
  (.batchSize, ["0", "-1", "1.5", "1e10", "many"]),
  (.loss, ["cubic", ""]),
  (.lookAhead, ["nan", "inf", "far"]),
  (.samples, ["0", "-2", "few", "1e10"]),
  (.epochs, ["0", "2", "many"]),
  (.order, ["random", ""]),
  (.repetitions, ["0", "-2", "0.5", "1e10"]),
  (.thresholds, ["0", "1", "1.5", "-0.1", "nan", "0.5,0.5", "half", "0.1,,0.5", ""]),
  (
    .horizon,
    [
      "samples:0", "samples:x", "samples:1e300", "{samples: -1}", "0", "-1", "nan", "inf", "late",
      "1e300",
    ]
  ),
  (.replicas, ["0", "-5", "some", "1.5", "1e30", "ode", "bm:5", "chain:0", "chain:1:2", "5,"]),
  (.dynamics, ["ode,ode", "brownian", "", "ode,,sde"]),
  (
    .start,
    [
      "rand", "overlaps:", "overlaps:x", "overlaps:nan", "overlaps:0.1,0.2", "overlaps:1.1",
      "gram", "polar:1", "warm:", "warm:-0.1", "warm:1.1", "warm:0.1,0.2", "warm:x",
    ]
  ),
  (.seed, ["-1", "1.5", "18446744073709551616", "lucky"]),
  (.generator, ["mt19938", ""]),
  (.threads, ["0", "-1", "5000", "all"]),
  (.timeStep, ["0", "-0.1", "1000", "nan", "fine", "1e-300"]),
  (.finiteSizeDrift, ["yes", "1", ""]),
  (.scheme, ["milstein"]),
  (.monitoring, ["sometimes"]),
  (.odeStepper, ["rk45"]),
  (.precision, ["half", "32", ""]),
  (.margin, ["0", "1", "-0.05", "nan", "five"]),
  (.output, [""]),
]

@Suite struct OptionTests {
  @Test func `the tables name every key`() {
    #expect(Set(GoodValue.all.map(\.key)) == Set(ExperimentKey.allCases))
    #expect(Set(badValues.map(\.0)) == Set(ExperimentKey.allCases))
  }

  @Test(arguments: GoodValue.all)
  private func `a good value is read`(value: GoodValue) throws {
    #expect(value.isRead(try experiment(value.beside.merging([value.key: value.text]) { $1 })))
  }

  @Test(arguments: badValues)
  func `a bad value is an error that names the key`(key: ExperimentKey, texts: [String]) {
    for text in texts {
      let error = #expect(throws: ExperimentError.self, "'\(text)'") {
        try experiment([key: text])
      }
      #expect(error?.key == key.rawValue, "'\(text)'")
      #expect(error?.origin == .commandLine, "'\(text)'")
      #expect(error?.isInFile == false)
      #expect(error?.description.hasPrefix("--\(key.rawValue): ") == true, "'\(text)'")
      #expect(error?.description.contains("expected") == true, "'\(text)'")
      #expect(error?.description.contains("\n") == false, "'\(text)'")
    }
  }

  @Test(arguments: [ExperimentKey.dimension, .learningRate])
  func `a missing value is an error that names the key`(key: ExperimentKey) {
    var options = ExperimentOptions()
    let other = key == .dimension ? ExperimentKey.learningRate : .dimension
    options.set(other, "50")
    let error = #expect(throws: ExperimentError.self) { try Experiment(options) }
    #expect(error?.key == key.rawValue)
    #expect(error?.description.contains("missing") == true)
  }

  @Test func `defaults are those that the help texts promise`() throws {
    let plain = try experiment()
    #expect(plain.model == (try Model(dimension: 50, learningRate: 0.1)))
    #expect(plain.exitRule.thresholds == [0.01, 0.5])
    #expect(plain.dynamics == [.chain, .ode, .sde])
    #expect(plain.replicas == [.ode: 1000, .sde: 1000, .chain: 1000])
    #expect(plain.isPaired)
    #expect(plain.streams == StreamFamily(seed: 1))
    #expect(plain.finiteSizeDrift)
    #expect(plain.scheme == .driftHeun)
    #expect(plain.monitoring == .continuous)
    #expect(plain.odeStepper.name == "rk8pd")
    #expect(plain.precision == .double)
    #expect(plain.margin == 0.05)
    #expect(plain.output == nil)
  }

  static let withoutSingle: [[ExperimentKey: String]] = [
    [.generator: "mt19937"], [.generator: "philox4x32-10"],
  ]

  @Test(arguments: withoutSingle)
  func `single precision is refused where full SGD has no kernel`(words: [ExperimentKey: String])
    throws
  {
    let given = words.merging([.precision: "single", .dynamics: "chain,sgd"]) { $1 }
    let error = #expect(throws: ExperimentError.self) { try experiment(given) }
    #expect(error?.key == "precision")
    #expect(error?.description.contains("expected double") == true)
    // The others are in double precision whatever it says.
    #expect(try experiment(given.merging([.dynamics: "chain"]) { $1 }).precision == .single)
    #expect(try experiment(given.merging([.precision: "double"]) { $1 }).precision == .double)
  }

  @Test func `the ODE from a fixed start is one path`() throws {
    let fixed = try experiment([.start: "overlaps:0.2", .replicas: "30"])
    #expect(fixed.replicaCount(.ode) == 1)
    #expect(fixed.replicaCount(.chain) == 30)
    #expect(try experiment([.replicas: "30"]).replicaCount(.ode) == 30)
  }

  @Test func `every generator of GSL is known by its name`() throws {
    for generator in RandomGenerator.all {
      #expect(try experiment([.generator: generator.name]).streams.generator == generator)
    }
  }
}
