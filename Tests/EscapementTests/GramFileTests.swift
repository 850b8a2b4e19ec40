import Escapement
import Foundation
import Testing

@Suite struct GramFileTests {
  private func read(_ text: String) throws -> Experiment {
    try withDirectory { directory in
      let url = directory.appendingPathComponent("gram.json")
      try Data(text.utf8).write(to: url)
      return try experiment([.width: "2", .start: "gram:\(url.path)"])
    }
  }

  @Test func `students come first, then the teacher`() throws {
    let read = try read("[[1, 0.5, 0.1], [0.5, 1, -0.2], [0.1, -0.2, 1]]")
    guard case .fixed(let frame) = read.start else {
      Issue.record("a Gram file gives a fixed start")
      return
    }
    // M, then Q row by row.
    for (value, expected) in zip(frame.overlaps, [0.1, -0.2, 1, 0.5, 1]) {
      #expect(abs(value - expected) < 1e-15)
    }
  }

  @Test(arguments: [
    ("", "JSON"),
    ("1, 2", "JSON"),
    (#"{"gram": [[1]]}"#, "JSON"),
    (#"[[1, 0, "x"]]"#, "JSON"),
    ("[]", "0 rows"),
    ("[[1, 0], [0, 1]]", "2 rows"),
    ("[[1, 0, 0], [0, 1], [0, 0, 1]]", "2 numbers in row 2"),
    ("[[1, 0.3, 0], [0.2, 1, 0], [0, 0, 1]]", "symmetric"),
    ("[[1, 0.9, 0.9], [0.9, 1, -0.9], [0.9, -0.9, 1]]", "positive semidefinite"),
    ("[[2, 0, 0], [0, 1, 0], [0, 0, 1]]", "unit diagonal"),
    ("[[1, 0, 0], [0, 1, 0], [0, 0, 2]]", "orthonormal teacher"),
  ])
  func `a file that holds no Gram matrix is an error that names it`(text: String, reason: String) {
    let error = #expect(throws: ExperimentError.self) { try read(text) }
    #expect(error?.key == "start")
    #expect(error?.isInFile == true)
    #expect(error?.description.contains("gram.json") == true)
    #expect(error?.problem.contains(reason) == true, "\(error?.problem ?? "")")
  }

  @Test func `a file that is not there is an error that names it`() {
    let error = #expect(throws: ExperimentError.self) {
      try experiment([.start: "gram:none/gram.json"])
    }
    #expect(error?.origin == .file("none/gram.json", line: 0))
  }

  @Test func `a relative path in an experiment file starts at that file`() throws {
    try withDirectory { directory in
      try Data("[[1, 0.25], [0.25, 1]]".utf8)
        .write(to: directory.appendingPathComponent("gram.json"))
      let options = try ExperimentOptions(
        yaml: "dimension: 50\nlearning-rate: 0.1\nstart: gram:gram.json\n", name: "case.yaml")
      let read = try Experiment(options, directory: directory.path)
      #expect(read.start == (try .overlaps([0.25], of: read.model)))
    }
  }
}
