import GSL

/// Holds the d-dimensional weights of one replica of full SGD under any rule of learning.
///
/// Every step is as the rule says it, on the weights themselves: fields by dot products, looks ahead at rows that are moved,
/// repetitions on inputs that are kept, Q from the rows. It shares with the exact chain no more than what an activation and
/// a target are, so that each is a check of the other. The teacher's orthonormal axes are the first k coordinates.
///
/// Cost some 6 p d flops a sample, 10 with a look-ahead, and p² d a step. Memory 8 d(2 p + 2) bytes, with repetitions 8 B d
/// more. A step allocates nothing; a workspace belongs to one task.
final class RuleWeights {
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
  private let levels: OverlapLevels
  private let watchesRisk: Bool
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
  /// Where samples come from that return.
  private let source: SampleSource?
  /// Steps taken since the start, and γ of the coming one.
  private var steps = 0
  private var learningRate: Double
  /// γ_a of the coming step over γ_a.
  private var layerFactor = 1.0

  /// The numbers that a model's weights and inputs take, roughly.
  static func count(_ model: Model) -> Double {
    let kept = model.rule.repetitions > 1 ? Double(model.rule.batchSize) : 1
    return Double(model.dimension) * (2 * Double(model.width) + 1 + kept)
  }

  /// `generator` is that of the streams which steps are taken on; throws for a set of samples that return where it is not
  /// keyed.
  init(
    model: Model, watchesRisk: Bool = true, levels: [ExitCriterion] = [],
    generator: RandomGenerator = .xoshiro
  ) throws {
    self.model = model
    source = try model.samples.flatMap {
      $0.returns ? try SampleSource($0, model: model, generator: generator) : nil
    }
    self.watchesRisk = watchesRisk
    let (p, k, d) = (model.width, model.teacherUnits, model.dimension)
    let kept = model.rule.repetitions > 1 ? model.rule.batchSize : 1
    (width, teacherUnits, dimension) = (p, k, d)
    length = Double(d).squareRoot()
    labelNoiseDeviation = model.labelNoise.squareRoot()
    learningRate = model.clock.learningRate(ofStep: 0)
    function = ActivationFunction(model.activation)
    target = TargetFunction(model: model)
    networkRisk = try NetworkRisk(model: model)
    self.levels = OverlapLevels(model: model, criteria: levels)
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
      if steps % model.rule.repetitions == 0 { draw(sample, place, stream) }
      add(inputs + place * dimension, labelErrors[place])
    }
    steps += 1
    moveSecondLayer()
    moveRows()
    constrain()
    readOverlaps()
  }

  /// Takes a sample of the batch to a place of the inputs.
  private func draw(_ sample: Int, _ place: Int, _ stream: RandomStream) {
    if let source, let set = model.samples {
      let (epoch, step) = steps.quotientAndRemainder(dividingBy: set.stepsPerEpoch(model.rule))
      let first = step / model.rule.repetitions * model.rule.batchSize
      let index = source.index(first + sample, epoch: epoch)
      labelErrors[place] = source.make(index, into: inputs + place * dimension)
      return
    }
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
    guard levels.isFinite(gram: gram) else {
      risk = .nan
      return
    }
    risk = watchesRisk ? evaluated() : 0
  }

  /// (1/N) Σ ½(y − f)² over the samples that return.
  private func trainingRisk(_ source: SampleSource, _ count: Int) -> Double {
    var sum = 0.0
    for index in 0..<count {
      let label = source.make(index, into: moved) + target.value(moved)
      var output = 0.0
      for j in 0..<width {
        let field = dot(rows + j * dimension, moved, dimension) / length
        output += secondLayer[j] * function.value(field) / Double(width)
      }
      sum += 0.5 * (label - output) * (label - output)
    }
    return sum / Double(count)
  }

  private func evaluated() -> Double {
    networkRisk.value(axes: axes, gram: gram, secondLayer: secondLayer)
  }
}

extension RuleWeights: SteppedReplica {
  func begin(_ stream: RandomStream) { source?.open(stream) }

  func writeLevels(into output: UnsafeMutablePointer<Double>) {
    levels.write(into: output, axes: axes, gram: gram)
  }

  var point: PathPoint {
    let risk = watchesRisk || !self.risk.isFinite ? self.risk : evaluated()
    var training: (() -> Double)?
    if let source, let set = model.samples {
      training = { self.trainingRisk(source, set.count) }
    }
    return PathPoint(risk: risk, trainingRisk: training) {
      NetworkState(
        model: self.model, axes: self.axes, gram: self.gram, secondLayer: self.secondLayer)
    }
  }

  var portion: Int { steppedPortion(width * dimension * (model.rule.batchSize + width)) }

  func pass(through transfer: any StateTransfer) throws {
    try memory.pass(through: transfer)
    try transfer.pass(&risk)
    try source?.pass(through: transfer)
    try transfer.pass(&steps)
    try StateError.require((0..<1 << 60).contains(steps))
  }
}
