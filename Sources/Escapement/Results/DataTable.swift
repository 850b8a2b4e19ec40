/// Describes a variable or coordinate: the same in tables, data sets and on the page of data files.
public struct Field: Sendable, Equatable {
  /// Says what values a variable takes, and so how files hold them.
  public enum Kind: Sendable, Equatable {
    /// Numbers; not a number in netCDF where there is none.
    case number
    /// Whole numbers of at least 0; −1 in netCDF where there is none.
    case count
    /// Words.
    case word
    /// True or false; in netCDF numbers with `flag_meanings`.
    case flag
    /// One of a few words; in netCDF numbers with `flag_meanings`.
    case choice([String])
    /// Values of a key, which may be any of these.
    case any
  }

  /// Its name in files.
  public let name: String
  /// The unit of its values, `1` for pure numbers, empty for words.
  public let unit: String
  /// What it holds, in one line.
  public let meaning: String
  /// What values it takes.
  public let kind: Kind

  init(_ name: String, unit: String = "1", _ meaning: String) {
    self.init(name, .number, unit: unit, meaning)
  }

  init(_ name: String, _ kind: Kind, unit: String? = nil, _ meaning: String) {
    self.name = name
    self.unit = unit ?? (kind == .number || kind == .count ? "1" : "")
    self.meaning = meaning
    self.kind = kind
  }

  /// The same under another name, as where a pattern of names is described.
  func named(_ name: String) -> Field { Field(name, kind, unit: unit, meaning) }
}

/// Is a field with what it is in a row.
public struct Column<Row>: Sendable {
  let field: Field
  let value: @Sendable (Row) -> DataValue

  init(_ field: Field, value: @escaping @Sendable (Row) -> some DataValueConvertible) {
    self.field = field
    self.value = { value($0).dataValue }
  }

  /// Describes a column whose kind is that of its values.
  init<Value: DataValueConvertible>(
    _ name: String, unit: String? = nil, _ meaning: String,
    value: @escaping @Sendable (Row) -> Value
  ) {
    self.init(Field(name, Value.kind, unit: unit, meaning), value: value)
  }

  /// Describes a column of another kind.
  init(
    _ name: String, _ kind: Field.Kind, unit: String? = nil, _ meaning: String,
    value: @escaping @Sendable (Row) -> some DataValueConvertible
  ) {
    self.init(Field(name, kind, unit: unit, meaning), value: value)
  }
}

/// Holds variables that share their dimensions: part of a data set, or a table.
///
/// Rows are made as they are asked for, in the order of the dimensions, the last one fastest; a place that has
/// no row is absent, as where dynamics have unequal numbers of replicas.
public struct DataTable: Sendable {
  /// Names a dimension and the values along it.
  public struct Dimension: Sendable {
    let name: String
    let count: Int
    /// What labels each place: one coordinate or several.
    let coordinates: [Column<Int>]
  }

  /// Holds the values of all columns at one place.
  public struct Row: Sendable {
    /// Names of the columns, and where they stand.
    let columns: [String]
    let places: [String: Int]
    let values: [DataValue]

    /// The value of a column; nothing when there is no such column.
    public subscript(name: String) -> DataValue { places[name].map { values[$0] } ?? .none }

    /// The finite number of a column; nil when there is none.
    func number(_ name: String) -> Double? { self[name].number }

    /// The text of a column.
    func text(_ name: String) -> String { self[name].text }
  }

  typealias Entry = (place: [Int], values: [DataValue])

  /// Its name, that of its file without the extension.
  public let name: String
  let dimensions: [Dimension]
  /// The variables.
  let fields: [Field]
  /// Hands out one entry after another while it gets true: a loop of its own, which a sequence behind a
  /// type that is not known would not be.
  private let visit: @Sendable ((Entry) -> Bool) -> Void

  private init(
    _ name: String, _ dimensions: [Dimension], _ fields: [Field],
    visit: @escaping @Sendable ((Entry) -> Bool) -> Void
  ) {
    self.name = name
    self.dimensions = dimensions
    self.fields = fields
    self.visit = visit
  }

