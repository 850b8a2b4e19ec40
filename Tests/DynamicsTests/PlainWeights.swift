import GSL
import Testing

@testable import Dynamics

/// Holds the d-dimensional weights of one replica of full SGD under any rule of learning.
///
/// Every step is as the rule says it, on the weights themselves: fields by dot products, looks ahead at rows that are moved,
/// repetitions on inputs that are kept, Q from the rows. It shares with ``NetworkWeights`` no more than what an activation
/// and a target are, and draws the same numbers in the same order. The teacher's orthonormal axes are the first k
/// coordinates.
final class PlainWeights {
  let model: Model
  /// The excess risk after the last step; not a number once a norm is no finite number.
  private(set) var risk = 0.0

  private let width: Int
  private let teacherUnits: Int
  private let dimension: Int
  private let length: Double
  private let labelNoiseDeviation: Double
  private let function: ActivationFunction
  private let target: TargetFunction
  private let networkRisk: NetworkRisk
  private let memory: KernelMemory
  private let rows: UnsafeMutablePointer<Double>
  private let secondLayer: UnsafeMutablePointer<Double>
  /// The inputs of the batch where they are needed again, else one, and their label errors.
  private let inputs: UnsafeMutablePointer<Double>
  private let labelErrors: UnsafeMutablePointer<Double>
  /// Σ_b v_jb x_b and Σ_b e_bσ(λ_jb).
  private let gain: UnsafeMutablePointer<Double>
  private let layerGain: UnsafeMutablePointer<Double>
  private let field: UnsafeMutablePointer<Double>
  private let value: UnsafeMutablePointer<Double>
  private let slope: UnsafeMutablePointer<Double>
  private let push: UnsafeMutablePointer<Double>
  private let moved: UnsafeMutablePointer<Double>
  private let axes: UnsafeMutablePointer<Double>
  /// Q, its lower triangle column by column.
  private let gram: UnsafeMutablePointer<Double>
  /// Steps taken since the start, and γ of the coming one.
  private var steps = 0
  private var learningRate: Double
  /// γ_a of the coming step over γ_a.
  private var layerFactor = 1.0

  init(model: Model) throws {
    self.model = model
    let (p, k, d) = (model.width, model.teacherUnits, model.dimension)
    let kept = model.rule.repetitions > 1 ? model.rule.batchSize : 1
    (width, teacherUnits, dimension) = (p, k, d)
    length = Double(d).squareRoot()
    labelNoiseDeviation = model.labelNoise.squareRoot()
    learningRate = model.clock.learningRate(ofStep: 0)
    function = ActivationFunction(model.activation)
    target = TargetFunction(model: model)
    networkRisk = try NetworkRisk(model: model)
    let triangle = p * (p + 1) / 2
    memory = KernelMemory([p * d, kept * d, p * d, d, kept, p, p, p, p, p, p, p * k, triangle])
    rows = memory.take(p * d)
    inputs = memory.take(kept * d)
    gain = memory.take(p * d)
    moved = memory.take(d)
    labelErrors = memory.take(kept)
    secondLayer = memory.take(p)
    layerGain = memory.take(p)
    field = memory.take(p)
    value = memory.take(p)
    slope = memory.take(p)
    push = memory.take(p)
    axes = memory.take(p * k)
    gram = memory.take(triangle)
  }

  /// Puts the students on the first p + k coordinates, where the frame says.
  func place(_ frame: StudentFrame) {
    memory.clear()
    steps = 0
    for j in 0..<width {
      let row = rows + j * dimension
      for r in 0..<teacherUnits {
        row[r] = length * frame.teacherOverlaps[j * teacherUnits + r]
      }
      for i in 0...j { row[teacherUnits + i] = length * frame.residual[j * width + i] }
      secondLayer[j] = model.secondLayer[j]
    }
    constrain()
    readOverlaps()
  }

  /// Takes one step of SGD, on a fresh batch where the last is used up.
  func step(_ stream: RandomStream) {
    learningRate = model.clock.learningRate(ofStep: steps)
    layerFactor = model.secondLayerFactor(ofStep: steps, learningRate: learningRate)
    for i in 0..<(width * dimension) { gain[i] = 0 }
    for j in 0..<width { layerGain[j] = 0 }
    let repeats = model.rule.repetitions > 1
    for sample in 0..<model.rule.batchSize {
      let place = repeats ? sample : 0
      if steps % model.rule.repetitions == 0 { draw(place, stream) }
      add(inputs + place * dimension, labelErrors[place])
    }
    steps += 1
    moveSecondLayer()
    moveRows()
    constrain()
    readOverlaps()
  }

  /// Takes a sample of the batch to a place of the inputs.
  private func draw(_ place: Int, _ stream: RandomStream) {
    stream.fillGaussian(
      UnsafeMutableBufferPointer(start: inputs + place * dimension, count: dimension))
    labelErrors[place] = labelNoiseDeviation == 0 ? 0 : labelNoiseDeviation * stream.gaussian()
  }

  /// Adds what one sample pushes.
  private func add(_ input: UnsafePointer<Double>, _ labelError: Double) {
    let label = target.value(input) + labelError
    for j in 0..<width { field[j] = dot(rows + j * dimension, input, dimension) / length }
    var error = findPush(label)
    if model.rule.lookAhead != 0 {
      for j in 0..<width {
        let (row, amount) = (rows + j * dimension, model.rule.lookAhead * push[j] / length)
        for i in 0..<dimension { moved[i] = row[i] + amount * input[i] }
        field[j] = dot(moved, input, dimension) / length
      }
      error = findPush(label)
    }
    for j in 0..<width {
      let (sum, amount) = (gain + j * dimension, push[j])
      for i in 0..<dimension { sum[i] += amount * input[i] }
      layerGain[j] += error * value[j]
    }
  }

