import Foundation
import Statistics

/// Is one value of a data set.
public enum DataValue: Sendable, Hashable {
  /// Nothing: empty in CSV, null in JSON, the fill value in netCDF.
  case none
  /// A word.
  case word(String)
  /// A whole number.
  case count(Int)
  /// A seed, of 64 bits.
  case seed(UInt64)
  /// A number; one that is not finite is written as nothing.
  case number(Double)
  /// True or false.
  case flag(Bool)

  /// The value as CSV has it, without quotes; numbers read back to the same Double.
  public var text: String {
    switch self {
    case .none: return ""
    case .word(let text): return text
    case .count(let number): return "\(number)"
    case .seed(let number): return "\(number)"
    case .number(let number): return number.isFinite ? "\(number)" : ""
    case .flag(let flag): return "\(flag)"
    }
  }

  /// The value as JSON has it.
  var json: String {
    switch self {
    case .word(let text): return jsonText(text)
    default: return text.isEmpty ? "null" : text
    }
  }

  /// The value as a finite number; nil for any other.
  public var number: Double? {
    switch self {
    case .number(let number): return number.isFinite ? number : nil
    case .count(let number): return Double(number)
    case .seed(let number): return Double(number)
    case .none, .word, .flag: return nil
    }
  }

  /// Reads a field of CSV of a known kind; nil for a number that is none.
  init?(_ text: String, _ kind: Field.Kind) {
    switch kind {
    case _ where text.isEmpty: self = .none
    case .count:
      guard let number = Int(text) else { return nil }
      self = .count(number)
    case .number:
      guard let number = decimalNumber(text) else { return nil }
      self = Int(text).map(DataValue.count) ?? .number(number)
    case .flag:
      guard let flag = Bool(text) else { return nil }
      self = .flag(flag)
    case .word, .choice: self = .word(text)
    case .any:
      let number = Int(text).map(DataValue.count) ?? UInt64(text).map(DataValue.seed)
      self =
        number ?? decimalNumber(text).map(DataValue.number) ?? Bool(text).map(DataValue.flag)
        ?? .word(text)
    }
  }
}

/// A text as JSON quotes it.
func jsonText(_ text: String) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .withoutEscapingSlashes
  // A string always encodes.
  return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
}

/// Says what a type of Swift is in a data set.
public protocol DataValueConvertible: Sendable {
  /// The kind of a variable of such values.
  static var kind: Field.Kind { get }
  /// The value.
  var dataValue: DataValue { get }
}

extension Double: DataValueConvertible {
  /// Says what variables of such values are.
  public static var kind: Field.Kind { .number }
  /// Gives the value as a data set holds it.
  public var dataValue: DataValue { .number(self) }
}

extension Int: DataValueConvertible {
  /// Says what variables of such values are.
  public static var kind: Field.Kind { .count }
  /// Gives the value as a data set holds it.
  public var dataValue: DataValue { .count(self) }
}

extension String: DataValueConvertible {
  /// Says what variables of such values are.
  public static var kind: Field.Kind { .word }
  /// Gives the value as a data set holds it.
  public var dataValue: DataValue { .word(self) }
}

extension Bool: DataValueConvertible {
  /// Says what variables of such values are.
  public static var kind: Field.Kind { .flag }
  /// Gives the value as a data set holds it.
  public var dataValue: DataValue { .flag(self) }
}

extension Verdict: DataValueConvertible {
  /// Says what variables of such values are.
  public static var kind: Field.Kind {
    .choice([Verdict.equivalent, .different, .undetermined].map(\.rawValue))
  }
  /// Gives the value as a data set holds it.
  public var dataValue: DataValue { .word(rawValue) }
}

extension DataValue: DataValueConvertible {
  /// Says what variables of such values are.
  public static var kind: Field.Kind { .any }
  /// Gives the value as a data set holds it.
  public var dataValue: DataValue { self }
}

extension Optional: DataValueConvertible where Wrapped: DataValueConvertible {
  /// Says what variables of such values are.
  public static var kind: Field.Kind { Wrapped.kind }
  /// Gives the value as a data set holds it.
  public var dataValue: DataValue { self?.dataValue ?? .none }
}
