import Dynamics
import Foundation

/// Holds a grid of experiments: what all points share, the axes, and what some points change.
public struct SweepGrid: Sendable {
  private var base = ExperimentOptions()
  private var settings: [SweepSetting] = []
  private(set) var axes: [SweepAxis] = []
  private var overrides: [SweepOverride] = []
  private var directory: String?
  /// Keys of the command line, which win over overrides as well.
  private var given: Set<SweepKey> = []

  /// The largest number of points.
  public static let largestCount = 10_000

  /// Creates a grid without keys.
  public init() {}

  /// Reads an experiment file, which may have the keys `sweep`, `cases`, `overrides` and those of
  /// ``SweepKey`` besides those of an experiment.
  ///
  /// Throws `ExperimentError` with the line.
  public init(file path: String) throws {
    try self.init(SweepFile(path: path))
    directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
  }

  /// Reads the text of an experiment file; `name` is what errors call it.
  public init(yaml text: String, name: String) throws {
    try self.init(SweepFile(yaml: text, name: name))
  }

  private init(_ file: SweepFile) {
    base = file.base
    settings = file.settings
    axes = file.axes
    overrides = file.overrides
  }

  /// Sets a key from the command line, where commas part values unless the key is a list by
  /// nature; wins over the file.
  ///
  /// Throws `ExperimentError` when the file's cases set the key.
  public mutating func set(_ key: SweepKey, _ text: String) throws {
    func value(_ text: String) -> OptionValue {
      let content = OptionValue.Content.scalar(text)
      return OptionValue(key.isShare ? content.withoutPercent : content, origin: .commandLine)
    }
    let words =
      key.isListByNature
      ? [text] : text.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
    func isReplaced(_ other: SweepKey) -> Bool {
      other == key || other.excludes(key)
    }
    if let other = given.first(where: key.excludes) {
      throw SweepSetting(key: key, value: value(text)).error(
        "stands beside \(other.name), expected one of the two")
    }
    if axes.contains(where: { $0.keys.count > 1 && $0.keys.contains(where: isReplaced) }) {
      throw SweepSetting(key: key, value: value(text)).error(
        "is set by the cases of the file, expected another key")
    }
    let place = axes.firstIndex { $0.keys.contains(where: isReplaced) }
    axes.removeAll { $0.keys.contains(where: isReplaced) }
    settings.removeAll { isReplaced($0.key) }
    if let quantity = key.quantity { base.remove(quantity) }
    given.insert(key)
    if words.count > 1 {
      axes.insert(try SweepAxis(key, values: words.map(value)), at: min(place ?? .max, axes.count))
    } else if case .experiment(let key) = key {
      base.set(key, value(words[0]))
    } else {
      settings.append(SweepSetting(key: key, value: value(words[0])))
    }
  }

  /// Whether the file or the command line says anything of a key.
  func sets(_ key: ExperimentKey) -> Bool {
    let key = SweepKey.experiment(key)
    return shared(key) != nil || axes.contains { $0.keys.contains(key) }
      || overrides.contains { $0.settings.contains { $0.key == key } }
  }

  /// Makes the error for a key that all points share, at the place where it stands.
  func error(_ key: ExperimentKey, _ problem: String) -> ExperimentError {
    base.error(key, problem)
  }

  /// The keys that points differ in, in order: the first changes slowest.
  public var keys: [SweepKey] { axes.flatMap(\.keys) }

  /// Where to put the sweep's files, nil when nowhere.
  public func output() throws -> String? { try base.word(.output) }

  /// Validates and resolves every point.
  ///
  /// Throws `ExperimentError`, which names the key, the point and what was expected.
  public func points() throws -> [SweepPoint] {
    try checkKeys()
    var chosen: [[SweepSetting]] = [[]]
    for axis in axes {
      guard chosen.count * axis.choices.count <= Self.largestCount else {
        throw axis.choices[0][0].error(
          "makes a grid of \(chosen.count * axis.choices.count) points or more, "
            + "expected at most \(Self.largestCount)")
      }
      chosen = chosen.flatMap { old in axis.choices.map { old + $0 } }
    }
    return try chosen.enumerated().map { index, settings in
      let coordinates = settings.map {
        SweepPoint.Coordinate(key: $0.key.name, value: $0.value.content.canonical)
      }
      do {
        return SweepPoint(
          index: index + 1, coordinates: coordinates,
          experiment: try experiment(settings, coordinates))
      } catch let error as ExperimentError where !coordinates.isEmpty {
        throw ExperimentError(
          origin: error.origin, key: error.key,
          problem: "\(error.problem) (at the point \(coordinates.text))")
      }
    }
  }

