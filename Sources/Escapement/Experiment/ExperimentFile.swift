import Ensemble
import Foundation
import Yams

extension ExperimentOptions {
  /// The largest experiment file, in bytes; the parser itself allows 1000 levels.
  public static let largestFile = 1 << 20

  private static let largestAliasCount = 10

  /// Reads an experiment file in YAML.
  ///
  /// Throws `ExperimentError` with file and line when the file cannot be read, is not a mapping in
  /// YAML, or has a key that no experiment has.
  public init(file path: String) throws {
    try self.init(yaml: ExperimentOptions.text(ofFile: path), name: path)
  }

  static func text(ofFile path: String) throws -> String {
    guard let data = try? readFile(path, limit: largestFile) else {
      throw ExperimentError(
        origin: .file(path, line: 0), key: "",
        problem: "cannot be read, expected an experiment file in YAML, of 1 MB at most")
    }
    do {
      return try utf8Text(data)
    } catch {
      throw ExperimentError(
        origin: .file(path, line: error.line ?? 0), key: "", problem: error.problem)
    }
  }

  /// Reads an experiment from YAML text; `name` is what errors call it.
  public init(yaml text: String, name: String) throws {
    try self.init(
      entries: ExperimentOptions.entries(yaml: text, name: name).map { ($0, $1) }, name: name)
  }

  /// Parses YAML text whose root is a mapping.
  static func entries(yaml text: String, name: String) throws -> Node.Mapping {
    func failure(_ line: Int, _ problem: String) -> ExperimentError {
      ExperimentError(origin: .file(name, line: line), key: "", problem: problem)
    }
    // What aliases of aliases stand for grows without bounds: 30 lines can mean 10⁹ values.
    let aliases = text.matches(of: /(?:^|[\s\[{,:?-])\*[^\s*]/)
    if aliases.count > largestAliasCount {
      throw failure(
        text[..<aliases[largestAliasCount].range.lowerBound].count { $0 == "\n" } + 1,
        "found another alias, expected at most \(largestAliasCount)")
    }
    let root: Node
    do {
      root = try Yams.compose(yaml: text) ?? .mapping(Node.Mapping([]))
    } catch let error as YamlError {
      throw failure(error.line, "broken YAML, \(error.summary)")
    } catch {
      throw failure(0, "broken YAML")
    }
    guard case .mapping(let mapping) = root else {
      throw failure(root.mark?.line ?? 0, "expected keys with values, such as 'dimension: 3000'")
    }
    return mapping
  }

  /// Reads the keys of a mapping.
  init(entries: [(Node, Node)], name: String) throws {
    self.init()
    file = name
    for (keyNode, valueNode) in entries {
      let line = keyNode.mark?.line ?? 0
      let word = keyNode.string ?? ""
      guard let key = ExperimentKey(rawValue: word) else {
        guard !SweepFile.words.contains(word) else {
          throw ExperimentError(
            origin: .file(name, line: line), key: word,
            problem: "belongs to a sweep, expected one experiment: run it by 'escapement sweep'")
        }
        guard TrajectoryKey(rawValue: word) == nil else {
          throw ExperimentError(
            origin: .file(name, line: line), key: word,
            problem: "belongs to trajectories, expected an experiment without: run it by "
              + "'escapement trajectories'")
        }
        throw ExperimentError(
          origin: .file(name, line: line), key: "",
          problem: "unknown key '\(word)', \(expectedKey(word))")
      }
      let content = try ExperimentOptions.content(of: valueNode) {
        ExperimentError(origin: .file(name, line: line), key: word, problem: $0)
      }
      set(key, OptionValue(content, origin: .file(name, line: line)))
    }
  }

  static func content(
    of node: Node, _ failure: (String) -> ExperimentError
  ) throws -> OptionValue.Content {
    switch node {
    case .scalar(let scalar): return .scalar(scalar.string)
    case .sequence(let items): return .list(try items.map { try content(of: $0, failure) })
    case .mapping(let pairs):
      var result: [String: OptionValue.Content] = [:]
      for (key, value) in pairs {
        guard let word = key.string else { throw failure("expected words as keys") }
        result[word] = try content(of: value, failure)
      }
      return .map(result)
    case .alias: throw failure("expected a value, not an alias")
    }
  }
}

/// What was expected in place of a wrong key: the nearest one, or all where none is near.
func expectedKey(_ word: String) -> String {
  let names =
    ExperimentKey.allCases.map(\.rawValue) + SweepFile.words
    + TrajectoryKey.allCases.map(\.rawValue)
  if let name = nearestName(to: word, of: names) { return "expected '\(name)'" }
  return "expected one of " + ExperimentKey.allCases.map(\.rawValue).joined(separator: ", ")
}

extension YamlError {
  /// The line of the error, 0 when there is none.
  fileprivate var line: Int {
    switch self {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
      return mark.line
    default: return 0
    }
  }

  /// The problem on one line.
  fileprivate var summary: String {
    switch self {
    case .scanner(_, let problem, _, _), .parser(_, let problem, _, _),
      .composer(_, let problem, _, _):
      return problem
    case .duplicatedKeysInMapping(let duplicates, _):
      return "the key \(duplicates.map { "'\($0)'" }.joined(separator: ", ")) stands twice"
    default: return "it cannot be parsed"
    }
  }
}
