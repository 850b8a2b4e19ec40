internal import CKernels
import GSL

/// Says where the inputs of full SGD come from.
enum InputSource {
  /// One by one from the replica's stream.
  case stream
  /// From the kernel's sixteen generators of the replica, under a seed.
  case kernel(seed: UInt64, precision: InputPrecision)
}

/// Holds the d-dimensional weights of one replica of full SGD for any network under any rule of learning.
///
/// Row j is scale_j (v_j + pending_j x) with x the last input: one pass over the rows applies the last update and makes
/// the next fields, while the next input is drawn. Of a batch the updates are gathered beside the rows, which are then
/// at rest: pending_j = 0. Steps of one sample carry Q along and take it anew from the rows every 4096 steps; steps of a
/// batch take it from the rows each time. The teacher's orthonormal axes are the first k coordinates.
///
/// Cost 4 p d flops and the d normals a sample, for batches 6 p d and p² d a step. Memory 8 d(p + 2) bytes, for batches
/// 8 d(2 p + 1), with repetitions 8 B d more. A step allocates nothing; a workspace belongs to one task.
final class NetworkWeights {
  let model: Model
  /// The excess risk after the last step; not a number once a norm is no finite number.
  private(set) var risk = 0.0

  private let width: Int
  private let teacherUnits: Int
  private let dimension: Int
  private let stride: Int
  private let batch: Int
  private let repetitions: Int
  private let labelNoiseDeviation: Double
  private let keepsNorm: Bool
  private let isTangential: Bool
  private let gradient: SampleGradient
  private let networkRisk: NetworkRisk
  private let levels: OverlapLevels
  private let watchesRisk: Bool
  private let inputSource: InputSource
  private let instructions: EscInstructionSet
  /// Where samples come from that return.
  private let source: SampleSource?

  private let memory: KernelMemory
  private var rows: EscRows
  /// What the samples of a batch add to the rows.
  private let sums: UnsafeMutablePointer<Double>
  /// The last and the next input in turn, or those of a batch: all where they are needed again, else one.
  private let inputs: UnsafeMutablePointer<Double>
  /// |x|² and the label errors of the inputs that are kept.
  private let norms: UnsafeMutablePointer<Double>
  private let labelErrors: UnsafeMutablePointer<Double>
  private let scale: UnsafeMutablePointer<Double>
  private let kept: UnsafeMutablePointer<Double>
  private let field: UnsafeMutablePointer<Double>
  private let push: UnsafeMutablePointer<Double>
  private let axes: UnsafeMutablePointer<Double>
  /// Q, its lower triangle column by column.
  private let gram: UnsafeMutablePointer<Double>
  private var generators = EscGenerators()
  private var stepsUntilRefresh = 0
  /// Steps taken since the start.
  private var steps = 0

  private static let refreshInterval = 4096

  /// The numbers that a model's weights and inputs take, roughly.
  static func count(_ model: Model) -> Double {
    let (batch, p) = (model.rule.batchSize, Double(model.width))
    guard batch > 1 else { return Double(model.dimension) * (p + 2) }
    let kept = model.rule.repetitions > 1 ? Double(batch) : 1
    return Double(model.dimension) * (2 * p + 1 + kept)
  }

