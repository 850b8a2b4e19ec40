import Dispatch
import Foundation

/// Says that a person or the system stopped the program, and that what was finished is kept.
struct InterruptedError: Error, CustomStringConvertible {
  let description: String
}

/// Runs `body` as a task that is cancelled when the program is told to stop: Ctrl-C, SIGTERM, a
/// terminal that goes. A second signal ends the program.
func cancelledBySignals<Result: Sendable>(
  _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  let task = Task { try await body() }
  let numbers = [SIGINT, SIGTERM, SIGHUP].filter { !isIgnored($0) }
  let sources = numbers.map { number in
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler {
      task.cancel()
      signal(number, SIG_DFL)
    }
    source.resume()
    return source
  }
  defer {
    for source in sources { source.cancel() }
    for number in numbers { signal(number, SIG_DFL) }
  }
  return try await task.value
}
