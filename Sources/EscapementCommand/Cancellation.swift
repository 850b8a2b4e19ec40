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
  // The task waits until signals are listened to.
  let (gate, opening) = AsyncStream.makeStream(of: Never.self)
  let task = Task {
    for await _ in gate {}
    return try await body()
  }
  let sources = listenToStops { number in
    task.cancel()
    signal(number, SIG_DFL)
  }
  opening.finish()
  defer {
    for source in sources {
      source.cancel()
      signal(Int32(source.handle), SIG_DFL)
    }
  }
  return try await task.value
}
