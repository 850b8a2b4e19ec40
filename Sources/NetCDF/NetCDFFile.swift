import CNetCDF
import Foundation

/// Writes one netCDF-4 file: dimensions and variables first, then their values.
///
/// The library makes it in memory and ``close()`` writes it: HDF5, which holds the data, ends the whole process
/// where a disk is full as it closes a file. One that is never closed is left empty.
public final class NetCDFFile {
  /// Stands for a dimension of one file.
  public struct Dimension: Sendable {
    fileprivate let identifier: Int32
    /// Number of values along it.
    public let count: Int
  }

  /// Stands for a variable of one file.
  public struct Variable: Sendable {
    fileprivate let identifier: Int32
    /// Its name.
    public let name: String
    fileprivate let rank: Int
  }

  private var identifier: Int32 = -1
  private var isOpen = false
  private let path: String
  private let descriptor: Int32

  /// Creates a file, or empties one that is there; throws `NetCDFError`.
  public init(creating path: String) throws(NetCDFError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw NetCDFError(path, "create", errno) }
    var identifier: Int32 = -1
    try check("create '\(path)'") { nc_create_mem(path, NC_NETCDF4, 0, &identifier) }
    self.identifier = identifier
    isOpen = true
  }

  deinit {
    if isOpen { _ = withNetCDFAlone { nc_abort(identifier) } }
    Foundation.close(descriptor)
  }

  /// Writes the file to its place and closes it; throws `NetCDFError`, and then leaves it empty.
  public func close() throws(NetCDFError) {
    guard isOpen else { return }
    isOpen = false
    var contents = NC_memio()
    try check("finish the file") { nc_close_memio(identifier, &contents) }
    defer { free(contents.memory) }
    var done = 0
    while done < contents.size {
      let count = Foundation.write(descriptor, contents.memory + done, contents.size - done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let reason = errno
        ftruncate(descriptor, 0)
        throw NetCDFError(path, "write", reason)
      }
      done += count
    }
  }

  /// Adds a dimension.
  public func addDimension(_ name: String, count: Int) throws(NetCDFError) -> Dimension {
    var dimension: Int32 = -1
    try check("add the dimension \(name)") {
      nc_def_dim(identifier, name, count, &dimension)
    }
    return Dimension(identifier: dimension, count: count)
  }

  /// Adds a variable of the values `Value`, slowest dimension first.
  ///
  /// `fill` stands where no value is. Values are deflated at level 4, bytes shuffled, in chunks of at
  /// most 65536 along the last dimension.
  public func addVariable<Value: NetCDFValue>(
    _ name: String, of type: Value.Type, along dimensions: [Dimension], fill: Value? = nil
  ) throws(NetCDFError) -> Variable {
    var variable: Int32 = -1
    let attempt = "add the variable \(name)"
    try check(attempt) {
      nc_def_var(
        identifier, name, Value.netCDFType, Int32(dimensions.count),
        dimensions.map(\.identifier), &variable)
    }
    if var fill {
      try check(attempt) { nc_def_var_fill(identifier, variable, NC_FILL, &fill) }
    }
    if let last = dimensions.last {
      let chunks = dimensions.dropLast().map { _ in 1 } + [min(max(last.count, 1), 65536)]
      try check(attempt) { nc_def_var_chunking(identifier, variable, NC_CHUNKED, chunks) }
      try check(attempt) { nc_def_var_deflate(identifier, variable, 1, 1, 4) }
    }
    return Variable(identifier: variable, name: name, rank: dimensions.count)
  }

  /// Adds a variable of words, slowest dimension first.
  public func addWords(
    _ name: String, along dimensions: [Dimension]
  ) throws(NetCDFError) -> Variable {
    var variable: Int32 = -1
    try check("add the variable \(name)") {
      nc_def_var(
        identifier, name, NC_STRING, Int32(dimensions.count), dimensions.map(\.identifier),
        &variable)
    }
    return Variable(identifier: variable, name: name, rank: dimensions.count)
  }

  /// Sets an attribute of a variable, or of the file without one.
  public func setAttribute(
    _ name: String, _ text: String, of variable: Variable? = nil
  ) throws(NetCDFError) {
    try check("set the attribute \(name)") {
      nc_put_att_text(
        identifier, variable?.identifier ?? Int32(escapement_nc_global), name, text.utf8.count,
        text)
    }
  }

  /// Sets an attribute of one or more numbers.
  public func setAttribute<Value: NetCDFValue>(
    _ name: String, _ values: [Value], of variable: Variable? = nil
  ) throws(NetCDFError) {
    try check("set the attribute \(name)") {
      nc_put_att(
        identifier, variable?.identifier ?? Int32(escapement_nc_global), name, Value.netCDFType,
        values.count, values)
    }
  }

  /// Writes `values` along the last dimension, from its beginning, at `index` of the ones before.
  ///
  /// Places beyond the values keep the fill value. A variable without dimensions takes the one value.
  public func write<Value: NetCDFValue>(
    _ values: [Value], to variable: Variable, at index: [Int] = []
  ) throws(NetCDFError) {
    try check("write the variable \(variable.name)") {
      nc_put_vara(
        identifier, variable.identifier, Array((index + [0]).prefix(variable.rank)),
        Array((index.map { _ in 1 } + [values.count]).prefix(variable.rank)), values)
    }
  }

  /// Writes words as the other writes numbers.
  public func write(
    _ words: [String], to variable: Variable, at index: [Int] = []
  ) throws(NetCDFError) {
    for (place, word) in words.enumerated() {
      try check("write the variable \(variable.name)") {
        word.withCString { text in
          var pointer: UnsafePointer<CChar>? = text
          return nc_put_var1_string(
            identifier, variable.identifier, Array((index + [place]).prefix(variable.rank)),
            &pointer)
        }
      }
    }
  }
}

/// A number that a netCDF file can hold; its layout in memory is the one that the library reads.
public protocol NetCDFValue: BitwiseCopyable, Sendable {
  /// The library's number of the type.
  static var netCDFType: Int32 { get }
}

extension Double: NetCDFValue {
  /// 64-bit floating point.
  public static var netCDFType: Int32 { NC_DOUBLE }
}

extension Int64: NetCDFValue {
  /// 64-bit integer.
  public static var netCDFType: Int32 { NC_INT64 }
}

extension Int8: NetCDFValue {
  /// 8-bit integer.
  public static var netCDFType: Int32 { NC_BYTE }
}
