import GSL
import Testing

@testable import Dynamics

@Suite struct NetworkFlowTests {
  private static let correlated: [[Double]] = [[1.2, 0.3], [0.3, 0.9]]
  private static let gram: [[Double]] = [
    [1.7, 0.2, 0.35, -0.1], [0.2, 0.6, -0.25, 0.4], [0.35, -0.25, 1.2, 0.3], [-0.1, 0.4, 0.3, 0.9],
  ]

  private func model(
    _ activation: Activation, _ target: Target? = nil, _ constraint: Constraint = .free,
    dimension: Int = 1000
  ) throws -> Model {
    try Model(
      dimension: dimension, width: 2, teacherUnits: 2, learningRate: 0.4, labelNoise: 0.2,
      secondLayer: [1.3, -0.6], secondLayerRate: 0.4 / Double(dimension), activation: activation,
      target: target, teacherGram: NetworkFlowTests.correlated, constraint: constraint)
  }

  private func derivatives(_ model: Model) throws -> [Double] {
    let flow = try NetworkFlow(model: model)
    let state = flow.state(of: try frame(NetworkFlowTests.gram, model))
    var output = [Double](repeating: .nan, count: flow.stateLength)
    flow.derivatives(of: state, into: &output)
    return output
  }

  @Test func `squares have the closed form's drift`() throws {
    let model = try unequalModel()
    let start = try frame(unequalGram, model)
    let (moments, flow) = (FieldMoments(model: model), try NetworkFlow(model: model))
    let state = flow.state(of: start)
    var expected = [Double](repeating: 0, count: moments.stateLength)
    var output = [Double](repeating: 0, count: flow.stateLength)
    moments.derivatives(of: start.overlaps, into: &expected)
    flow.derivatives(of: state, into: &output)
    for (x, y) in zip(output, expected) { #expect(abs(x - y) < 1e-13) }
    #expect(output.suffix(3) == [0, 0, 0])
    #expect(abs(flow.risk(of: state) - moments.risk(of: start.overlaps)) < 1e-13)
  }

  @Test(arguments: [Constraint.free, .lagrange])
  func `squares by quadrature are the closed form to 1e-12`(constraint: Constraint) throws {
    let closed = try derivatives(model(.square, nil, constraint))
    let quadrature = try derivatives(
      model(.polynomial([0, 0, 1]), .mean(.polynomial([0, 0, 1])), constraint))
    #expect(closed.contains { abs($0) > 1 })
    for (x, y) in zip(closed, quadrature) { #expect(abs(x - y) < 1e-12) }
  }

  @Test func `erf in closed form is its quadrature`() throws {
    let model = try model(.erf)
    let n = model.fieldCount
    let gram = NetworkFlowTests.gram.flatMap(\.self)
    let (closed, grid) = (FlowExpectations(model: model), FlowExpectations(model: model))
    ErrorFunctionMoments(model: model)
      .evaluate(gram: gram, secondLayer: model.secondLayer, into: closed)
    try QuadratureMoments(model: model, nodesPerAxis: 40)
      .evaluate(gram: gram, secondLayer: model.secondLayer, into: grid)
    for i in 0..<(2 * n) { #expect(abs(closed.first[i] - grid.first[i]) < 1e-8) }
    for i in 0..<4 { #expect(abs(closed.second[i] - grid.second[i]) < 1e-8) }
    for j in 0..<2 { #expect(abs(closed.value[j] - grid.value[j]) < 1e-8) }
    #expect(closed.first[0] != 0)
  }

  /// The largest distance, in standard errors, of the flow from the chain's one-step mean at d = 10⁷.
  private func oneStepDeviation(_ model: Model, of other: Model? = nil) throws -> Double {
    let flow = try NetworkFlow(model: other ?? model)
    let start = try frame(NetworkFlowTests.gram, model)
    let before = flow.state(of: start)
    var drift = [Double](repeating: 0, count: flow.stateLength)
    flow.derivatives(of: before, into: &drift)
    let chain = try NetworkChain(model: model)
    let stream = try RandomStream(seed: 41, purpose: 9, replica: 0)
    var (sums, squares) = (drift.map { _ in 0.0 }, drift.map { _ in 0.0 })
    let samples = 40_000
    for _ in 0..<samples {
      chain.place(start)
      chain.step(stream)
      let state = chain.state
      let q = state.studentOverlaps
      let after = state.teacherOverlaps + [q[0], q[2], q[3]] + state.secondLayer
      for i in drift.indices {
        let rate = (after[i] - before[i]) / model.clock.timePerStep
        sums[i] += rate
        squares[i] += rate * rate
      }
    }
    var largest = 0.0
    for i in drift.indices {
      let mean = sums[i] / Double(samples)
      let error = ((squares[i] / Double(samples) - mean * mean) / Double(samples)).squareRoot()
      largest = max(largest, abs(mean - drift[i]) / error)
    }
    return largest
  }

  static let flows: [(Activation, Target?, Constraint)] = [
    (.square, nil, .free), (.erf, nil, .lagrange), (.tanh, .mean(.square), .free),
    (.sigmoid, .mean(.relu), .lagrange), (.softplus, nil, .free),
    (
      .hermite([0, 1, 0.4]),
      .hermiteTerms([
        HermiteTerm(coefficient: 1, degrees: [1, 0]),
        HermiteTerm(coefficient: 0.5, degrees: [1, 1]),
      ]), .free
    ),
  ]

  @Test(arguments: flows.indices)
  func `drift is the mean step of the chain`(index: Int) throws {
    let (activation, target, constraint) = NetworkFlowTests.flows[index]
    let model = try model(activation, target, constraint, dimension: 10_000_000)
    // Nine components: 4.892 standard errors are 1e-6 for one.
    #expect(try oneStepDeviation(model) < 5.3)
  }

  @Test func `a drift of the wrong target is seen`() throws {
    let model = try model(.tanh, .mean(.erf), .free, dimension: 10_000_000)
    let other = try self.model(.tanh, .mean(.tanh), .free, dimension: 10_000_000)
    #expect(try oneStepDeviation(model, of: other) > 5.3)
  }

  @Test func `beyond the nodes' bound the ODE is refused, by key`() throws {
    let rule = try ExitRule(thresholds: [0.5], horizon: 1)
    let wide = try Model(dimension: 100, width: 8, learningRate: 0.1, activation: .tanh)
    let error = #expect(throws: ParameterError.self) {
      try DeterministicLimit(model: wide, exitRule: rule)
    }
    #expect(error?.key == "width")
    #expect(!DynamicsKind.ode.covers(wide, rule))
    let closed = try Model(dimension: 100, width: 8, learningRate: 0.1, activation: .erf)
    #expect(DynamicsKind.ode.covers(closed, rule))
  }
}
