/// Changes keys at the points of a grid that match a condition, such as fewer replicas at a large
/// width.
struct SweepOverride: Sendable {
  /// For each key of the condition, the values that match, in canonical form.
  let condition: [(key: SweepKey, values: [String])]
  /// The keys that are set there.
  let settings: [SweepSetting]

  /// Whether a point, whose settings are given by key, matches all of the condition.
  func applies(_ setting: (SweepKey) -> SweepSetting?) -> Bool {
    condition.allSatisfy { key, values in
      guard let setting = setting(key) else { return false }
      return values.contains(setting.value.content.canonical.yaml)
    }
  }
}
