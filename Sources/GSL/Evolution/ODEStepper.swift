import CGSL

/// Names a method of GSL that steps ordinary differential equations.
public struct ODEStepper: Sendable, Hashable {
  /// Holds GSL's name of the method, for example "rk8pd".
  public let name: String

  /// Lists every method: explicit Runge–Kutta ("rk2", "rk4", "rkf45", "rkck", "rk8pd"),
  /// implicit Runge–Kutta ("rk1imp", "rk2imp", "rk4imp"), Bulirsch–Stoer ("bsimp"), and
  /// multistep of Adams ("msadams") and of backward differences ("msbdf").
  public static let all: [ODEStepper] = (0..<Int32(escapement_ode_stepper_count)).map {
    ODEStepper(verified: String(cString: escapement_ode_stepper($0).pointee.name))
  }

  /// Is the embedded Runge–Kutta pair of orders 8 and 9 of Prince and Dormand (1981).
  public static let rungeKuttaPrinceDormand = ODEStepper(verified: "rk8pd")

  /// Finds the method called `name`.
  ///
  /// Throws `GSLError` when there is none; the reason lists the valid names.
  public init(named name: String) throws {
    guard Self.all.contains(where: { $0.name == name }) else {
      let names = Self.all.map(\.name).joined(separator: ", ")
      throw GSLError.invalid("ODEStepper", "no stepper is named '\(name)'; choose one of \(names)")
    }
    self.name = name
  }

  private init(verified name: String) {
    self.name = name
  }

  var type: UnsafePointer<gsl_odeiv2_step_type> {
    // Every instance has a name from `all`, which is in the order of the shim's table.
    escapement_ode_stepper(Int32(Self.all.firstIndex(of: self)!))
  }
}
