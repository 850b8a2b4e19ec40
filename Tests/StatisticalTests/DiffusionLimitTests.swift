import Dynamics
import GSL
import Testing

/// The SDE against moments of its exit time that no Monte Carlo made, and against the chain.
@Suite struct DiffusionLimitTests {
  private func times(
    dimension: Int = 3000, timeStep: Double, finiteSizeDrift: Bool = false,
    scheme: DiffusionScheme = .driftHeun, monitoring: Monitoring = .continuous,
    replicas: Int = 100_000, learningRate: Double = 0.1, overlap: Double = 0.0184786795,
    seed: UInt64 = 21
  ) async throws -> [[Double]] {
    let model = try Model(dimension: dimension, learningRate: learningRate, labelNoise: 1e-4)
    let engine = try DiffusionLimit(
      model: model, exitRule: ExitRule(thresholds: [0.01, 0.5], horizon: 40), timeStep: timeStep,
      finiteSizeDrift: finiteSizeDrift, scheme: scheme, monitoring: monitoring)
    return try await exitTimes(
      engine, replicas: replicas, start: .overlaps([overlap], of: model), seed: seed)
  }

  /// Kernel, polynomials and full covariance: one law at T = 0.01 and 0.5, from other numbers.
  @Test func `the three paths for p = 1 have one law`() async throws {
    let model = try Model(dimension: 300, learningRate: 0.1, labelNoise: 0.1)
    let rule = try ExitRule(thresholds: [0.01, 0.5], horizon: 3)
    func sample(
      polynomials: Bool, kernels: Bool, timeStep: Double = 1.0 / 64, seed: UInt64
    ) async throws -> [[Double]] {
      let engine = try DiffusionLimit(
        model: model, exitRule: rule, timeStep: timeStep, usesPolynomials: polynomials,
        usesKernels: kernels)
      return try await exitTimes(
        engine, replicas: 20_000, start: .overlaps([0.05], of: model), seed: seed)
    }
    let kernel = try await sample(polynomials: true, kernels: true, seed: 26)
    let scalar = try await sample(polynomials: true, kernels: false, seed: 27)
    let general = try await sample(polynomials: false, kernels: false, seed: 28)
    for index in 0..<2 {
      #expect(try kolmogorovSmirnov(kernel[index], scalar[index]) > falseAlarmRate / 4)
      #expect(try kolmogorovSmirnov(kernel[index], general[index]) > falseAlarmRate / 4)
    }
    // Sabotage: times that are one step late.
    let late = general[0].map { $0 + 1.0 / 64 }
    #expect(try kolmogorovSmirnov(kernel[0], late) < falseAlarmRate / 4)
  }

  /// Lanes and general path for p > 1, at T = 0.01 and 0.5.
  @Test(arguments: [2, 5])
  func `kernel and general path have one law for several students`(width: Int) async throws {
    let model = try Model(
      dimension: 300, width: width, learningRate: 0.1 * Double(width), labelNoise: 0.1,
      secondLayer: (0..<width).map { 1 - 0.1 * Double($0) })
    let rule = try ExitRule(thresholds: [0.01, 0.5], horizon: 3)
    func sample(kernels: Bool, seed: UInt64) async throws -> [[Double]] {
      let engine = try DiffusionLimit(
        model: model, exitRule: rule, timeStep: 1.0 / 64, usesKernels: kernels)
      return try await exitTimes(engine, replicas: 10_000, start: .random, seed: seed)
    }
    let kernel = try await sample(kernels: true, seed: 31)
    let general = try await sample(kernels: false, seed: 32)
    for index in 0..<2 {
      #expect(try kolmogorovSmirnov(kernel[index], general[index]) > falseAlarmRate / 4)
    }
    // Sabotage: times that are one step late.
    let late = general[0].map { $0 + 1.0 / 64 }
    #expect(try kolmogorovSmirnov(kernel[0], late) < falseAlarmRate / 4)
  }

  /// Long steps whose bridge is watched at SGD's times against a grid of those times.
  ///
  /// Corrections of order δ leave below 1%, and the error of the ratio is 0.7% at most.
  @Test(arguments: [1, 4])
  func `discrete monitoring sees what a path watched at SGD's times sees`(width: Int) async throws {
    let model = try Model(
      dimension: 60, width: width, learningRate: 0.1 * Double(width), labelNoise: 1e-4)
    let rule = try ExitRule(thresholds: [0.01], horizon: 10)
    func sample(_ monitoring: Monitoring, _ timeStep: Double) async throws -> [Double] {
      let engine = try DiffusionLimit(
        model: model, exitRule: rule, timeStep: timeStep, monitoring: monitoring)
      return try await exitTimes(engine, replicas: 40_000, start: .random, seed: 33)[0]
    }
    let looked = try await sample(.grid, model.clock.timePerStep)
    let discrete = try await sample(.discrete, 1.0 / 128)
    for time in discrete.prefix(1000) {
      let steps = time / model.clock.timePerStep
      #expect(abs(steps - steps.rounded()) < 1e-9 * max(steps, 1))
    }
    let ratio = try pairedRatio(discrete, looked)
    let continuous = try pairedRatio(try await sample(.continuous, 1.0 / 128), looked)
    print("p = \(width): discrete over grid \(ratio.estimate), continuous \(continuous.estimate)")
    #expect(abs(ratio.estimate - 1) < 0.04)
    // Sabotage: the path watched at all times exits a tenth earlier.
    #expect(abs(continuous.estimate - 1) > 0.04)
  }

