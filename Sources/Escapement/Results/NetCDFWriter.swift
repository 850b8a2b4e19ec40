import Foundation
import NetCDF

extension DataSet {
  /// Writes the data set as netCDF-4, conventions CF-1.10: a dimension for each that tables name, its
  /// coordinates, and every variable.
  ///
  /// Names have `_` for `-`; units are those of CF, which knows neither τ nor samples. Throws `NetCDFError`.
  /// Cost: about 1 µs a value, mostly compression; memory, the values along one last dimension.
  public func writeNetCDF(to path: String) throws {
    let file = try NetCDFFile(creating: path)
    var known: [String: NetCDFFile.Dimension] = [:]
    for dimension in tables.flatMap(\.dimensions) where known[dimension.name] == nil {
      let place = try file.addDimension(dimension.name, count: dimension.count)
      known[dimension.name] = place
      for column in dimension.coordinates {
        let values = (0..<dimension.count).map(column.value)
        let variable = try DataVariable(column.field, values, along: [place], in: file)
        for index in values.indices { variable.set(values[index], at: index) }
        try variable.write(at: [])
      }
    }
    for table in tables {
      // A name that is not its dimension's is no coordinate unless it is said to be one.
      let labels = table.dimensions.flatMap { dimension in
        dimension.coordinates.map(\.field.name).filter { $0 != dimension.name }
      }.map(netCDFName)
      let dimensions = table.dimensions.compactMap { known[$0.name] }
      let variables = try table.fields.map { field in
        try DataVariable(field, [], along: dimensions, in: file, labels: labels)
      }
      var head: [Int]?
      try table.forEach { place, values in
        if let last = head, place.dropLast() != last[...] {
          for variable in variables { try variable.write(at: last) }
        }
        head = Array(place.dropLast())
        for (variable, value) in zip(variables, values) {
          variable.set(value, at: place.last ?? 0)
        }
      }
      if let head { for variable in variables { try variable.write(at: head) } }
    }
    let texts: [(name: String, value: Attribute)] = [
      ("Conventions", .text("CF-1.10")),
      ("references", .text("Arnaboldi et al. (2023), arXiv:2305.18502")),
    ]
    for (name, value) in texts + attributes {
      switch value {
      case .text(let text): try file.setAttribute(netCDFName(name), text)
      case .numbers(let numbers): try file.setAttribute(netCDFName(name), numbers)
      }
    }
    try file.close()
  }
}

private func netCDFName(_ name: String) -> String {
  name.replacingOccurrences(of: "-", with: "_")
}

/// Gathers the values of a variable along its last dimension, in the form that the file holds them in.
private final class DataVariable {
  private enum Form {
    case numbers([Double])
    case counts([Int64])
    case words([String])
    case flags([Int8], of: [String])

    /// `values` tell what the values of a key are; seeds are words, since not every reader has 64-bit integers
    /// without sign.
    init(_ kind: Field.Kind, _ values: [DataValue]) {
      switch kind {
      case .number: self = .numbers([])
      case .count: self = .counts([])
      case .word: self = .words([])
      case .flag: self = .flags([], of: ["false", "true"])
      case .choice(let words): self = .flags([], of: words)
      case .any:
        let counts = values.count { if case .count = $0 { true } else { false } }
        let numbers = values.count { if case .number = $0 { true } else { false } }
        self =
          counts == values.count
          ? .counts([]) : counts + numbers == values.count ? .numbers([]) : .words([])
      }
    }
  }

  private let file: NetCDFFile
  private let variable: NetCDFFile.Variable
  private var form: Form

  init(
    _ field: Field, _ values: [DataValue], along dimensions: [NetCDFFile.Dimension],
    in file: NetCDFFile, labels: [String] = []
  ) throws {
    self.file = file
    form = Form(field.kind, values)
    let name = netCDFName(field.name)
    switch form {
    case .numbers:
      variable = try file.addVariable(name, of: Double.self, along: dimensions, fill: .nan)
    case .counts:
      variable = try file.addVariable(name, of: Int64.self, along: dimensions, fill: -1)
    case .words: variable = try file.addWords(name, along: dimensions)
    case .flags(_, let words):
      variable = try file.addVariable(name, of: Int8.self, along: dimensions, fill: -1)
      try file.setAttribute("flag_values", words.indices.map(Int8.init), of: variable)
      try file.setAttribute("flag_meanings", words.joined(separator: " "), of: variable)
    }
    try file.setAttribute("long_name", field.meaning, of: variable)
    if !field.unit.isEmpty {
      let unit = ["τ", "samples"].contains(field.unit) ? "1" : field.unit
      try file.setAttribute("units", unit, of: variable)
    }
    if !labels.isEmpty {
      try file.setAttribute("coordinates", labels.joined(separator: " "), of: variable)
    }
  }

  /// Takes the value of the next place, those that were left out having none.
  func set(_ value: DataValue, at index: Int) {
    func put<Value>(_ new: Value, _ none: Value, into values: inout [Value]) {
      while values.count < index { values.append(none) }
      values.append(new)
    }
    switch form {
    case .numbers(var values):
      form = .numbers([])
      put(value.number ?? .nan, .nan, into: &values)
      form = .numbers(values)
    case .counts(var values):
      form = .counts([])
      var count: Int64 = -1
      if case .count(let number) = value { count = Int64(number) }
      put(count, -1, into: &values)
      form = .counts(values)
    case .words(var values):
      form = .words([])
      put(value.text, "", into: &values)
      form = .words(values)
    case .flags(var values, let words):
      form = .flags([], of: words)
      put(Int8(words.firstIndex(of: value.text) ?? -1), -1, into: &values)
      form = .flags(values, of: words)
    }
  }

  /// Writes the values at the place before the last dimension, and makes room for the next.
  func write(at place: [Int]) throws {
    switch form {
    case .numbers(let values):
      try file.write(values, to: variable, at: place)
      form = .numbers([])
    case .counts(let values):
      try file.write(values, to: variable, at: place)
      form = .counts([])
    case .words(let values):
      try file.write(values, to: variable, at: place)
      form = .words([])
    case .flags(let values, let words):
      try file.write(values, to: variable, at: place)
      form = .flags([], of: words)
    }
  }
}
