import Dispatch
import Foundation

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
