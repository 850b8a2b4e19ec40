import Foundation

/// Holds what a finished command leaves behind.
struct CommandResult: Sendable {
  let status: Int32
  let stdout: String
  let stderr: String

  var errorLines: [Substring] { stderr.split(separator: "\n") }
}

/// Runs the command of this build to its end; it stands beside the tests' own executable.
///
/// `stdout` replaces the pipe that standard output is read from.
func runCommand(
  _ arguments: [String], in directory: URL? = nil, stdout given: FileHandle? = nil,
  environment: [String: String]? = nil
) throws -> CommandResult {
  try runProgram(
    commandURL.path, arguments, in: directory,
    stdout: given, environment: environment)
}

/// Runs any program to its end.
func runProgram(
  _ path: String, _ arguments: [String], in directory: URL? = nil, stdout given: FileHandle? = nil,
  environment: [String: String]? = nil
) throws -> CommandResult {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: path)
  process.arguments = arguments
  process.currentDirectoryURL = directory
  if let environment { process.environment = environment }
  process.standardInput = FileHandle.nullDevice
  let (output, errors) = (Pipe(), Pipe())
  process.standardOutput = given ?? output
  process.standardError = errors
  try process.run()
  // One pipe on a thread of its own: a full pipe that nobody reads would stop the command.
  let reader = PipeReader(errors)
  let stdout = given == nil ? output.fileHandleForReading.readDataToEndOfFile() : Data()
  let stderr = reader.wait()
  process.waitUntilExit()
  return CommandResult(
    status: process.terminationReason == .exit ? process.terminationStatus : -1,
    stdout: String(decoding: stdout, as: UTF8.self),
    stderr: String(decoding: stderr, as: UTF8.self))
}

/// Starts `escapement` with words separated by spaces; nobody reads what it prints.
func startCommand(_ words: String, in directory: URL) throws -> Process {
  let process = Process()
  process.executableURL = buildDirectory.appendingPathComponent("escapement")
  process.arguments = words.split(separator: " ").map(String.init)
  process.currentDirectoryURL = directory
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  try process.run()
  return process
}

/// Runs `escapement` with words separated by spaces.
func runCommand(_ words: String, in directory: URL? = nil) throws -> CommandResult {
  try runCommand(words.split(separator: " ").map(String.init), in: directory)
}

/// Runs `body` with a directory of its own, which is removed afterwards.
func withDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let directory = FileManager.default.temporaryDirectory
    .appendingPathComponent("escapement-test-\(UUID().uuidString)", isDirectory: true)
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  return try body(directory)
}

/// The command of this build.
let commandURL = buildDirectory.appendingPathComponent("escapement")

/// Where the build puts executables. On macOS a helper loads the tests, so that their bundle tells.
private let buildDirectory: URL = {
  #if os(macOS)
    let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? .main
    return bundle.bundleURL.deletingLastPathComponent()
  #else
    return URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
  #endif
}()

private final class PipeReader: @unchecked Sendable {
  private var data = Data()
  private let done = DispatchSemaphore(value: 0)

  init(_ pipe: Pipe) {
    Thread { [self] in
      data = pipe.fileHandleForReading.readDataToEndOfFile()
      done.signal()
    }.start()
  }

  func wait() -> Data {
    done.wait()
    return data
  }
}