  /// The largest deviation of mean and spread over both thresholds, in standard errors.
  private func deviation(_ sample: [[Double]], finiteSizeDrift: Bool = false) throws -> Double {
    var largest = 0.0
    for (values, threshold) in zip(sample, [0.01, 0.5]) {
      let expected = try ExitMoments.of(
        dimension: 3000, threshold: threshold, finiteSizeDrift: finiteSizeDrift)
      largest = max(largest, abs(try meanDeviation(values, from: expected.mean)))
      largest = max(
        largest, abs(try spreadDeviation(values, from: expected.standard_deviation)))
    }
    return largest
  }

  @Test(arguments: [false, true])
  func `mean and spread of exit times are those of the quadrature`(finiteSizeDrift: Bool)
    async throws
  {
    let sample = try await times(timeStep: 1.0 / 64, finiteSizeDrift: finiteSizeDrift)
    #expect(
      try deviation(sample, finiteSizeDrift: finiteSizeDrift) < falseAlarmDeviation + 0.3)
  }

  @Test func `a variance 20% too large is seen`() async throws {
    let sample = try await times(dimension: 2500, timeStep: 1.0 / 64)
    #expect(try deviation(sample) > falseAlarmDeviation + 0.3)
  }

  @Test func `a drift that is 3% too small is seen`() async throws {
    let sample = try await times(timeStep: 1.0 / 64, learningRate: 0.102)
    #expect(try deviation(sample) > falseAlarmDeviation + 0.3)
  }

  @Test func `exits found a step too late are seen`() async throws {
    let sample = try await times(timeStep: 1.0 / 64).map { $0.map { $0 + 1.0 / 64 } }
    #expect(try deviation(sample) > falseAlarmDeviation + 0.3)
  }

  @Test func `watching the grid alone is seen`() async throws {
    let sample = try await times(timeStep: 1.0 / 64, monitoring: .grid)
    #expect(try deviation(sample) > falseAlarmDeviation + 0.3)
  }

  /// Bias of the mean exit time at T = 0.01, and its standard error.
  private func bias(
    _ scheme: DiffusionScheme, _ monitoring: Monitoring, _ timeStep: Double, replicas: Int
  ) async throws -> (value: Double, error: Double) {
    let sample = try await times(
      timeStep: timeStep, scheme: scheme, monitoring: monitoring, replicas: replicas, seed: 22)
    let expected = try ExitMoments.of(dimension: 3000, threshold: 0.01, finiteSizeDrift: false)
    let error = (try variance(of: sample[0]) / Double(replicas)).squareRoot()
    return (try mean(of: sample[0]) - expected.mean, error)
  }

  @Test func `Euler-Maruyama with the crossing correction has a bias of order one`() async throws {
    let coarse = try await bias(.eulerMaruyama, .continuous, 1.0 / 8, replicas: 400_000)
    let middle = try await bias(.eulerMaruyama, .continuous, 1.0 / 16, replicas: 400_000)
    let fine = try await bias(.eulerMaruyama, .continuous, 1.0 / 32, replicas: 400_000)
    print("Euler-Maruyama, corrected: bias \(coarse.value), \(middle.value), \(fine.value)")
    // Halving the step halves the bias, within the error of the ratio and a next order of 12%.
    for (large, small) in [(coarse, middle), (middle, fine)] {
      let allowed =
        falseAlarmDeviation * (large.error + 2 * small.error) + 0.12 * large.value
      #expect(abs(large.value - 2 * small.value) < allowed)
      #expect(small.value > falseAlarmDeviation * small.error)
    }
  }

  @Test func `without the correction the bias falls with the root of the step`() async throws {
    let coarse = try await bias(.driftHeun, .grid, 1.0 / 32, replicas: 400_000)
    let fine = try await bias(.driftHeun, .grid, 1.0 / 128, replicas: 400_000)
    print("drift-Heun, grid times alone: bias \(coarse.value), \(fine.value)")
    // A quarter of the step halves the bias; order one would quarter it.
    let allowed = falseAlarmDeviation * (coarse.error + 2 * fine.error) + 0.12 * coarse.value
    #expect(abs(coarse.value - 2 * fine.value) < allowed)
    #expect(abs(coarse.value - 4 * fine.value) > allowed)
  }

  @Test func `drift-Heun has a tenth of the bias of Euler-Maruyama`() async throws {
    let euler = try await bias(.eulerMaruyama, .continuous, 1.0 / 8, replicas: 400_000)
    let heun = try await bias(.driftHeun, .continuous, 1.0 / 8, replicas: 1_600_000)
    print("step 1/8: bias of Euler-Maruyama \(euler.value), of drift-Heun \(heun.value)")
    #expect(abs(heun.value) + falseAlarmDeviation * heun.error < euler.value / 10)
    // What the default step is chosen by: at most 0.1 h.
    #expect(abs(heun.value) < 0.1 / 8)
  }

  @Test func `drift-Runge-Kutta takes steps of 1/8 within what its default step is chosen by`()
    async throws
  {
    let heun = try await bias(.driftHeun, .continuous, 1.0 / 4, replicas: 400_000)
    let long = try await bias(.driftRungeKutta, .continuous, 1.0 / 4, replicas: 400_000)
    let kutta = try await bias(.driftRungeKutta, .continuous, 1.0 / 8, replicas: 1_600_000)
    print("step 1/4: bias of drift-Heun \(heun.value), of Runge-Kutta \(long.value)")
    print("step 1/8: bias of Runge-Kutta \(kutta.value)")
    #expect(abs(kutta.value) < 0.03 / 8 + falseAlarmDeviation * kutta.error)
    // Sabotage: Heun at twice the step is far outside.
    #expect(abs(heun.value) > 2 * (0.03 / 8 + falseAlarmDeviation * kutta.error))
    #expect(abs(long.value) < abs(heun.value))
  }

  // Random starts are shared, so that the ratio of means is sharper than either mean.
  @Test(arguments: [4, 8])
  func `exit-time means are within 2% of the chain's at d = 3000`(width: Int) async throws {
    let model = try Model(
      dimension: 3000, width: width, learningRate: 0.1 * Double(width), labelNoise: 1e-4)
    let rule = try ExitRule(thresholds: [0.01, 0.5], horizon: 20)
    let replicas = 1500
    let chain = try await exitTimes(
      ReducedChain(model: model, exitRule: rule), replicas: replicas, start: .random, seed: 23)
    let sde = try await exitTimes(
      DiffusionLimit(model: model, exitRule: rule, timeStep: 1.0 / 64), replicas: replicas,
      start: .random, seed: 23)
    for (x, y) in zip(sde, chain) {
      let ratio = try pairedRatio(x, y)
      print("p = \(width): SDE over chain \(ratio.estimate) \(ratio.interval)")
      #expect(abs(ratio.estimate - 1) < 0.02)
    }
  }

  @Test func `a diffusion of another dimension is not within 2% of the chain's`() async throws {
    let rule = try ExitRule(thresholds: [0.01], horizon: 20)
    let model = try Model(dimension: 3000, width: 4, learningRate: 0.4, labelNoise: 1e-4)
    let other = try Model(dimension: 2600, width: 4, learningRate: 0.4, labelNoise: 1e-4)
    let chain = try await exitTimes(
      ReducedChain(model: model, exitRule: rule), replicas: 1500, start: .random, seed: 24)
    let sde = try await exitTimes(
      DiffusionLimit(model: other, exitRule: rule, timeStep: 1.0 / 64), replicas: 1500,
      start: .random, seed: 24)
    let ratio = try pairedRatio(sde[0], chain[0])
    #expect(abs(ratio.estimate - 1) > 0.02)
  }
}

