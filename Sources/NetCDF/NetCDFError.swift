import CNetCDF
import Foundation
import Synchronization

/// Says what the netCDF library could not do.
public struct NetCDFError: Error, Sendable, CustomStringConvertible {
  /// The library's status.
  public let status: Int32
  /// One line: what was tried, and the library's own words.
  public let description: String
}

extension NetCDFError {
  /// Creates the error of a file that the system does not take, for its reason.
  init(_ path: String, _ attempt: String, _ reason: Int32) {
    self.init(
      status: reason,
      description: "netCDF: cannot \(attempt) '\(path)': \(String(cString: strerror(reason)))")
  }
}

/// One call at a time: HDF5, which holds the data, is not safe for threads, not even in two files.
private let turn = Mutex(())

/// Does something with the library while no other thread does; for who calls it without ``NetCDFFile``.
package func withNetCDFAlone<Result: Sendable, Failure: Error>(
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  try turn.withLock { (_: inout sending Void) throws(Failure) -> Result in try body() }
}

/// Calls the library and throws `NetCDFError` unless it returns `NC_NOERR`.
func check(_ attempt: @autoclosure () -> String, _ body: () -> Int32) throws(NetCDFError) {
  let status = turn.withLock { _ in body() }
  guard status == NC_NOERR else {
    let words = String(cString: nc_strerror(status))
    throw NetCDFError(status: status, description: "netCDF: cannot \(attempt()): \(words)")
  }
}
