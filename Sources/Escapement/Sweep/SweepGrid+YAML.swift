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