  /// v_j at the fields, and the error in it.
  private func findPush(_ label: Double) -> Double {
    var output = 0.0
    for j in 0..<width {
      (value[j], slope[j]) = function.valueAndSlope(field[j])
      output += secondLayer[j] * value[j] / Double(width)
    }
    let error: Double
    switch model.rule.loss {
    case .square: error = label - output
    case .correlation: error = label
    }
    for j in 0..<width { push[j] = secondLayer[j] * error * slope[j] }
    return error
  }

  private func moveRows() {
    let share = Double(width * model.rule.batchSize)
    let rate = learningRate / share / length
    for j in 0..<width {
      let (row, sum) = (rows + j * dimension, gain + j * dimension)
      if model.constraint.isTangential {
        let along = dot(sum, row, dimension) / dot(row, row, dimension)
        for i in 0..<dimension { sum[i] -= along * row[i] }
      }
      for i in 0..<dimension { row[i] += rate * sum[i] }
    }
  }

  private func moveSecondLayer() {
    guard model.trainsSecondLayer else { return }
    let secondLayerRate = model.secondLayerRate * layerFactor
    let rate = secondLayerRate / Double(width * model.rule.batchSize)
    var total = 0.0
    for j in 0..<width {
      secondLayer[j] += rate * layerGain[j]
      total += secondLayer[j]
    }
    guard model.normalisesSecondLayer else { return }
    for j in 0..<width { secondLayer[j] *= Double(width) / total }
  }

  private func constrain() {
    guard model.constraint.keepsNorm else { return }
    for j in 0..<width {
      let row = rows + j * dimension
      let scale = length / dot(row, row, dimension).squareRoot()
      for i in 0..<dimension { row[i] *= scale }
    }
  }

  /// Takes the coordinates along the teacher's axes, Q and the risk from the weights.
  private func readOverlaps() {
    for j in 0..<width {
      for r in 0..<teacherUnits { axes[j * teacherUnits + r] = rows[j * dimension + r] / length }
    }
    var index = 0
    for column in 0..<width {
      for row in column..<width {
        gram[index] =
          dot(rows + row * dimension, rows + column * dimension, dimension) / Double(dimension)
        index += 1
      }
    }
    risk = networkRisk.value(axes: axes, gram: gram, secondLayer: secondLayer)
  }
}

extension PlainWeights: SteppedReplica {
  var point: PathPoint {
    PathPoint(risk: risk) {
      NetworkState(
        model: self.model, axes: self.axes, gram: self.gram, secondLayer: self.secondLayer)
    }
  }

  var portion: Int { 1 }

  func pass(through transfer: any StateTransfer) throws {}
}

/// Σ x_i y_i.
private func dot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
  (0..<count).reduce(0) { $0 + x[$1] * y[$1] }
}

/// Full SGD in passes over rows with pending updates and scales, against the rule as it is said.
@Suite struct PlainWeightsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let constraint: Constraint
    let rule: LearningRule
    var testDescription: String {
      "\(constraint), batches of \(rule.batchSize), \(rule.repetitions) times, \(rule.lookAhead) ahead, \(rule.loss)"
    }
  }

  static let cases = Constraint.allCases.flatMap { constraint in
    [(1, 1, 0), (1, 1, 0.3), (1, 3, 0), (1, 2, 0.3), (3, 1, 0), (3, 1, -0.2), (3, 4, 0.3)].flatMap {
      (batch, repetitions, lookAhead) in
      LearningRule.Loss.allCases.map { loss in
        Case(
          constraint: constraint,
          rule: try! LearningRule(
            batchSize: batch, loss: loss, lookAhead: lookAhead, repetitions: repetitions))
      }
    }
  }

  private func path(_ replica: any SteppedReplica, steps: Int = 150) throws -> [Double] {
    let stream = try RandomStream(seed: 6, purpose: 9, replica: 1)
    replica.place(Start.random.frame(of: replica.model, from: stream))
    return (0..<steps).flatMap { _ in
      replica.step(stream)
      let (point, state) = (replica.point, replica.point.state)
      return [point.risk] + state.teacherOverlaps + state.studentOverlaps + state.secondLayer
    }
  }

  @Test(arguments: cases) func `full SGD moves as the rule says`(item: Case) throws {
    func model(_ learningRate: Double) throws -> Model {
      try Model(
        dimension: 75, width: 3, teacherUnits: 2, learningRate: learningRate, labelNoise: 0.1,
        secondLayerRate: 0.01, activation: .tanh, target: .mean(.relu),
        teacherGram: [[1, 0.4], [0.4, 0.8]], constraint: item.constraint, rule: item.rule)
    }
    func distance(_ x: [Double], _ y: [Double]) -> Double {
      zip(x, y).map { abs($0 - $1) }.max() ?? .infinity
    }
    let plain = try path(PlainWeights(model: model(0.8)))
    #expect(try distance(plain, path(NetworkWeights(model: model(0.8)))) < 1e-11)
    #expect(try distance(plain, path(NetworkWeights(model: model(0.8001)))) > 1e-7)
  }
}
