import Foundation

/// Collects an experiment's keys as written, from a file and from the command line.
public struct ExperimentOptions: Sendable {
  /// The values by key.
  public private(set) var values: [ExperimentKey: OptionValue] = [:]

  /// The experiment file that was read, nil when there is none.
  public internal(set) var file: String?

  /// Creates an empty collection.
  public init() {}

  /// Sets a key from the command line.
  public mutating func set(_ key: ExperimentKey, _ text: String) {
    set(key, OptionValue(.scalar(text), origin: .commandLine))
  }

  /// Sets a key from a file.
  mutating func set(_ key: ExperimentKey, _ value: OptionValue) {
    values[key] =
      key.isShare ? OptionValue(value.content.withoutPercent, origin: value.origin) : value
  }

  /// Forgets a key.
  mutating func remove(_ key: ExperimentKey) { values[key] = nil }

  /// Lays other options over these: theirs win.
  public func overridden(by other: ExperimentOptions) -> ExperimentOptions {
    var result = self
    result.values.merge(other.values) { _, new in new }
    return result
  }

  /// Makes the error for a key, at the place where its value stands.
  func error(_ key: ExperimentKey, _ problem: String) -> ExperimentError {
    ExperimentError(origin: values[key]?.origin, key: key.rawValue, problem: problem)
  }

  private func expected(_ key: ExperimentKey, _ what: String) -> ExperimentError {
    let words = values[key]?.content.words ?? []
    // Several good values where one belongs are meant for a grid.
    let isGrid = key.role.mayVary && !key.role.isList && words.count > 1 && !words.contains("")
    return error(
      key,
      "found \(values[key]?.content.text ?? "nothing"), expected \(what)"
        + (isGrid ? "; several are for 'escapement sweep'" : ""))
  }

  /// Reads a single word.
  func word(_ key: ExperimentKey) throws -> String? {
    guard let value = values[key] else { return nil }
    guard case .scalar(let text) = value.content, !text.isEmpty else {
      throw expected(key, "a single word")
    }
    return text
  }

  /// Reads one of the cases of an enumeration by its raw value.
  func choice<Choice>(_ key: ExperimentKey, of type: Choice.Type) throws -> Choice?
  where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
    guard values[key] != nil else { return nil }
    guard let text = try? word(key), let choice = Choice(rawValue: text) else {
      throw expected(key, Choice.allCases.map(\.rawValue).joined(separator: " or "))
    }
    return choice
  }

  /// Reads a finite number.
  func number(_ key: ExperimentKey) throws -> Double? {
    guard values[key] != nil else { return nil }
    guard let text = try? word(key), let number = Double(text), number.isFinite else {
      throw expected(key, "a finite number")
    }
    return number
  }

  /// Reads the margin δ of the equivalence test, 0.05 unless given; throws `ExperimentError` outside (0, 1).
  public func margin() throws -> Double {
    let margin = try number(.margin) ?? 0.05
    guard margin > 0, margin < 1 else {
      throw error(.margin, "found \(margin), expected a number between 0 and 1, or one in % as 10%")
    }
    return margin
  }

  /// Reads a whole number; `1e6` is one.
  func integer(_ key: ExperimentKey) throws -> Int? {
    guard values[key] != nil else { return nil }
    guard let text = try? word(key), let number = wholeNumber(text) else {
      throw expected(key, "a whole number")
    }
    return number
  }

  /// Reads a seed of 64 bits.
  func seed(_ key: ExperimentKey) throws -> UInt64? {
    guard values[key] != nil else { return nil }
    guard let text = try? word(key), let number = UInt64(text) else {
      throw expected(key, "a whole number from 0 to \(UInt64.max)")
    }
    return number
  }

  /// Reads `true` or `false`.
  func flag(_ key: ExperimentKey) throws -> Bool? {
    guard values[key] != nil else { return nil }
    guard let text = try? word(key), let flag = Bool(text) else {
      throw expected(key, "true or false")
    }
    return flag
  }

  /// Reads a list of words: a sequence, or one word with commas.
  func words(_ key: ExperimentKey) throws -> [String]? {
    guard let content = values[key]?.content else { return nil }
    guard let words = content.words else {
      throw expected(key, content.isMap ? "a list" : "a flat list")
    }
    return words
  }

  /// Reads a list of finite numbers.
  func numbers(_ key: ExperimentKey) throws -> [Double]? {
    try words(key)?.map {
      guard let number = Double($0), number.isFinite else {
        throw error(key, "found '\($0)', expected finite numbers")
      }
      return number
    }
  }
}

func trimmed(_ text: some StringProtocol) -> String {
  text.trimmingCharacters(in: .whitespaces)
}

func wholeNumber(_ text: String) -> Int? {
  if let number = Int(text) { return number }
  guard let number = Double(text), number == number.rounded(), abs(number) <= 0x1p53 else {
    return nil
  }
  return Int(number)
}