  /// `generator` is that of the streams which steps are taken on; throws for a set of samples that return where it is
  /// not keyed.
  init(
    model: Model, watchesRisk: Bool = true, levels: [ExitCriterion] = [],
    inputs inputSource: InputSource = .stream, generator: RandomGenerator = .xoshiro,
    instructions: InstructionSet = .best
  ) throws {
    self.model = model
    self.watchesRisk = watchesRisk
    self.inputSource = inputSource
    self.instructions = instructions.kernel
    source = try model.samples.flatMap {
      $0.returns ? try SampleSource($0, model: model, generator: generator) : nil
    }
    let (p, k, d) = (model.width, model.teacherUnits, model.dimension)
    (width, teacherUnits, dimension) = (p, k, d)
    stride = Int(esc_sgd_stride(UInt64(d)))
    (batch, repetitions) = (model.rule.batchSize, model.rule.repetitions)
    labelNoiseDeviation = model.labelNoise.squareRoot()
    (keepsNorm, isTangential) = (model.constraint.keepsNorm, model.constraint.isTangential)
    gradient = SampleGradient(model: model)
    networkRisk = try NetworkRisk(model: model)
    self.levels = OverlapLevels(model: model, criteria: levels)
    let triangle = p * (p + 1) / 2
    let places = batch > 1 && repetitions > 1 ? batch : 1
    let inputCount = (batch > 1 ? places : 2) * stride
    let sumCount = batch > 1 ? p * stride : 0
    memory = KernelMemory([
      p * stride, inputCount, sumCount, p, p, 32 * p, places, places, p, p, p, p, p * k, triangle,
    ])
    rows = EscRows(
      dimension: UInt64(d), width: UInt64(p), vectors: memory.take(p * stride), pending: nil,
      product: nil, scratch: nil)
    inputs = memory.take(inputCount)
    sums = memory.take(sumCount)
    rows.pending = memory.take(p)
    rows.product = memory.take(p)
    rows.scratch = memory.take(32 * p)
    norms = memory.take(places)
    labelErrors = memory.take(places)
    scale = memory.take(p)
    kept = memory.take(p)
    field = memory.take(p)
    push = memory.take(p)
    axes = memory.take(p * k)
    gram = memory.take(triangle)
  }

  /// Puts the students on the first p + k coordinates, where the frame says.
  func place(_ frame: StudentFrame) {
    let length = Double(dimension).squareRoot()
    memory.clear()
    (steps, stepsUntilRefresh) = (0, NetworkWeights.refreshInterval)
    for j in 0..<width {
      let row = rows.vectors + j * stride
      for r in 0..<teacherUnits { row[r] = length * frame.teacherOverlaps[j * teacherUnits + r] }
      for i in 0...j { row[teacherUnits + i] = length * frame.residual[j * width + i] }
      (scale[j], kept[j]) = (1, 1)
    }
    gradient.reset()
    takeGram()
    readAxes()
    updateRisk()
  }

  /// Takes one step of SGD, on fresh samples where the last are used up.
  func step(_ stream: RandomStream) {
    if batch == 1 { stepOnSample(stream) } else { stepOnBatch(stream) }
    steps += 1
    readAxes()
    updateRisk()
  }

  /// The input that is read by the pending update, where a step has one sample.
  private var lastInput: UnsafeMutablePointer<Double> {
    let drawn = (steps + repetitions - 1) / repetitions
    return inputs + (drawn % 2 == 0 ? stride : 0)
  }

  private func stepOnSample(_ stream: RandomStream) {
    let last = lastInput
    var x = last
    if steps % repetitions == 0 {
      x = inputs + (last == inputs ? stride : 0)
      draw(0, place: 0, into: x, last: last, stream)
    } else {
      esc_rows_pass(&rows, last, last, instructions)
    }
    let inverseDimension = 1 / Double(dimension)
    let length = Double(dimension).squareRoot()
    findFields(length)
    gradient.push(
      into: push, fields: field, axes: x, labelError: labelErrors[0],
      scaledNorm: norms[0] * inverseDimension)
    if isTangential {
      var diagonal = 0
      for j in 0..<width {
        kept[j] = 1 - push[j] * field[j] * inverseDimension / gram[diagonal]
        scale[j] *= kept[j]
        diagonal += width - j
      }
    }
    for j in 0..<width { rows.pending[j] = push[j] / (scale[j] * length) }
    carryGram(norms[0] * inverseDimension * inverseDimension)
    if keepsNorm { normalise() }
    if stepsUntilRefresh <= 0 { refresh(x) }
    stepsUntilRefresh -= 1
  }

