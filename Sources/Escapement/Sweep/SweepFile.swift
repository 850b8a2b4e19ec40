import Foundation
import Yams

/// Reads the keys that an experiment file has for a sweep alone.
///
/// ```yaml
/// sweep:                        # a grid: every value of one key with every value of the others
///   width: [1, 2, 5]
///   learning-rate-over-width: 0.1
/// cases:                        # several keys that change together: one axis more
///   - {dimension: 1000, replicas: 400}
///   - {dimension: 3000, replicas: 100}
/// overrides:                    # later ones win
///   - {when: {width: [5]}, replicas: 50}
/// ```
struct SweepFile {
  static let words = ["sweep", "cases", "overrides"] + unitWords
  private static let unitWords = SweepKey.inOtherUnits.map(\.name)

  /// The keys that all points share.
  let base: ExperimentOptions
  /// Keys with one value that no experiment has.
  private(set) var settings: [SweepSetting] = []
  private(set) var axes: [SweepAxis] = []
  private(set) var overrides: [SweepOverride] = []
  private let name: String

  /// Reads a file; throws `ExperimentError` with the line.
  init(path: String) throws {
    try self.init(yaml: ExperimentOptions.text(ofFile: path), name: path)
  }

  /// Reads YAML text; `name` is what errors call it.
  init(yaml text: String, name: String) throws {
    self.name = name
    let entries = try ExperimentOptions.entries(yaml: text, name: name).map { ($0, $1) }
    base = try ExperimentOptions(
      entries: entries.filter { !Self.words.contains($0.0.string ?? "") }, name: name)
    for (key, node) in entries {
      switch key.string {
      case "sweep": try readSweep(node)
      case "cases": try readCases(node)
      case "overrides": try readOverrides(node)
      case let word? where Self.unitWords.contains(word): settings.append(try setting(key, node))
      default: continue
      }
    }
  }

  private func failure(_ node: Node, _ key: String, _ problem: String) -> ExperimentError {
    ExperimentError(
      origin: .file(name, line: node.mark?.line ?? 0), key: key, problem: problem)
  }

  private func key(_ node: Node) throws -> SweepKey {
    let word = node.string ?? ""
    guard let key = SweepKey(name: word) else {
      throw failure(node, "", "unknown key '\(word)' to sweep, \(expectedKey(word))")
    }
    return key
  }

  private func value(_ node: Node, of key: SweepKey, at place: Node) throws -> OptionValue {
    let content = try ExperimentOptions.content(of: node) { failure(place, key.name, $0) }
    return OptionValue(
      key.isShare ? content.withoutPercent : content,
      origin: .file(name, line: place.mark?.line ?? 0))
  }

  private func setting(_ keyNode: Node, _ node: Node) throws -> SweepSetting {
    let key = try key(keyNode)
    return SweepSetting(key: key, value: try value(node, of: key, at: keyNode))
  }

  private func settings(_ node: Node, _ word: String, without: String? = nil) throws
    -> [SweepSetting]
  {
    guard case .mapping(let mapping) = node else {
      throw failure(node, word, "expected keys with values, such as {width: 5, replicas: 100}")
    }
    return try mapping.filter { $0.key.string != without }.map { try setting($0.key, $0.value) }
  }

  private mutating func readSweep(_ node: Node) throws {
    guard case .mapping(let mapping) = node else {
      throw failure(node, "sweep", "expected keys with lists of values, such as {width: [1, 2]}")
    }
    for (keyNode, node) in mapping {
      let key = try key(keyNode)
      switch node {
      case .sequence(let items):
        guard !items.isEmpty else {
          throw failure(keyNode, key.name, "found an empty list, expected values to sweep")
        }
        axes.append(
          try SweepAxis(key, values: try items.map { try value($0, of: key, at: keyNode) }))
      case .scalar:
        axes.append(try SweepAxis(key, values: [try value(node, of: key, at: keyNode)]))
      default: throw failure(keyNode, key.name, "expected a list of values to sweep")
      }
    }
  }

  private mutating func readCases(_ node: Node) throws {
    guard case .sequence(let items) = node, !items.isEmpty else {
      throw failure(node, "cases", "expected a list of cases, such as [{width: 1}, {width: 2}]")
    }
    let choices = try items.map { try settings($0, "cases") }
    let keys = choices[0].map(\.key)
    for (item, choice) in zip(items, choices)
    where keys.isEmpty || Set(choice.map(\.key)) != Set(keys) {
      throw failure(item, "cases", "expected every case to set the same keys, at least one")
    }
    axes.append(
      try SweepAxis(
        keys: keys,
        choices: choices.map { choice in keys.map { key in choice.first { $0.key == key }! } }))
  }

  private mutating func readOverrides(_ node: Node) throws {
    guard case .sequence(let items) = node else {
      throw failure(node, "overrides", "expected a list such as [{when: {width: 5}, replicas: 9}]")
    }
    for item in items {
      let chosen = try settings(item, "overrides", without: "when")
      guard case .mapping(let mapping) = item, case .mapping(let when)? = mapping["when"] else {
        throw failure(item, "overrides", "expected a key 'when' with keys of the grid")
      }
      let shared = ExperimentKey.thresholdKeys + [.threads, .output]
      if let wrong = chosen.first(where: { shared.map(SweepKey.experiment).contains($0.key) }) {
        throw wrong.error("cannot be overridden, expected one value for all points")
      }
      let condition = try when.map { keyNode, node in
        let key = try key(keyNode)
        let content = try value(node, of: key, at: keyNode).content
        var values = [content]
        if case .list(let items) = content {
          values = items + (key.isListByNature ? [content] : [])
        }
        return (key: key, values: values.map(\.canonical.yaml))
      }
      guard !chosen.isEmpty, !condition.isEmpty else {
        throw failure(item, "overrides", "expected keys under 'when' and keys to set")
      }
      overrides.append(SweepOverride(condition: condition, settings: chosen))
    }
  }
}
