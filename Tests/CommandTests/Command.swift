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

/// Runs any program to its end, or until `deadline` has passed and it is killed: status -1.
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
  let guardian = Guardian(process)
  // One pipe on a thread of its own: a full pipe that nobody reads would stop the command.
  let reader = PipeReader(errors)
  let stdout = given == nil ? output.fileHandleForReading.readDataToEndOfFile() : Data()
  let stderr = reader.wait()
  process.waitUntilExit()
  guardian.leave()
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

/// Waits until a process has ended, or until `deadline` has passed and it is killed.
func waitForEnd(of process: Process) {
  let guardian = Guardian(process)
  process.waitUntilExit()
  guardian.leave()
}

/// Waits until `condition` holds, the process has ended, or `deadline` has passed.
///
/// Returns whether it holds: a process that is waited for in vain is a failure, however slow the
/// machine.
func wait(while process: Process, until condition: () -> Bool) -> Bool {
  let end = ContinuousClock.now + deadline
  while process.isRunning, .now < end {
    if condition() { return true }
    usleep(2000)
  }
  return condition()
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

/// How long a process may take before it counts as hanging: each takes seconds at most, and other
/// tests and programs want the same cores.
private let deadline: Duration = .seconds(600)

/// Kills a process that does not end.
private struct Guardian {
  private let work: DispatchWorkItem

  init(_ process: Process) {
    let identifier = process.processIdentifier
    work = DispatchWorkItem { kill(identifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(
      deadline: .now() + .seconds(Int(deadline.components.seconds)), execute: work)
  }

  func leave() { work.cancel() }
}

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
