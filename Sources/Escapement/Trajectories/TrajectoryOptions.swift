import Dynamics
import Yams

/// Collects the keys of trajectories as written: those of the experiment, and their own.
public struct TrajectoryOptions: Sendable {
  /// The experiment's keys.
  public var experiment = ExperimentOptions()
  private var values: [TrajectoryKey: OptionValue] = [:]

  /// Creates an empty collection.
  public init() {}

  /// Reads an experiment file that may have the keys of trajectories; throws `ExperimentError`.
  public init(file path: String) throws {
    try self.init(yaml: ExperimentOptions.text(ofFile: path), name: path)
  }

  /// Reads YAML text; `name` is what errors call it.
  public init(yaml text: String, name: String) throws {
    let entries = try ExperimentOptions.entries(yaml: text, name: name).map { ($0, $1) }
    func key(_ node: Node) -> TrajectoryKey? { node.string.flatMap(TrajectoryKey.init(rawValue:)) }
    experiment = try ExperimentOptions(
      entries: entries.filter { key($0.0) == nil }, name: name)
    for (node, valueNode) in entries {
      guard let key = key(node) else { continue }
      let origin = OptionValue.Origin.file(name, line: node.mark?.line ?? 0)
      let content = try ExperimentOptions.content(of: valueNode) {
        ExperimentError(origin: origin, key: key.rawValue, problem: $0)
      }
      values[key] = OptionValue(content, origin: origin)
    }
  }

  /// Sets a key from the command line.
  public mutating func set(_ key: TrajectoryKey, _ text: String) {
    values[key] = OptionValue(.scalar(text), origin: .commandLine)
  }

  /// Lays other options over these: theirs win.
  public func overridden(by other: TrajectoryOptions) -> TrajectoryOptions {
    var result = self
    result.experiment = experiment.overridden(by: other.experiment)
    result.values.merge(other.values) { _, new in new }
    return result
  }

  /// Whether a key is given.
  func has(_ key: TrajectoryKey) -> Bool { values[key] != nil }

  /// Makes the error for a key, at the place where its value stands.
  func error(_ key: TrajectoryKey, _ problem: String) -> ExperimentError {
    ExperimentError(origin: values[key]?.origin, key: key.rawValue, problem: problem)
  }

  /// Reads the key `times`, τ or after `samples:` numbers of samples.
  func grid() throws -> (grid: TimeGrid, isInSamples: Bool)? {
    guard var words = try words(.times) else { return nil }
    let form =
      "log:FIRST:LAST:POINTS, linear:FIRST:LAST:POINTS, or ascending times, in samples after samples:"
    let isInSamples = words.first?.hasPrefix("samples:") == true
    if isInSamples { words[0] = trimmed(words[0].dropFirst("samples:".count)) }
    func checked(_ grid: TimeGrid) throws -> (TimeGrid, Bool) {
      guard !isInSamples || grid.last < 1e15 else {
        throw error(.times, "found \(grid.last) samples, expected fewer than 1e15")
      }
      return (grid, isInSamples)
    }
    do {
      if words.count == 1, words[0].contains(":") {
        let parts = words[0].split(separator: ":", omittingEmptySubsequences: false).map(trimmed)
        guard parts.count == 4, let spacing = TimeGrid.Spacing(rawValue: parts[0]),
          spacing != .list, let first = Double(parts[1]), let last = Double(parts[2]),
          let points = wholeNumber(parts[3])
        else { throw error(.times, "found '\(words[0])', expected \(form)") }
        return try checked(TimeGrid(spacing, from: first, to: last, points: points))
      }
      let times = try words.map {
        guard let time = Double($0) else { throw error(.times, "found '\($0)', expected \(form)") }
        return time
      }
      return try checked(TimeGrid(times))
    } catch let problem as ParameterError {
      throw error(.times, "found \(problem.found), expected \(problem.expected)")
    }
  }

  /// Reads the key `columns`; the order is that of ``TrajectoryColumn``.
  func columns() throws -> [TrajectoryColumn]? {
    guard let words = try words(.columns) else { return nil }
    let known = TrajectoryColumn.allCases.map(\.rawValue).joined(separator: ", ")
    let columns = try words.map {
      guard let column = TrajectoryColumn(rawValue: $0) else {
        throw error(.columns, "found '\($0)', expected some of \(known)")
      }
      return column
    }
    guard !columns.isEmpty, Set(columns).count == columns.count else {
      throw error(.columns, "found a column twice or none, expected some of \(known)")
    }
    return TrajectoryColumn.allCases.filter(columns.contains)
  }

  /// Reads the key `paths`.
  func paths() throws -> Int? {
    guard let words = try words(.paths) else { return nil }
    guard words.count == 1, let count = wholeNumber(words[0]), count >= 0, count <= 1_000_000_000
    else {
      throw error(.paths, "found '\(words.first ?? "")', expected a whole number from 0 on")
    }
    return count
  }

  /// Reads the key `quantiles`, ascending; the word `none` is an empty list.
  func quantiles() throws -> [Double]? {
    guard let words = try words(.quantiles) else { return nil }
    if words == ["none"] || words.isEmpty { return [] }
    let numbers = try words.map {
      guard let number = Double($0), number >= 0, number <= 1 else {
        throw error(.quantiles, "found '\($0)', expected probabilities from 0 to 1")
      }
      return number
    }
    guard Set(numbers).count == numbers.count else {
      throw error(.quantiles, "found a number twice, expected distinct ones")
    }
    return numbers.sorted()
  }

  /// Reads a list of words: a sequence, or one word with commas.
  private func words(_ key: TrajectoryKey) throws -> [String]? {
    guard let content = values[key]?.content else { return nil }
    guard let words = content.words else {
      throw error(
        key,
        content.isMap ? "found a mapping, expected a word or a list" : "expected a flat list")
    }
    return words
  }
}

/// Lists the keys that trajectories have beside those of an experiment, each also an option.
public enum TrajectoryKey: String, Sendable, CaseIterable {
  case times
  case columns
  case paths
  case quantiles

  /// What the key means, for help texts.
  public var help: String {
    switch self {
    case .times:
      return "Times τ: log:FIRST:LAST:POINTS, linear:FIRST:LAST:POINTS, or a list "
        + "(default: 200 from a thousandth of the horizon on, log); samples: before it counts samples, up to the "
        + "step that has drawn them. The horizon is the last, if not given."
    case .columns:
      return "What paths show: some of risk,M,Q,a (default: risk, and M up to eight numbers)."
    case .paths:
      return "Replicas written one by one (default: all, or none beside quantiles)."
    case .quantiles:
      return
        "Probabilities of the risk's quantiles over all replicas: 0.05,0.5,0.95 (default none)."
    }
  }

  /// What a value is called in a usage line.
  public var valueName: String {
    switch self {
    case .times: return "grid"
    case .columns: return "names"
    case .paths: return "count"
    case .quantiles: return "numbers"
    }
  }
}