  private func stepOnBatch(_ stream: RandomStream) {
    let (p, length) = (width, Double(dimension).squareRoot())
    for j in 0..<p { kept[j] = 0 }
    for sample in 0..<batch {
      let place = repetitions > 1 ? sample : 0
      let x = inputs + place * stride
      if steps % repetitions == 0 {
        draw(sample, place: place, into: x, last: x, stream)
      } else {
        esc_rows_pass(&rows, x, x, instructions)
      }
      findFields(length)
      gradient.addPush(
        into: push, fields: field, axes: x, labelError: labelErrors[place],
        scaledNorm: norms[place] / Double(dimension))
      for j in 0..<p {
        kept[j] += push[j] * field[j]
        push[j] /= scale[j] * length
      }
      esc_rows_gather(&rows, push, x, sums, instructions)
    }
    gradient.settle()
    var diagonal = 0
    for j in 0..<p {
      kept[j] = isTangential ? 1 - kept[j] / (Double(dimension) * gram[diagonal]) : 1
      diagonal += p - j
    }
    esc_rows_add(&rows, kept, sums, instructions)
    takeGram()
  }

  /// Makes a sample of the step, and the rows' products with it.
  private func draw(
    _ sample: Int, place: Int, into x: UnsafeMutablePointer<Double>,
    last: UnsafeMutablePointer<Double>, _ stream: RandomStream
  ) {
    if source == nil, case .kernel(_, let precision) = inputSource {
      norms[place] = esc_rows_draw(&rows, &generators, precision.kernel, last, x, instructions)
      labelErrors[place] = labelNoiseDeviation == 0 ? 0 : labelNoiseDeviation * stream.gaussian()
      return
    }
    if let source, let set = model.samples {
      let (epoch, step) = steps.quotientAndRemainder(dividingBy: set.stepsPerEpoch(model.rule))
      let index = source.index(step / repetitions * batch + sample, epoch: epoch)
      labelErrors[place] = source.make(index, into: x)
    } else {
      stream.fillGaussian(UnsafeMutableBufferPointer(start: x, count: dimension))
      labelErrors[place] = labelNoiseDeviation == 0 ? 0 : labelNoiseDeviation * stream.gaussian()
    }
    norms[place] = esc_rows_product(&rows, x, x, instructions)
    esc_rows_pass(&rows, last, x, instructions)
  }

  private func findFields(_ length: Double) {
    for j in 0..<width { field[j] = scale[j] * rows.product[j] / length }
  }

  /// Takes Q through a step of one sample; `inputNorm` is |x|²/d².
  private func carryGram(_ inputNorm: Double) {
    let inverseDimension = 1 / Double(dimension)
    var index = 0
    for column in 0..<width {
      for row in column..<width {
        let before = kept[row] * kept[column] * gram[index]
        let first = push[row] * kept[column] * field[column]
        let second = push[column] * kept[row] * field[row]
        gram[index] =
          before + (first + second) * inverseDimension + push[row] * push[column] * inputNorm
        index += 1
      }
    }
  }

  /// Scales the rows so that Q_jj = 1.
  private func normalise() {
    var diagonal = 0
    for j in 0..<width {
      field[j] = 1 / gram[diagonal].squareRoot()
      diagonal += width - j
    }
    var index = 0
    for column in 0..<width {
      scale[column] *= field[column]
      // Pushes far beyond the weights, step after step, would run the scale out of range.
      if scale[column] < 1e-60 { stepsUntilRefresh = 0 }
      for row in column..<width {
        gram[index] *= field[row] * field[column]
        index += 1
      }
    }
  }

  /// Puts the pending update and the scales into the rows and takes Q from them.
  private func refresh(_ last: UnsafePointer<Double>) {
    esc_rows_settle(&rows, last, scale, instructions)
    for j in 0..<width { (scale[j], rows.pending[j]) = (1, 0) }
    takeGram()
    stepsUntilRefresh = NetworkWeights.refreshInterval
  }

