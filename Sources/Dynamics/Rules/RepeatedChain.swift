import GSL

/// Holds one replica of the exact chain that takes several steps on each batch.
///
/// The rests of a batch of B samples lie in n = d − p − k dimensions, with a Gram matrix of the law Wishart_B(I, n): by
/// Bartlett's triangle A they span B axes beside the teacher's and the students', along which sample b has row b of A. In
/// that frame of k + p + B axes a step is SGD itself: fields by products, w_j/√d ← f_j w_j/√d + Σ_b u_jb x_b/d, then the
/// constraint. After the last repetition the frame is turned so that k + p axes hold the students again.
///
/// For B = 1 nothing is drawn beyond a step's own |x|². Cost O(p B (k + p + B)) a step and the risk; memory
/// 8 B (k + 2 p + B) bytes. A step allocates nothing; a workspace belongs to one task.
final class RepeatedChain {
  /// The largest batch, whose triangle takes 134 MB.
  static let largestBatchSize = 4096

  let frame: MovingFrame

  let model: Model
  private let labelNoiseDeviation: Double
  private let restDimension: Int
  /// Samples along the teacher's axes, B×k, and along the others, B×(p + B).
  private let axes: UnsafeMutablePointer<Double>
  private let others: UnsafeMutablePointer<Double>
  private let labelErrors: UnsafeMutablePointer<Double>
  /// |x_b|²/d.
  private let scaledNorms: UnsafeMutablePointer<Double>
  private let field: UnsafeMutablePointer<Double>
  private let push: UnsafeMutablePointer<Double>
  private let radial: UnsafeMutablePointer<Double>
  /// U, B×p.
  private let pushes: UnsafeMutablePointer<Double>
  private let memory: KernelMemory
  /// Steps already taken on the batch.
  private var repetition = 0

  /// Throws `ParameterError` for the key `batch-size` unless the batch fits in the dimensions off teacher and students.
  static func requireFits(_ model: Model) throws(ParameterError) {
    let (batch, rest) = (model.rule.batchSize, model.dimension - model.fieldCount)
    try ParameterError.require(
      batch == 1 || batch <= rest, "batch-size", "\(batch)",
      "at most dimension − width − teacher-units = \(rest) for repetitions on the exact chain")
    try ParameterError.require(
      batch <= largestBatchSize, "batch-size", "\(batch)",
      "at most \(largestBatchSize) for repetitions on the exact chain")
  }

  init(model: Model, watchesRisk: Bool, levels: [ExitCriterion]) throws {
    try RepeatedChain.requireFits(model)
    self.model = model
    let (p, k, batch) = (model.width, model.teacherUnits, model.rule.batchSize)
    frame = try MovingFrame(
      model: model, extra: batch, watchesRisk: watchesRisk, levels: levels)
    labelNoiseDeviation = model.labelNoise.squareRoot()
    restDimension = model.dimension - model.fieldCount
    memory = KernelMemory([batch * k, batch * (p + batch), batch, batch, p, p, p, batch * p])
    axes = memory.take(batch * k)
    others = memory.take(batch * (p + batch))
    labelErrors = memory.take(batch)
    scaledNorms = memory.take(batch)
    field = memory.take(p)
    push = memory.take(p)
    radial = memory.take(p)
    pushes = memory.take(batch * p)
  }

  /// Takes one step of SGD, on a fresh batch where the last is used up.
  func step(_ stream: RandomStream) {
    if repetition == 0 { draw(stream) }
    findPushes()
    frame.gradient.settle()
    move()
    repetition += 1
    let isLast = repetition == model.rule.repetitions
    frame.settle(columns: frame.stride, narrows: isLast)
    if isLast { repetition = 0 }
  }

  private func draw(_ stream: RandomStream) {
    let (p, k, batch) = (model.width, model.teacherUnits, model.rule.batchSize)
    for b in 0..<batch {
      let (own, other) = (axes + b * k, others + b * frame.stride)
      for r in 0..<k { own[r] = stream.gaussian() }
      for i in 0..<p { other[i] = stream.gaussian() }
      labelErrors[b] = labelNoiseDeviation == 0 ? 0 : labelNoiseDeviation * stream.gaussian()
      for i in 0..<b { other[p + i] = stream.gaussian() }
      let beyond = stream.chiSquare(degreesOfFreedom: Double(restDimension - b))
      other[p + b] = beyond.squareRoot()
      let squaredNorm = product(own, own, k) + product(other, other, p + b) + beyond
      scaledNorms[b] = squaredNorm / Double(model.dimension)
    }
  }

  /// Takes U at the fields of the weights as they are.
  private func findPushes() {
    let (p, k, batch) = (model.width, model.teacherUnits, model.rule.batchSize)
    for j in 0..<p { radial[j] = 0 }
    for b in 0..<batch {
      let (own, other) = (axes + b * k, others + b * frame.stride)
      for j in 0..<p {
        field[j] =
          product(frame.axes + j * k, own, k)
          + product(frame.residual + j * frame.stride, other, p + b + 1)
      }
      frame.gradient.addPush(
        into: push, fields: field, axes: own, labelError: labelErrors[b],
        scaledNorm: scaledNorms[b])
      for j in 0..<p {
        pushes[b * p + j] = push[j]
        radial[j] += push[j] * field[j]
      }
    }
  }

  private func move() {
    let (p, k, batch) = (model.width, model.teacherUnits, model.rule.batchSize)
    let inverseDimension = 1 / Double(model.dimension)
    for j in 0..<p {
      let kept = frame.kept(j, radial: radial[j])
      let (row, rest) = (frame.axes + j * k, frame.residual + j * frame.stride)
      for r in 0..<k { row[r] *= kept }
      for i in 0..<frame.stride { rest[i] *= kept }
      for b in 0..<batch {
        let amount = pushes[b * p + j] * inverseDimension
        let (own, other) = (axes + b * k, others + b * frame.stride)
        for r in 0..<k { row[r] += amount * own[r] }
        for i in 0...(p + b) { rest[i] += amount * other[i] }
      }
    }
  }
}

extension RepeatedChain: SteppedReplica {
  var risk: Double { frame.risk }

  func writeLevels(into output: UnsafeMutablePointer<Double>) { frame.writeLevels(into: output) }

  func place(_ start: StudentFrame) {
    frame.place(start)
    memory.clear()
    repetition = 0
  }

  var point: PathPoint { frame.point }

  var portion: Int {
    let batch = model.rule.batchSize
    return steppedPortion(batch * (10 + (model.width + 1) * (model.fieldCount + batch)))
  }

  func pass(through transfer: any StateTransfer) throws {
    try frame.pass(through: transfer)
    try memory.pass(through: transfer)
    try transfer.pass(&repetition)
    try StateError.require((0..<model.rule.repetitions).contains(repetition))
  }
}