  /// Makes a table of values with their places, gone through as they are made.
  init<Entries: Sequence>(
    _ name: String, _ dimensions: [Dimension], _ fields: [Field],
    entries: @escaping @Sendable () -> Entries
  ) where Entries.Element == Entry, Entries: SendableMetatype, Entries.Iterator: SendableMetatype {
    self.init(name, dimensions, fields) { body in
      for entry in entries() {
        guard body(entry) else { return }
      }
    }
  }

  /// Makes a table of rows with their places, by what each column is in a row.
  ///
  /// Rows that are many should be a lazy sequence, of a type that the compiler sees: they are gone through as
  /// they are made.
  init<Row, Rows: Sequence>(
    _ name: String, _ dimensions: [Dimension], _ columns: [Column<Row>],
    rows: @escaping @Sendable () -> Rows
  )
  where
    Rows.Element == (place: [Int], row: Row), Rows: SendableMetatype,
    Rows.Iterator: SendableMetatype
  {
    self.init(name, dimensions, columns.map(\.field)) { body in
      for (place, row) in rows() {
        guard body((place, columns.map { $0.value(row) })) else { return }
      }
    }
  }

  /// Makes a table of rows of which each has its place along each dimension.
  init<Row: Sendable>(
    _ name: String, along dimensions: [(dimension: Dimension, places: [Int])],
    _ columns: [Column<Row>], _ rows: [Row]
  ) {
    self.init(name, dimensions.map(\.dimension), columns) {
      rows.indices.lazy.map { index in
        (place: dimensions.map { $0.places[index] }, row: rows[index])
      }
    }
  }

  /// Makes a table of one row without dimensions.
  init<Row: Sendable>(_ name: String, _ columns: [Column<Row>], row: Row) {
    self.init(name, [], columns) { [(place: [], row: row)] }
  }

  /// Goes through the rows in their order.
  func forEach<Failure: Error>(_ body: (Entry) throws(Failure) -> Void) throws(Failure) {
    var failure: Failure?
    visit { entry in
      do throws(Failure) {
        try body(entry)
        return true
      } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
  }

  private var coordinates: [(dimension: Int, column: Column<Int>)] {
    dimensions.enumerated().flatMap { index, dimension in
      dimension.coordinates.map { (index, $0) }
    }
  }

  /// The coordinates, then the variables: the columns of the table.
  public var columns: [Field] { coordinates.map(\.column.field) + fields }

  /// The rows, coordinates first.
  public var rows: [Row] {
    let names = columns.map(\.name)
    let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    let coordinates = coordinates
    var rows: [Row] = []
    forEach { entry in
      rows.append(
        Row(
          columns: names, places: places,
          values: coordinates.map { $0.column.value(entry.place[$0.dimension]) } + entry.values))
    }
    return rows
  }

  /// The table without a coordinate.
  func without(_ coordinate: String) -> DataTable {
    DataTable(
      name,
      dimensions.map { dimension in
        Dimension(
          name: dimension.name, count: dimension.count,
          coordinates: dimension.coordinates.filter { $0.field.name != coordinate })
      }, fields, visit: visit)
  }
}

/// Holds variables of any dimensions with where they come from: what netCDF files hold.
public struct DataSet: Sendable {
  /// Holds a text or numbers.
  enum Attribute: Sendable {
    case text(String)
    case numbers([Double])
  }

  let tables: [DataTable]
  let attributes: [(name: String, value: Attribute)]
}

/// The different ones of some labels, in order, and which of them each is.
func indexed<Label: Hashable>(_ labels: [Label]) -> (different: [Label], places: [Int]) {
  var (different, known) = ([Label](), [Label: Int]())
  let places = labels.map { label in
    if let place = known[label] { return place }
    known[label] = different.count
    different.append(label)
    return different.count - 1
  }
  return (different, places)
}
