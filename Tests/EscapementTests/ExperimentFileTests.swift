import Escapement
import Foundation
import Testing

@Suite struct ExperimentFileTests {
  private let file = """
    # A comment.
    dimension: 60
    width: 2
    learning-rate: 0.05
    thresholds: [0.25, 0.1]
    replicas: {default: 40, sde: 7}
    dynamics: [sde, ode]
    start: {overlaps: [0.1, -0.2]}
    """

  /// The error of a file; its description is one line that begins with the file's name.
  private func failure(_ yaml: String) -> ExperimentError? {
    let error = #expect(throws: ExperimentError.self, "\(yaml)") { try experiment(yaml: yaml) }
    #expect(error?.isInFile == true, "\(yaml)")
    #expect(error?.description.hasPrefix("case.yaml") == true, "\(yaml)")
    #expect(error?.description.contains("\n") == false, "\(yaml)")
    return error
  }

  @Test func `sequences and mappings are read`() throws {
    let read = try experiment(yaml: file)
    #expect(read.model.width == 2)
    #expect(read.exitRule.thresholds == [0.1, 0.25])
    #expect(read.replicas == [.ode: 40, .sde: 7])
    #expect(read.start == (try .overlaps([0.1, -0.2], of: read.model)))
  }

  @Test func `the command line wins over the file`() throws {
    let options = try ExperimentOptions(yaml: file, name: "case.yaml")
    var given = ExperimentOptions()
    given.set(.learningRate, "0.07")
    given.set(.replicas, "9")
    let both = try Experiment(options.overridden(by: given))
    #expect(both.model.learningRate == 0.07)
    // A key is replaced as a whole, counts by dynamics included.
    #expect(both.replicas == [.ode: 9, .sde: 9])
    #expect(both.model.dimension == 60)
    #expect(both.exitRule.thresholds == [0.1, 0.25])

    given.set(.width, "0")
    let error = #expect(throws: ExperimentError.self) {
      try Experiment(options.overridden(by: given))
    }
    #expect(error?.origin == .commandLine)
  }

  @Test func `an unknown key is an error with its line`() {
    let error = failure("dimension: 50\n\n# A comment.\nlearning-rat: 0.1\n")
    #expect(error?.origin == .file("case.yaml", line: 4))
    #expect(error?.problem.contains("'learning-rat'") == true)
    #expect(error?.problem.contains("learning-rate") == true)
  }

  @Test(arguments: [
    ("dimension: 50\nlearning-rate: [0.1\nwidth: 1\n", 3),
    ("dimension: 50\n\tlearning-rate: 0.1\n", 2),
    ("dimension: 50\nlearning-rate: *rate\n", 2),
    ("dimension: 50\n---\nwidth: 1\n", 2),
  ])
  func `broken YAML is an error with its line`(yaml: String, line: Int) {
    let error = failure(yaml)
    #expect(error?.origin == .file("case.yaml", line: line))
    #expect(error?.problem.contains("broken YAML") == true)
  }

  @Test func `a key that stands twice is an error`() {
    #expect(
      failure("dimension: 50\nlearning-rate: 0.1\ndimension: 60\n")?.problem
        .contains("'dimension' stands twice") == true)
    #expect(
      failure("dimension: 50\nlearning-rate: 0.1\nreplicas: {sde: 1, sde: 2}\n")?.problem
        .contains("'sde' stands twice") == true)
  }

  @Test func `an alias stands for what its anchor names`() throws {
    let read = try experiment(
      yaml: "dimension: &size 50\nlearning-rate: 0.1\nreplicas: *size\n")
    #expect(read.replicas[.chain] == 50)
  }

  @Test(arguments: [
    ("dimension: [50]", "dimension"),
    ("dimension: {d: 50}", "dimension"),
    ("dimension:", "dimension"),
    ("thresholds: {low: 0.1}", "thresholds"),
    ("thresholds: [[0.1]]", "thresholds"),
    ("replicas: [4, 5]", "replicas"),
    ("replicas: {sde: [4]}", "replicas"),
    ("replicas: {brownian: 4}", "replicas"),
    ("dynamics: {sde: true}", "dynamics"),
    ("dynamics: []", "dynamics"),
    ("start: [0.1]", "start"),
    ("start: {overlaps: {first: 0.1}}", "start"),
    ("start: {overlaps: [0.1], gram: [[1]]}", "start"),
    ("start: {gram: 1}", "start"),
    ("start: {gram: [[1, 0.5], [0.4, 1]]}", "start"),
    ("seed: [1]", "seed"),
    ("finite-size-drift: [true]", "finite-size-drift"),
    ("horizon: {tau: 3}", "horizon"),
    ("output: [a, b]", "output"),
  ])
  func `a value of the wrong type is an error with key and line`(entry: String, key: String) {
    let base = "label-noise: 0\nlearning-rate: 0.1\n"
    let error = failure(base + (key == "dimension" ? "" : "dimension: 50\n") + entry + "\n")
    #expect(error?.key == key)
    #expect(error?.origin == .file("case.yaml", line: key == "dimension" ? 3 : 4))
  }

  @Test(arguments: ["- 1\n- 2\n", "word\n", "? [a, b]\n: 3\n"])
  func `a file that is no mapping of keys is an error`(yaml: String) { _ = failure(yaml) }

  @Test(arguments: ["", "# Nothing yet.\n"])
  func `an empty file has no keys`(yaml: String) throws {
    let options = try ExperimentOptions(yaml: yaml, name: "case.yaml")
    #expect(options.values.isEmpty)
    let error = failure(yaml)
    #expect(error?.key == "dimension")
    #expect(error?.problem.contains("missing") == true)
  }

  @Test func `a file that is not there is an error with its path`() throws {
    try withDirectory { directory in
      for path in [directory.appendingPathComponent("none.yaml").path, directory.path] {
        let error = #expect(throws: ExperimentError.self) { try ExperimentOptions(file: path) }
        #expect(error?.origin == .file(path, line: 0))
      }
      let path = directory.appendingPathComponent("case.yaml").path
      try Data(file.utf8).write(to: URL(fileURLWithPath: path))
      #expect(try Experiment(ExperimentOptions(file: path)).model.dimension == 60)
      // Bytes that are no text.
      try Data([0x64, 0xFF, 0xFE, 0x00]).write(to: URL(fileURLWithPath: path))
      #expect(throws: ExperimentError.self) { try ExperimentOptions(file: path) }
    }
  }
}
