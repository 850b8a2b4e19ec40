import Ensemble
import Foundation

/// Compares experiments and plans as files.
enum ExperimentText {
  /// Names the first key in which two differ, with both values.
  static func difference(_ found: String, _ expected: String) -> String {
    func entries(_ text: String) -> [String: Substring] {
      text.split(separator: "\n").reduce(into: [:]) { result, line in
        let parts = line.split(separator: ":", maxSplits: 1)
        if parts.count == 2 { result[String(parts[0])] = parts[1].dropFirst() }
      }
    }
    let (mine, theirs) = (entries(found), entries(expected))
    let keys = ExperimentKey.allCases.map(\.rawValue) + TrajectoryKey.allCases.map(\.rawValue)
    guard let key = keys.first(where: { mine[$0] != theirs[$0] }) else {
      return "experiment is another"
    }
    func shown(_ value: Substring?) -> String {
      guard let value else { return "missing" }
      return singleLine(value.count > 40 ? "\(value.prefix(40))…" : String(value))
    }
    return "\(key) is \(shown(mine[key])), not \(shown(theirs[key]))"
  }
}

extension RecordFileHeader {
  /// Names an experiment, and the share of it that a file is to hold.
  init(_ experiment: Experiment, share: ReplicaShare?, commit: String?) {
    self.init(
      version: escapementVersion, commit: commit, experiment: experiment.yaml, share: share)
  }

  /// What tells this experiment from another, in words; nil when they are the same.
  func difference(from other: RecordFileHeader) -> String? {
    if version != other.version { return "its version is \(version), not \(other.version)" }
    if experiment == other.experiment { return nil }
    return "its " + ExperimentText.difference(experiment, other.experiment)
  }

  /// Reads the experiment back; `name` is the file that errors name.
  ///
  /// Throws `DataFileError` unless the text is a valid experiment in the resolved form.
  func experiment(in name: String, threads: String? = nil) throws -> Experiment {
    try requireThisVersion(name)
    var options = try ExperimentOptions(yaml: experiment, name: name)
    if let threads { options.set(.threads, threads) }
    let result = try Experiment(options)
    guard result.yaml == experiment else {
      throw DataFileError(name, "its experiment is not in the resolved form")
    }
    return result
  }

  func requireThisVersion(_ name: String) throws {
    guard version == escapementVersion else {
      throw DataFileError(
        name, "it is of version \(version), expected this version \(escapementVersion)")
    }
  }
}
