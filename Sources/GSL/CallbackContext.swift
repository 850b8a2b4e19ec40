import CGSL

/// Carries a throwing Swift function through GSL's void pointer.
///
/// A C routine cannot unwind: the first error is kept here, the function is not called again,
/// and the caller rethrows once the routine has returned.
struct CallbackContext {
  private let function: (Double) throws -> Double
  private(set) var error: (any Error)?

  init(_ function: @escaping (Double) throws -> Double) {
    self.function = function
  }

  mutating func value(
    at argument: Double, named name: String, onError placeholder: Double
  ) -> Double {
    guard error == nil else { return placeholder }
    do {
      let value = try function(argument)
      guard value.isFinite else {
        throw GSLError(
          code: Int32(GSL_EBADFUNC), function: name,
          reason: "the function is not finite at \(argument)")
      }
      return value
    } catch {
      self.error = error
      return placeholder
    }
  }
}
