import Escapement
import Foundation
import Testing

/// Makes an experiment from words as the command line gives them, over a small valid one.
func experiment(_ words: [ExperimentKey: String] = [:]) throws -> Experiment {
  var options = ExperimentOptions()
  options.set(.dimension, "50")
  options.set(.learningRate, "0.1")
  for (key, text) in words { options.set(key, text) }
  return try Experiment(options)
}

/// Makes an experiment from the text of a file.
func experiment(yaml: String) throws -> Experiment {
  try Experiment(ExperimentOptions(yaml: yaml, name: "case.yaml"))
}

/// Runs `body` with a directory of its own, which is removed afterwards.
func withDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let directory = FileManager.default.temporaryDirectory
    .appendingPathComponent("escapement-test-\(UUID().uuidString)", isDirectory: true)
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  return try body(directory)
}