  private func checkKeys() throws {
    var seen: Set<SweepKey> = []
    let swept = axes.flatMap(\.keys)
    for axis in axes {
      for setting in axis.choices[0] {
        guard seen.insert(setting.key).inserted else {
          throw setting.error("is swept twice, expected once")
        }
        if let other = swept.first(where: { $0.quantity == setting.key.quantity }),
          setting.key.excludes(other)
        {
          throw setting.error("stands beside \(other.name), expected one of the two")
        }
      }
    }
    for setting in settings {
      guard let quantity = setting.key.quantity else { continue }
      let other = settings.first { $0.key.excludes(setting.key) }?.key
      if let other = other ?? (base.values[quantity] == nil ? nil : .experiment(quantity)) {
        throw setting.error("stands beside \(other.name), expected one of the two")
      }
    }
    for override in overrides {
      if let wrong = override.condition.first(where: {
        !seen.contains($0.key) && shared($0.key) == nil
      }) {
        throw override.settings[0].error(
          "depends on \(wrong.key.name), which is not swept, expected a key of the grid")
      }
    }
  }

  /// The setting of a key that all points share.
  private func shared(_ key: SweepKey) -> SweepSetting? {
    if case .experiment(let key) = key, let value = base.values[key] {
      return SweepSetting(key: .experiment(key), value: value)
    }
    return settings.first { $0.key == key }
  }

  private func experiment(
    _ chosen: [SweepSetting], _ coordinates: [SweepPoint.Coordinate]
  ) throws -> Experiment {
    // Later layers win; one that sets a quantity in any units undoes what earlier ones said of it.
    let changes = overrides.filter {
      $0.applies { key in chosen.first { $0.key == key } ?? shared(key) }
    }
    .map { $0.settings.filter { !isGiven($0.key) } }
    var options = base
    var inOtherUnits: [ExperimentKey: SweepSetting] = [:]
    var setsSeed = false
    for layer in [settings, chosen] + changes {
      for setting in layer {
        if case .experiment(let key) = setting.key {
          options.set(key, setting.value)
          inOtherUnits[key] = nil
          if key == .seed { setsSeed = true }
        } else if let quantity = setting.key.quantity {
          options.remove(quantity)
          inOtherUnits[quantity] = setting
        }
      }
    }
    // The batch first: a power law asks for it.
    if let batch = inOtherUnits[.batchSize] {
      options.set(.batchSize, try batchSize(batch, options))
    }
    if let rate = inOtherUnits[.learningRate] {
      options.set(.learningRate, try learningRate(rate, options))
    }
    if !setsSeed {
      let seed = pointSeed(try options.seed(.seed) ?? 1, coordinates)
      options.set(.seed, OptionValue(.scalar("\(seed)"), origin: .commandLine))
    }
    return try Experiment(options, directory: directory)
  }

  private func isGiven(_ key: SweepKey) -> Bool {
    given.contains(key) || given.contains(where: key.excludes)
  }

  /// The batch size B that a share of the dimension stands for.
  private func batchSize(
    _ setting: SweepSetting, _ options: ExperimentOptions
  ) throws -> OptionValue {
    let size = (try factor(setting) * Double(try options.integer(.dimension) ?? 1)).rounded()
    guard size <= Double(LearningRule.largestCount) else {
      throw setting.error("makes a batch of \(size), expected at most \(LearningRule.largestCount)")
    }
    return OptionValue(.scalar("\(max(Int(size), 1))"), origin: setting.value.origin)
  }

