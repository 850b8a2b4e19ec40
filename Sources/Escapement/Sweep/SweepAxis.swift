/// Holds one direction of a grid: the settings that are chosen between, one choice a point.
///
/// A swept key is an axis of its values; the cases of a file are one axis of several keys at once.
struct SweepAxis: Sendable {
  /// The keys that every choice sets.
  let keys: [SweepKey]
  /// The choices; each has a setting for every key, in the order of `keys`.
  let choices: [[SweepSetting]]

  /// Makes the axis of one key; throws `ExperimentError` when a value stands twice, there is none,
  /// or the key may not vary.
  init(_ key: SweepKey, values: [OptionValue]) throws {
    try self.init(keys: [key], choices: values.map { [SweepSetting(key: key, value: $0)] })
  }

  /// Makes an axis of cases; throws `ExperimentError` as for one key.
  init(keys: [SweepKey], choices: [[SweepSetting]]) throws {
    self.keys = keys
    self.choices = choices
    var seen: Set<String> = []
    for choice in choices {
      for setting in choice where !setting.key.mayVary {
        throw setting.error("cannot be swept, expected one value for all points")
      }
      let words = choice.map { "\($0.key.name) = \($0.value.content.canonical.yaml)" }
        .joined(separator: ", ")
      guard seen.insert(words).inserted else {
        throw choice[0].error("found \(words) twice, expected every point once")
      }
    }
    let rates = keys.filter(\.setsLearningRate)
    if rates.count > 1, let setting = choices.first?.first(where: { $0.key == rates[1] }) {
      throw setting.error("stands beside \(rates[0].name), expected one of the two")
    }
  }
}

extension OptionValue.Content {
  /// The value with its numbers read, so that 1e3 and 1000 are the same.
  var canonical: ResolvedValue {
    switch self {
    case .scalar(let text):
      if let whole = wholeNumber(text) { return .integer(whole) }
      if let seed = UInt64(text) { return .seed(seed) }
      if let number = Double(text), number.isFinite { return .number(number) }
      if let flag = Bool(text) { return .flag(flag) }
      return .word(text)
    case .list(let items): return .list(items.map(\.canonical))
    case .map(let pairs):
      return .map(pairs.sorted { $0.key < $1.key }.map { ($0.key, $0.value.canonical) })
    }
  }
}
