import Dynamics

/// Says what a key that a document lacks stands for.
public protocol FallbackSource {
  /// The type of its value.
  associatedtype Value: Codable & Sendable
  /// What a missing key, or null, stands for.
  static var fallback: Value { get }
}

/// Writes a value, null included, and reads another where its key is missing, as in files of earlier versions.
@propertyWrapper public struct Fallback<Source: FallbackSource>: Codable, Sendable {
  /// The value.
  public var wrappedValue: Source.Value

  /// Holds a value.
  public init(wrappedValue: Source.Value) { self.wrappedValue = wrappedValue }
  /// Reads the value itself.
  public init(from decoder: any Decoder) throws { wrappedValue = try .init(from: decoder) }
  /// Writes the value itself.
  public func encode(to encoder: any Encoder) throws { try wrappedValue.encode(to: encoder) }
}

extension Fallback: Equatable where Source.Value: Equatable {}

extension KeyedDecodingContainer {
  /// Decodes a value that may be missing: what the wrapper's own decoding asks for.
  public func decode<Source>(_ type: Fallback<Source>.Type, forKey key: Key) throws
    -> Fallback<Source>
  { try decodeIfPresent(type, forKey: key) ?? Fallback(wrappedValue: Source.fallback) }
}

/// A missing key is nil, and nil is written as null.
public typealias Nullable<Value: Codable & Sendable> = Fallback<Missing.Nothing<Value>>

/// Lists what missing keys stand for.
public enum Missing {
  /// Nil.
  public enum Nothing<Value: Codable & Sendable>: FallbackSource {
    /// Stands for a missing key.
    public static var fallback: Value? { nil }
  }
  /// An empty list.
  public enum List<Element: Codable & Sendable>: FallbackSource {
    /// Stands for a missing key.
    public static var fallback: [Element] { [] }
  }
  /// An empty mapping.
  public enum Map<Element: Codable & Sendable>: FallbackSource {
    /// Stands for a missing key.
    public static var fallback: [String: Element] { [:] }
  }
  /// Zero.
  public enum Zero: FallbackSource {
    /// Stands for a missing key.
    public static var fallback: Int { 0 }
  }
  /// False.
  public enum No: FallbackSource {
    /// Stands for a missing key.
    public static var fallback: Bool { false }
  }
  /// What files watch that name no criterion.
  public enum Criterion: FallbackSource {
    /// Stands for a missing key.
    public static var fallback: String { ExitCriterion.standard.name }
  }
  /// No word.
  public enum Word: FallbackSource {
    /// Stands for a missing key.
    public static var fallback: String { "" }
  }
  /// No experiment.
  public enum Experiment: FallbackSource {
    /// Stands for a missing key.
    public static var fallback: ResolvedValue { .map([]) }
  }
}