  /// Takes Q from rows at rest, and scales them so that Q_jj = 1 where the constraint keeps it.
  private func takeGram() {
    for j in 0..<width where !(1e-60..<1e60).contains(abs(scale[j])) {
      esc_rows_settle(&rows, inputs, scale, instructions)
      for l in 0..<width { scale[l] = 1 }
      break
    }
    var index = 0
    for column in 0..<width {
      for row in column..<width {
        let product = esc_rows_product(
          &rows, rows.vectors + row * stride, rows.vectors + column * stride, instructions)
        gram[index] = scale[row] * scale[column] * (product / Double(dimension))
        index += 1
      }
    }
    if keepsNorm { normalise() }
  }

  private func readAxes() {
    let inverseLength = 1 / Double(dimension).squareRoot()
    let last = batch == 1 ? lastInput : inputs
    for j in 0..<width {
      let row = rows.vectors + j * stride
      for r in 0..<teacherUnits {
        axes[j * teacherUnits + r] =
          scale[j] * (row[r] + rows.pending[j] * last[r]) * inverseLength
      }
    }
  }

  private func updateRisk() {
    guard levels.isFinite(gram: gram) else {
      risk = .nan
      return
    }
    risk = watchesRisk ? evaluated() : 0
  }

  private func evaluated() -> Double {
    networkRisk.value(axes: axes, gram: gram, secondLayer: gradient.secondLayer)
  }

  /// (1/N) Σ ½(y − f)² over the samples that return.
  private func trainingRisk(_ source: SampleSource, _ count: Int) -> Double {
    let (target, function) = (TargetFunction(model: model), ActivationFunction(model.activation))
    let (last, length) = (batch == 1 ? lastInput : inputs, Double(dimension).squareRoot())
    let scratch = KernelMemory([stride])
    let x = scratch.take(stride)
    var sum = 0.0
    for index in 0..<count {
      let label = source.make(index, into: x) + target.value(x)
      let along = esc_rows_product(&rows, last, x, instructions)
      var output = 0.0
      for j in 0..<width {
        let product = esc_rows_product(&rows, rows.vectors + j * stride, x, instructions)
        let field = scale[j] * (product + rows.pending[j] * along) / length
        output += gradient.secondLayer[j] * function.value(field) / Double(width)
      }
      sum += 0.5 * (label - output) * (label - output)
    }
    return sum / Double(count)
  }
}

extension NetworkWeights: SteppedReplica {
  func begin(_ stream: RandomStream, replica: Int) {
    source?.open(stream)
    guard case .kernel(let seed, _) = inputSource else { return }
    let name = kernelStream(.sgd, replica: replica)
    for lane in 0..<laneCount {
      esc_generator_start(&generators, Int32(lane), seed, name, UInt64(lane))
    }
  }

  func writeLevels(into output: UnsafeMutablePointer<Double>) {
    levels.write(into: output, axes: axes, gram: gram)
  }

  /// The risk may be left out of steps, and is evaluated where it is seen.
  var point: PathPoint {
    let risk = watchesRisk || !self.risk.isFinite ? self.risk : evaluated()
    var training: (() -> Double)?
    if let source, let set = model.samples {
      training = { self.trainingRisk(source, set.count) }
    }
    return PathPoint(risk: risk, trainingRisk: training) {
      NetworkState(
        model: self.model, axes: self.axes, gram: self.gram, secondLayer: self.gradient.secondLayer)
    }
  }

  var portion: Int { steppedPortion(width * dimension * (batch == 1 ? 1 : batch + width)) }

  func pass(through transfer: any StateTransfer) throws {
    try memory.pass(through: transfer)
    try gradient.pass(through: transfer)
    try transfer.pass(
      &risk, stepsUntilRefresh: &stepsUntilRefresh, of: NetworkWeights.refreshInterval)
    try transfer.pass(&generators)
    try source?.pass(through: transfer)
    try transfer.pass(&steps)
    try StateError.require((0..<1 << 60).contains(steps))
  }
}