  /// The learning rate γ that a setting in other units stands for.
  private func learningRate(
    _ setting: SweepSetting, _ options: ExperimentOptions
  ) throws -> OptionValue {
    let rate: Double
    switch setting.key {
    case .learningRateOverBest:
      let factor = try factor(setting)
      var options = options
      options.set(.learningRate, "1")
      let model = try Experiment(options, directory: directory, checksEngines: false).model
      guard let best = EscapeTheory(model: model).optimalLearningRate else {
        throw setting.error("no learning rate is best here, expected learning-rate instead")
      }
      rate = factor * best
    case .learningRatePowerLaw:
      let (factor, power) = try powerLaw(setting)
      let batch = Double(try options.integer(.batchSize) ?? 1)
      rate = factor * batch * pow(Double(try options.integer(.dimension) ?? 1), -power)
    default: rate = try factor(setting) * Double(try options.integer(.width) ?? 1)
    }
    return OptionValue(.scalar("\(rate)"), origin: setting.value.origin)
  }

  private func factor(_ setting: SweepSetting) throws -> Double {
    guard case .scalar(let text) = setting.value.content, let factor = Double(text),
      factor > 0, factor.isFinite
    else {
      throw setting.error(
        "found \(setting.value.content.text), expected a finite number above 0")
    }
    return factor
  }

  /// c and a of γ = c B d^−a.
  private func powerLaw(_ setting: SweepSetting) throws -> (factor: Double, power: Double) {
    let numbers = setting.value.content.words?.map { Double($0) ?? .nan } ?? []
    guard numbers.count == 2, numbers[0] > 0, numbers.allSatisfy(\.isFinite) else {
      throw setting.error(
        "found \(setting.value.content.text), expected C,A of γ = C B d^−A, a finite C above 0 and a finite A"
      )
    }
    return (numbers[0], numbers[1])
  }
}

extension SweepGrid {
  var sharedYAML: String {
    let shared = ExperimentKey.decisive.compactMap {
      key in base.values[key].map { SweepSetting(key: .experiment(key), value: $0) }
    }
    return (shared + settings).map { $0.yaml + "\n" }.joined()
  }

  var axesYAML: String {
    func list(_ values: [String]) -> String { "[" + values.joined(separator: ", ") + "]" }
    let single = axes.filter { $0.keys.count == 1 }.map { axis in
      "  \(axis.keys[0].name): " + list(axis.choices.map { $0[0].value.content.flowYAML }) + "\n"
    }
    let cases = axes.filter { $0.keys.count > 1 }.flatMap(\.choices).map { choice in
      "  - {" + choice.map(\.yaml).joined(separator: ", ") + "}\n"
    }
    return (single.isEmpty ? "" : "sweep:\n" + single.joined())
      + (cases.isEmpty ? "" : "cases:\n" + cases.joined())
  }

  var overridesYAML: String {
    guard !overrides.isEmpty else { return "" }
    return "overrides:\n"
      + overrides.map { override in
        let when = override.condition.map {
          "\($0.key.name): [\($0.values.joined(separator: ", "))]"
        }
        return "  - {when: {\(when.joined(separator: ", "))}, "
          + override.settings.map(\.yaml).joined(separator: ", ") + "}\n"
      }.joined()
  }
}

extension SweepGrid {
  /// The grid as an experiment file: two grids are the same when this text is.
  ///
  /// Keys that do not belong to a result, `threads` and `output`, are left out.
  public var yaml: String { sharedYAML + axesYAML + overridesYAML }
}

extension SweepSetting {
  /// `key: value` in YAML's flow style.
  var yaml: String { "\(key.name): \(value.content.flowYAML)" }
}

extension OptionValue.Content {
  /// The value in YAML's flow style, its numbers in one form each.
  var flowYAML: String {
    switch self {
    case .scalar:
      guard case .word(let text) = canonical else { return canonical.yaml }
      let plain = text.allSatisfy {
        $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == "." || $0 == "/"
      }
      // Single quotes are YAML's verbatim: only they must be doubled.
      return plain && !text.isEmpty
        ? text : "'" + text.replacing("'", with: "''") + "'"
    case .list(let items): return "[" + items.map(\.flowYAML).joined(separator: ", ") + "]"
    case .map(let pairs):
      return "{"
        + pairs.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.flowYAML)" }
        .joined(separator: ", ") + "}"
    }
  }
}
