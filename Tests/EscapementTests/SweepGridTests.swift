import Dynamics
import Escapement
import Foundation
import Testing

@Suite struct SweepGridTests {
  private let file = """
    dynamics: [chain, ode]
    replicas: 40
    label-noise: 1e-4
    learning-rate-over-width: 0.1
    seed: 5
    sweep:
      width: [1, 2, 5]
      dimension: [1e3, 3000]
    overrides:
      - {when: {width: [2, 5]}, replicas: 20}
      - {when: {width: 5, dimension: 3000}, replicas: 10, learning-rate: 0.3}
    """

  private func grid(_ yaml: String, _ words: [(SweepKey, String)] = []) throws -> SweepGrid {
    var grid = try SweepGrid(yaml: yaml, name: "case.yaml")
    for (key, text) in words { try grid.set(key, text) }
    return grid
  }

  private func points(_ yaml: String, _ words: [(SweepKey, String)] = []) throws -> [SweepPoint] {
    try grid(yaml, words).points()
  }

  @Test func `the first key changes slowest, and each point has all keys`() throws {
    let points = try points(file)
    #expect(points.map(\.index) == [1, 2, 3, 4, 5, 6])
    #expect(points.map { $0.experiment.model.width } == [1, 1, 2, 2, 5, 5])
    #expect(
      points.map { $0.experiment.model.dimension } == [1000, 3000, 1000, 3000, 1000, 3000])
    #expect(points[3].coordinates.text == "width = 2, dimension = 3000")
    #expect(points.allSatisfy { $0.experiment.dynamics == [.chain, .ode] })
  }

  @Test func `rates follow the width, and later overrides win`() throws {
    let points = try points(file)
    for (rate, expected) in zip(
      points.map(\.experiment.model.learningRate), [0.1, 0.1, 0.2, 0.2, 0.5, 0.3])
    {
      #expect(abs(rate - expected) < 1e-15)
    }
    #expect(points.map { $0.experiment.replicaCount(.chain) } == [40, 40, 20, 20, 20, 10])
  }

  @Test func `rates may be given over the best one`() throws {
    let points = try points(
      "dimension: 900\nlabel-noise: 0.5\nsweep: {width: [1, 3], learning-rate-over-best: [1, 0.5]}")
    let best = [1.0 / 12.5, 3 / (2 + 2.0 / 3 + 8.0 / 9 + 0.5)]
    let expected = [best[0], best[0] / 2, best[1], best[1] / 2]
    for (point, rate) in zip(points, expected) {
      #expect(abs(point.experiment.model.learningRate - rate) < 1e-12)
    }
  }

  @Test func `batches follow the dimension, and rates a power law of both`() throws {
    let points = try points(
      """
      learning-rate-power-law: [0.2, 0.5]
      sweep:
        dimension: [100, 400]
        batch-size-over-dimension: [0.001, 0.25]
      """)
    let models = points.map(\.experiment.model)
    // At least one sample.
    #expect(models.map(\.rule.batchSize) == [1, 25, 1, 100])
    for (model, expected) in zip(models, [0.02, 0.5, 0.01, 1]) {
      #expect(abs(model.learningRate / expected - 1) < 1e-12)
    }
    let given = try self.points(
      "dimension: 100\nbatch-size-over-dimension: 0.5",
      [(.learningRatePowerLaw, "2,1"), (.experiment(.batchSize), "4,8")])
    #expect(given.map(\.experiment.model.rule.batchSize) == [4, 8])
    #expect(given.map(\.experiment.model.learningRate) == [0.08, 0.16])
  }

  @Test func `cases change several keys at once`() throws {
    let points = try points(
      """
      learning-rate: 0.1
      cases:
        - {dimension: 100, replicas: 9}
        - {replicas: 5, dimension: 200}
      sweep:
        label-noise: [0, 1]
      """)
    #expect(points.count == 4)
    #expect(points.map(\.experiment.model.dimension) == [100, 100, 200, 200])
    #expect(points.map { $0.experiment.replicaCount(.ode) } == [9, 9, 5, 5])
    #expect(points.map(\.experiment.model.labelNoise) == [0, 1, 0, 1])
  }

  @Test func `lists by nature are swept as lists`() throws {
    let points = try points(
      "dimension: 90\nwidth: 2\nlearning-rate: 0.1\n"
        + "sweep: {second-layer: [[1, 1], [2, 0.5]], start: [random, 'overlaps:0.1,0.2']}")
    #expect(points.map(\.experiment.model.secondLayer) == [[1, 1], [1, 1], [2, 0.5], [2, 0.5]])
    #expect(points.map(\.experiment.isPaired) == [true, false, true, false])
    #expect(points[1].coordinates.text == "second-layer = [1, 1], start = overlaps:0.1,0.2")
  }

  @Test func `the command line wins over axes, rates and overrides`() throws {
    let values = try points(file, [(.experiment(.width), "2"), (.experiment(.replicas), "7")])
    #expect(values.map(\.experiment.model.width) == [2, 2])
    #expect(values.allSatisfy { $0.experiment.replicaCount(.chain) == 7 })
    let rates = try points(file, [(.experiment(.learningRate), "0.01,0.02")])
    #expect(rates.count == 12)
    #expect(Set(rates.map(\.experiment.model.learningRate)) == [0.01, 0.02])
    let lists = try points(
      "learning-rate: 0.1",
      [
        (.experiment(.dimension), "50, 60"), (.experiment(.thresholds), "0.1,0.2"),
        (.experiment(.replicas), "4,sde:2"),
      ])
    #expect(lists.map(\.experiment.model.dimension) == [50, 60])
    #expect(lists.allSatisfy { $0.experiment.exitRule.thresholds == [0.1, 0.2] })
    #expect(lists.allSatisfy { $0.experiment.replicaCount(.sde) == 2 })
  }

  @Test func `points have seeds of their own that do not depend on the rest of the grid`() throws {
    let all = try points(file)
    #expect(Set(all.map(\.experiment.streams.seed)).count == 6)
    let other = try points(
      "dynamics: [chain, ode]\nlearning-rate-over-width: 0.1\nseed: 5\n"
        + "sweep: {dimension: [3000], width: [7, 2]}")
    #expect(other[1].experiment.streams.seed == all[3].experiment.streams.seed)
    #expect(
      try points(file, [(.experiment(.seed), "6")])[0].experiment.streams.seed
        != all[0].experiment.streams.seed)
    // A seed that is swept is taken as it is.
    let seeds = try points("dimension: 50\nlearning-rate: 0.1\nsweep: {seed: [3, 4]}")
    #expect(seeds.map(\.experiment.streams.seed) == [3, 4])
    // Without axes there is one point, the experiment itself.
    #expect(try points("dimension: 50\nlearning-rate: 0.1")[0].experiment.streams.seed == 1)
  }

  @Test func `the grid as a file reads back to the same points`() throws {
    let cases = [
      file,
      "learning-rate: 0.1\nstart: 'overlaps:0.1'\n"
        + "cases: [{dimension: 70, replicas: {default: 4, sde: 2}}, {dimension: 80, replicas: 6}]",
      "dimension: 90\nwidth: 2\nsweep: {learning-rate-over-best: [0.5, 1], "
        + "start: [random, 'overlaps:0.1,0.2', {gram: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}]}",
      "dimension: 50\nlearning-rate: 0.1\nsweep: {seed: [18446744073709551615, 18446744073709551614]}",
    ]
    for yaml in cases {
      let grid = try grid(yaml)
      let again = try self.grid(grid.yaml)
      #expect(again.yaml == grid.yaml)
      #expect(try again.points().map(\.experiment.yaml) == grid.points().map(\.experiment.yaml))
    }
    let plain = try grid(file)
    let local = try grid(file, [(.experiment(.threads), "1"), (.experiment(.output), "a")])
    #expect(plain.yaml == local.yaml)
    #expect(try local.output() == "a")
  }

  @Test(arguments: [
    ("sweep: [1, 2]", "sweep", 3), ("sweep: {width: []}", "width", 3),
    ("sweep: {width: [1, 1.0]}", "width", 3), ("sweep: {width: {a: 1}}", "width", 3),
    ("sweep: {height: [1]}", "", 3), ("sweep: {thresholds: [0.1, 0.2]}", "thresholds", 3),
    ("sweep: {threads: [1, 2]}", "threads", 3),
    ("sweep: {overlap-thresholds: [0.1, 0.2]}", "overlap-thresholds", 3),
    ("sweep: {width: [1, 0]}", "width", 3),
    ("sweep:\n  width: [1, 100]", "width", 4),
    (
      "sweep: {learning-rate: [0.1], learning-rate-over-width: [0.1]}", "learning-rate-over-width",
      3
    ),
    ("learning-rate-over-width: 0.2", "learning-rate-over-width", 3),
    ("batch-size: 4\nbatch-size-over-dimension: 0.1", "batch-size-over-dimension", 4),
    ("learning-rate-power-law: [1, 0.5]", "learning-rate-power-law", 3),
    ("cases: {width: 1}", "cases", 3), ("cases: []", "cases", 3),
    ("cases:\n  - {width: 1}\n  - {replicas: 1}", "cases", 5),
    ("cases: [{width: 1}, {width: 1}]", "width", 3),
    ("sweep: {width: [1, 2]}\ncases: [{width: 1, replicas: 2}]", "width", 4),
    ("overrides: {width: 1}", "overrides", 3), ("overrides: [{replicas: 1}]", "overrides", 3),
    ("overrides: [{when: {width: 1}}]", "overrides", 3),
    ("overrides: [{when: {width: 1}, replicas: 5}]", "replicas", 3),
    ("sweep: {width: [1, 2]}\noverrides: [{when: {width: 2}, threads: 5}]", "threads", 4),
    (
      "sweep: {width: [1, 2]}\noverrides: [{when: {width: 2}, subspace-thresholds: 0.3}]",
      "subspace-thresholds", 4
    ),
    (
      "sweep: {width: [1, 2]}\noverrides: [{when: {width: 2}, overlap-thresholds: 0.3}]",
      "overlap-thresholds", 4
    ),
    ("sweep: {width: [1, 2]}\noverrides: [{when: {width: 2}, replicas: none}]", "replicas", 4),
    ("sweep: {label-noise: [1, loud]}", "label-noise", 3),
  ])
  func `a bad grid is an error with key and line`(yaml: String, key: String, line: Int) throws {
    let error = #expect(throws: ExperimentError.self, "\(yaml)") {
      try points("dimension: 60\nlearning-rate: 0.1\n" + yaml)
    }
    #expect(error?.key == key, "\(yaml): \(error.map { "\($0)" } ?? "")")
    #expect(error?.origin == .file("case.yaml", line: line), "\(yaml)")
    #expect(error?.description.contains("expected") == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test func `an error names the point`() throws {
    let error = #expect(throws: ExperimentError.self) {
      try points("learning-rate: 0.1\nsweep: {dimension: [60, 9], width: [1, 20]}")
    }
    #expect(error?.description.contains("(at the point dimension = 9, width = 20)") == true)
  }

  @Test func `bad options of the command line are errors`() throws {
    let cases: [([(SweepKey, String)], String)] = [
      ([(.experiment(.width), "1,1")], "width"), ([(.experiment(.width), "1,,2")], "width"),
      ([(.experiment(.width), "1,two")], "width"),
      (
        [(.learningRateOverWidth, "0.1"), (.learningRateOverBest, "1")], "learning-rate-over-best"
      ),
      ([(.learningRateOverWidth, "0")], "learning-rate-over-width"),
      ([(.learningRatePowerLaw, "1")], "learning-rate-power-law"),
      ([(.learningRatePowerLaw, "0,1")], "learning-rate-power-law"),
      ([(.learningRatePowerLaw, "1,nan")], "learning-rate-power-law"),
      (
        [(.batchSizeOverDimension, "-1"), (.learningRateOverWidth, "1")],
        "batch-size-over-dimension"
      ),
      (
        [
          (.experiment(.seed), (0..<200).map { "\($0)" }.joined(separator: ",")),
          (.experiment(.labelNoise), (0..<200).map { "\($0)" }.joined(separator: ",")),
        ], "label-noise"
      ),
    ]
    for (words, key) in cases {
      let error = #expect(throws: ExperimentError.self, "\(words)") {
        try points("dimension: 60\nlearning-rate: 0.1", words)
      }
      #expect(error?.key == key)
      #expect(error?.isInFile == false)
    }
    #expect(throws: ExperimentError.self) {
      try points(
        "learning-rate: 0.1\ncases: [{dimension: 60, replicas: 1}, {dimension: 70, replicas: 2}]",
        [(.experiment(.dimension), "80")])
    }
  }

  @Test func `a sweep's file is refused as one experiment, with a hint`() throws {
    for word in ["sweep: {width: [1]}", "learning-rate-over-width: 0.1"] {
      let error = #expect(throws: ExperimentError.self) {
        try ExperimentOptions(yaml: "dimension: 60\n\(word)\n", name: "case.yaml")
      }
      #expect(error?.description.contains("escapement sweep") == true)
      #expect(error?.origin == .file("case.yaml", line: 2))
    }
  }
}
