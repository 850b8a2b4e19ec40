import CGSL

/// Advances a system of ordinary differential equations by adaptive steps.
///
/// An evolution belongs to one task at a time.
public final class ODEEvolution {
  /// Names the method.
  public let stepper: ODEStepper

  private let system: ODESystem
  private let description: UnsafeMutablePointer<gsl_odeiv2_system>
  // The driver is the simplest owner of step, control and evolution; the implicit and the
  // multistep methods read its error control. Its own loop is not used.
  private let driver: UnsafeMutablePointer<gsl_odeiv2_driver>
  private let maximumStep: Double
  private var step: Double
  private var direction = FloatingPointSign.plus
  private var stateBefore: [Double]

  /// Prepares to solve dy/dt = f(t, y) in `dimension` ≥ 1 unknowns.
  ///
  /// A step is accepted when its error estimate in each component is at most
  /// `absoluteTolerance` + `relativeTolerance` · |y|. Both are at least 0 and one is positive.
  /// The first trial step is `initialStep` > 0; none is longer than `maximumStep` > 0.
  /// `derivatives` writes f(t, y); where that is not finite, a shorter step is tried. Implicit
  /// methods take the Jacobian by central differences, at 2 (`dimension` + 1) calls each.
  ///
  /// Throws `GSLError` for an argument out of range.
  public init(
    dimension: Int, stepper: ODEStepper = .rungeKuttaPrinceDormand, absoluteTolerance: Double,
    relativeTolerance: Double, initialStep: Double, maximumStep: Double = .infinity,
    derivatives:
      @escaping (
        _ time: Double, _ state: UnsafePointer<Double>,
        _ derivatives: UnsafeMutablePointer<Double>
      ) -> Void
  ) throws {
    handlerIsOff
    guard dimension >= 1 else {
      throw GSLError.invalid("ODEEvolution", "the dimension must be at least 1")
    }
    guard absoluteTolerance >= 0, absoluteTolerance.isFinite, relativeTolerance >= 0,
      relativeTolerance.isFinite, absoluteTolerance + relativeTolerance > 0
    else {
      throw GSLError.invalid("ODEEvolution", "tolerances must be at least 0, and one positive")
    }
    try Self.checkStep(initialStep)
    guard maximumStep > 0 else {
      throw GSLError.invalid("ODEEvolution", "the maximum step must be positive")
    }
    self.stepper = stepper
    self.maximumStep = maximumStep
    step = initialStep
    stateBefore = Array(repeating: 0, count: dimension)
    system = ODESystem(dimension: dimension, derivatives: derivatives)
    let description = UnsafeMutablePointer<gsl_odeiv2_system>.allocate(capacity: 1)
    description.initialize(to: system.description)
    guard
      let driver = gsl_odeiv2_driver_alloc_y_new(
        description, stepper.type, initialStep, absoluteTolerance, relativeTolerance)
    else {
      description.deallocate()
      throw GSLError(Int32(GSL_ENOMEM), "gsl_odeiv2_driver_alloc_y_new")
    }
    self.description = description
    self.driver = driver
  }

  deinit {
    gsl_odeiv2_driver_free(driver)
    description.deallocate()
  }

  /// Takes one adaptive step from `time` towards `end`, which may lie before it.
  ///
  /// The step never passes `end`, and lands on it exactly. Nothing happens when `time` is
  /// `end`. Call `reset` first when `state` or `time` changed since the last step.
  /// Throws `GSLError` when `state` has another length than the dimension, an argument is not
  /// finite, or, with ``GSLError/isEndOfSolution``, no step, however short, meets the tolerances; `time`
  /// and `state` then stay.
  public func advance(time: inout Double, towards end: Double, state: inout [Double]) throws {
    guard state.count == system.dimension else {
      throw GSLError(Int32(GSL_EBADLEN), "ODEEvolution.advance")
    }
    guard time.isFinite, end.isFinite, state.allSatisfy(\.isFinite) else {
      throw GSLError.invalid("ODEEvolution.advance", "the time, its end or the state is not finite")
    }
    guard time != end else { return }
    let newDirection: FloatingPointSign = end > time ? .plus : .minus
    if newDirection != direction {
      direction = newDirection
      try reset(step: step)
    }
    for index in state.indices {
      stateBefore[index] = state[index]
    }
    let timeBefore = time
    let length = min(step, maximumStep)
    var signedStep = newDirection == .plus ? length : -length
    let status = state.withUnsafeMutableBufferPointer { buffer in
      gsl_odeiv2_evolve_apply(
        driver.pointee.e, driver.pointee.c, driver.pointee.s, description, &time, end,
        &signedStep, buffer.baseAddress)
    }
    // GSL accepts steps too short to move the time, and so would never pass a pole of the solution.
    guard status == success, time != timeBefore, state.allSatisfy(\.isFinite) else {
      time = timeBefore
      for index in state.indices {
        state[index] = stateBefore[index]
      }
      try check(status, "gsl_odeiv2_evolve_apply")
      throw GSLError(Int32(GSL_FAILURE), "gsl_odeiv2_evolve_apply")
    }
    step = abs(signedStep)
  }

  /// Forgets the past steps; the next trial step is `step` > 0.
  ///
  /// Throws `GSLError` when `step` is not positive and finite.
  public func reset(step: Double) throws {
    try Self.checkStep(step)
    self.step = step
    try check(gsl_odeiv2_evolve_reset(driver.pointee.e), "gsl_odeiv2_evolve_reset")
    try check(gsl_odeiv2_step_reset(driver.pointee.s), "gsl_odeiv2_step_reset")
  }

  private static func checkStep(_ step: Double) throws {
    guard step > 0, step.isFinite else {
      throw GSLError.invalid("ODEEvolution", "a step must be positive and finite")
    }
  }
}
