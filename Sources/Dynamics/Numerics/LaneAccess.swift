/// Reads and writes one lane of a C struct whose fields are arrays of fixed length.
///
/// Such arrays are tuples in Swift, and are reached through their memory.
extension UnsafeMutablePointer {
  func set<Field, Element>(
    _ path: WritableKeyPath<Pointee, Field>, _ lane: Int, _ value: Element
  ) {
    withUnsafeMutableBytes(of: &pointee[keyPath: path]) {
      $0.storeBytes(of: value, toByteOffset: lane * MemoryLayout<Element>.stride, as: Element.self)
    }
  }

  /// Passes one lane of a field.
  func pass<Field, Element: BitwiseCopyable>(
    _ path: WritableKeyPath<Pointee, Field>, _ lane: Int, as type: Element.Type,
    through transfer: any StateTransfer
  ) throws {
    var value = get(path, lane, as: type)
    try transfer.pass(&value)
    set(path, lane, value)
  }

  func get<Field, Element>(
    _ path: KeyPath<Pointee, Field>, _ lane: Int, as type: Element.Type
  ) -> Element {
    withUnsafeBytes(of: pointee[keyPath: path]) {
      $0.load(fromByteOffset: lane * MemoryLayout<Element>.stride, as: Element.self)
    }
  }
}
