import CGSL

/// Reports a failure of a GSL routine, or an argument that no routine could accept.
public struct GSLError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Holds GSL's status, for example 4 (`GSL_EINVAL`) for an invalid argument.
  public let code: Int32
  /// Names the routine that failed.
  public let function: String
  /// Says what went wrong: GSL's own words for `code`, or the overlay's where it knows more.
  public let reason: String

  /// Reads as "function: reason (GSL error code)".
  public var description: String { "\(function): \(reason) (GSL error \(code))" }

  /// Whether no step of an ODE, however short, meets its tolerances: the solution ends there.
  public var isEndOfSolution: Bool { [Int32(GSL_FAILURE), Int32(GSL_EBADFUNC)].contains(code) }

  init(code: Int32, function: String, reason: String) {
    self.code = code
    self.function = function
    self.reason = reason
  }

  init(_ code: Int32, _ function: String) {
    self.init(code: code, function: function, reason: String(cString: gsl_strerror(code)))
  }

  static func invalid(_ function: String, _ reason: String) -> GSLError {
    GSLError(code: Int32(GSL_EINVAL), function: function, reason: reason)
  }
}

/// Turns GSL's error handler off, once; every entry point that could call it reads this first.
///
/// The default handler aborts the process; without one, GSL's functions return a status.
let handlerIsOff: Void = {
  _ = gsl_set_error_handler_off()
}()

/// Throws the error that `status` names, or returns when it is success.
func check(_ status: Int32, _ function: String) throws {
  guard status != success else { return }
  throw GSLError(status, function)
}

/// Returns `pointer`, or throws when a GSL allocation gave none.
func allocated<Pointee>(
  _ pointer: UnsafeMutablePointer<Pointee>?, _ function: String
) throws -> UnsafeMutablePointer<Pointee> {
  guard let pointer else { throw GSLError(Int32(GSL_ENOMEM), function) }
  return pointer
}

let success = Int32(GSL_SUCCESS)
