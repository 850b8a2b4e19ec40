import Dispatch
import Escapement
import Foundation

/// Saves a run and ends the process when it is told to stop: Ctrl-C, SIGTERM, a terminal that goes.
///
/// Finished replicas are saved at once, then the states of long ones under way: within half a minute, or
/// until a second signal that comes later than a second.
final class Interruption {
  /// What can be taken up again.
  static let status: Int32 = 75

  private let sources: [any DispatchSourceSignal]

  /// Listens from now on; `advice` says how to go on.
  init(saving journal: RecordJournal, advice: String) {
    sources = listenToStops { number in
      do {
        try journal.save()
        // Some send a signal twice at once, to a process and to its group.
        DispatchQueue.global().asyncAfter(deadline: .now() + 1) { signal(number, SIG_DFL) }
        try journal.stop(within: .seconds(30))
        Console.error("\nescapement: interrupted, what is finished is saved: \(advice)\n")
        _exit(Interruption.status)
      } catch {
        Console.error("\nescapement: \(error)\n")
        _exit(ExitStatus.cannotWrite)
      }
    }
  }

  /// Stops listening: from now on a signal ends the process in the ordinary way.
  func end() { stopListening(sources) }
}

/// Tells, when a program is told to stop that keeps nothing until its end, that nothing was saved, and ends it
/// with the status that a shell gives to a program which the signal ended.
final class UnsavedWork {
  private let sources: [any DispatchSourceSignal]

  /// Listens from now on; `keepsResult` where the result would have been kept.
  init(keepsResult: Bool = false) {
    sources = listenToStops { number in
      Console.error(
        "\nescapement: interrupted, nothing was saved"
          + (keepsResult ? "\n" : ": --output DIR keeps what is finished\n"))
      _exit(128 + number)
    }
  }

  /// Stops listening: from now on a signal ends the process in the ordinary way.
  func end() { stopListening(sources) }
}

/// Gives signals back to the system.
private func stopListening(_ sources: [any DispatchSourceSignal]) {
  for source in sources {
    source.cancel()
    signal(Int32(source.handle), SIG_DFL)
  }
}

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
  defer { stopListening(sources) }
  return try await task.value
}

/// Calls `body` with each signal that tells the program to stop: Ctrl-C, SIGTERM, a terminal that
/// goes.
///
/// Signals are listened to when this returns; before, one ends the program in the ordinary way. What
/// is ignored already stays so, as nohup and background jobs want it.
func listenToStops(_ body: @escaping @Sendable (Int32) -> Void) -> [any DispatchSourceSignal] {
  let queue = DispatchQueue(label: "escapement.stop-signals")
  let registrations = DispatchGroup()
  let sources = [SIGINT, SIGTERM, SIGHUP].filter { !isIgnored($0) }.map { number in
    let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
    source.setEventHandler { body(number) }
    registrations.enter()
    source.setRegistrationHandler { registrations.leave() }
    // On Linux the source takes the place of what the signal would do; on macOS it only watches.
    #if canImport(Darwin)
      signal(number, SIG_IGN)
    #endif
    source.resume()
    return source
  }
  registrations.wait()
  return sources
}

/// Whether a signal is ignored already, as nohup and background jobs want it.
func isIgnored(_ number: Int32) -> Bool {
  var action = sigaction()
  guard sigaction(number, nil, &action) == 0 else { return false }
  #if canImport(Darwin)
    let handler = action.__sigaction_u.__sa_handler
  #else
    let handler = action.__sigaction_handler.sa_handler
  #endif
  return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
}
