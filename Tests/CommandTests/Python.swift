import Foundation

/// A Python that reads what exports write. `make test` names it; else Debian's or the first in PATH
/// is tried, and tests that need its modules are skipped without them.
enum Python {
  static let named = ProcessInfo.processInfo.environment["ESCAPEMENT_PYTHON"]

  /// Whether to run these tests: where `make test` asked for them a missing module is a failure.
  static let isThere =
    named != nil
    || (try? run([
      "-c", "import xarray, netCDF4, pandas, matplotlib, nbclient, ipykernel, html5lib",
    ]))?
    .status == 0

  /// Runs Python on a script beside these tests, with arguments.
  static func run(script: String, _ arguments: [String]) throws -> CommandResult {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Python")
    return try run([folder.appendingPathComponent(script).path] + arguments)
  }

  static func run(_ arguments: [String]) throws -> CommandResult {
    let debian = "/usr/bin/python3"
    let path = named ?? (FileManager.default.isExecutableFile(atPath: debian) ? debian : "python3")
    return try runProgram("/usr/bin/env", [path] + arguments)
  }
}