/// At the default step the bias of the SDE's mean exit times is below their error, whatever the rates.
@Suite struct DefaultStepLawTests {
  struct Case: Sendable, CustomStringConvertible {
    let dimension: Int
    let rate: Double
    let horizon: Double
    var replicas = 4000
    var description: String { "d = \(dimension), γ = \(rate)" }
  }

  // Below the critical rate 1/6, beyond it and far beyond it.
  static let cases = [
    Case(dimension: 300, rate: 1, horizon: 3), Case(dimension: 300, rate: 0.5, horizon: 12),
    Case(dimension: 100, rate: 0.2, horizon: 60), Case(dimension: 30, rate: 0.05, horizon: 30),
  ]

  /// Distances of means at T = 0.1 and 0.5 from those of the exit law, in standard errors.
  private func distances(_ item: Case, step: Double?) async throws -> [Double] {
    let model = try Model(dimension: item.dimension, learningRate: item.rate)
    let thresholds = [0.1, 0.5]
    let rule = try ExitRule(thresholds: thresholds, horizon: item.horizon)
    let byDefault = DiffusionLimit.defaultTimeStep(
      model: model, replicas: item.replicas, horizon: item.horizon)
    let times = try await exitTimes(
      DiffusionLimit(model: model, exitRule: rule, timeStep: step ?? byDefault),
      replicas: item.replicas, start: .random, seed: 31)
    return try zip(thresholds, times).map { threshold, times in
      #expect(times.allSatisfy { $0.isFinite })
      let law = try ExitLaw.moments(
        model: model, start: .random, threshold: threshold, finiteSizeDrift: true)
      return abs(try meanDeviation(times, from: law.mean))
    }
  }

  @Test(arguments: cases)
  func `mean exit times at the default step are the law's`(item: Case) async throws {
    for distance in try await distances(item, step: nil) { #expect(distance < falseAlarmDeviation) }
  }

  @Test func `at six times the critical rate a step of 1/64 would not do`() async throws {
    let distances = try await distances(Self.cases[0], step: 1.0 / 64)
    #expect(distances.allSatisfy { $0 > falseAlarmDeviation })
  }
}
