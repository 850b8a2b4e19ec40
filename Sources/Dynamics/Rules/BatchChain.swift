import GSL

/// Holds one replica of the exact chain whose steps take a batch of fresh samples each.
///
/// A sample is its coordinates g_b along the teacher's axes and the students' own, and a rest z_b in n = d − p − k
/// dimensions. With u_jb = (γ/(pB)) v_jb the students gain U G/d in the frame and U Z/d off it. A batch goes by one sample at
/// a time, whatever B is:
/// - where pushes do not know |x_b|², given U the rows of U Z are Gaussian with covariance U Uᵀ, so that with F Fᵀ = U Uᵀ
///   and A Bartlett's triangle, A Aᵀ ~ Wishart_p(I, n), they are those of F A (Bartlett 1933);
/// - with a look-ahead, Σ_{b' ≤ b} u_b' z_b'ᵀ is held in a frame of p axes: the next rest has p normal coordinates h along
///   them and χ²_{n−p} beyond, which give |x_b|² before its push.
/// Either is the law of full SGD at finite d. Cost O(B p (p + k)) a step, with a look-ahead O(B p²(p + k)), and the risk;
/// memory O(p(p + k)). A step allocates nothing; a workspace belongs to one task.
final class BatchChain {
  let frame: MovingFrame

  let model: Model
  private let labelNoiseDeviation: Double
  /// The dimensions n off teacher and students.
  private let restDimension: Int
  /// The axes that the rests of a batch can take: min(p, n).
  private let restAxes: Int
  private let normals: UnsafeMutablePointer<Double>
  private let field: UnsafeMutablePointer<Double>
  private let push: UnsafeMutablePointer<Double>
  /// Σ_b u_jbλ_jb.
  private let radial: UnsafeMutablePointer<Double>
  /// U G, p×(k + p).
  private let gain: UnsafeMutablePointer<Double>
  /// U Uᵀ and then its factor, p×p.
  private let square: UnsafeMutablePointer<Double>
  /// U Z in a frame of its own, p×(p + 1).
  private let rest: UnsafeMutablePointer<Double>
  private let hidden: UnsafeMutablePointer<Double>
  private let memory: KernelMemory

  init(model: Model, watchesRisk: Bool, levels: [ExitCriterion]) throws {
    self.model = model
    let (p, k) = (model.width, model.teacherUnits)
    frame = try MovingFrame(
      model: model, extra: p, watchesRisk: watchesRisk, levels: levels)
    labelNoiseDeviation = model.labelNoise.squareRoot()
    restDimension = model.dimension - model.fieldCount
    restAxes = min(p, restDimension)
    memory = KernelMemory([p + k, p, p, p, p * (p + k), p * p, p * (p + 1), p + 1])
    normals = memory.take(p + k)
    field = memory.take(p)
    push = memory.take(p)
    radial = memory.take(p)
    gain = memory.take(p * (p + k))
    square = memory.take(p * p)
    rest = memory.take(p * (p + 1))
    hidden = memory.take(p + 1)
  }

  /// Takes one step of SGD on a fresh batch.
  func step(_ stream: RandomStream) {
    memory.clear()
    for _ in 0..<model.rule.batchSize { take(stream) }
    frame.gradient.settle()
    if model.rule.lookAhead == 0 { drawRest(stream) }
    move()
  }

  /// Draws a sample and adds what it moves.
  private func take(_ stream: RandomStream) {
    let (p, k) = (model.width, model.teacherUnits)
    let (axes, residual, stride) = (frame.axes, frame.residual, frame.stride)
    for i in 0..<(k + p) { normals[i] = stream.gaussian() }
    let labelError = labelNoiseDeviation == 0 ? 0 : labelNoiseDeviation * stream.gaussian()
    for j in 0..<p {
      field[j] =
        product(axes + j * k, normals, k) + product(residual + j * stride, normals + k, j + 1)
    }
    let looksAhead = model.rule.lookAhead != 0
    var squaredNorm = 0.0
    if looksAhead {
      for i in 0..<restAxes { hidden[i] = stream.gaussian() }
      let beyond = stream.chiSquare(degreesOfFreedom: Double(restDimension - restAxes))
      hidden[restAxes] = beyond.squareRoot()
      squaredNorm =
        product(normals, normals, k + p) + product(hidden, hidden, restAxes) + beyond
    }
    frame.gradient.addPush(
      into: push, fields: field, axes: normals, labelError: labelError,
      scaledNorm: squaredNorm / Double(model.dimension))
    for j in 0..<p {
      let u = push[j]
      radial[j] += u * field[j]
      for i in 0..<(k + p) { gain[j * (k + p) + i] += u * normals[i] }
      if !looksAhead { for l in 0...j { square[j * p + l] += u * push[l] } }
    }
    if looksAhead { addRest() }
  }

  /// Adds u zᵀ to U Z, and turns its axes back to p.
  private func addRest() {
    let p = model.width
    let stride = p + 1
    for j in 0..<p { for i in 0...restAxes { rest[j * stride + i] += push[j] * hidden[i] } }
    lowerTriangle(of: rest, rows: p, columns: restAxes + 1, stride: stride)
  }

  /// Draws U Z = F A given U Uᵀ = F Fᵀ.
  private func drawRest(_ stream: RandomStream) {
    let p = model.width
    // Rows of unit length, so that a student that is hardly pushed is not lost beside one that is.
    for j in 0..<p { hidden[j] = square[j * p + j].squareRoot() }
    for j in 0..<p {
      for l in 0...j {
        let scale = hidden[j] * hidden[l]
        square[j * p + l] = scale > 0 ? square[j * p + l] / scale : 0
      }
    }
    factorSemidefinite(square, order: p, tolerance: 1e-14)
    for i in 0..<p {
      for column in 0..<min(i, restAxes) { normals[column] = stream.gaussian() }
      if i < restAxes {
        let beyond = stream.chiSquare(degreesOfFreedom: Double(restDimension - i))
        normals[i] = beyond.squareRoot()
      }
      // Row i of A takes its part of every row of F A.
      for j in i..<p {
        let share = hidden[j] * square[j * p + i]
        for column in 0..<min(i + 1, restAxes) {
          rest[j * (p + 1) + column] += share * normals[column]
        }
      }
    }
  }

  /// Moves the students by what the batch gave.
  private func move() {
    let (p, k) = (model.width, model.teacherUnits)
    let inverseDimension = 1 / Double(model.dimension)
    for j in 0..<p {
      let kept = frame.kept(j, radial: radial[j])
      let (row, own, gained) = (
        frame.axes + j * k, frame.residual + j * frame.stride, gain + j * (k + p)
      )
      for r in 0..<k { row[r] = kept * row[r] + inverseDimension * gained[r] }
      for i in 0..<p { own[i] = kept * own[i] + inverseDimension * gained[k + i] }
      for i in 0..<restAxes { own[p + i] = inverseDimension * rest[j * (p + 1) + i] }
    }
    frame.settle(columns: p + restAxes, narrows: true)
  }
}

extension BatchChain: SteppedReplica {
  var risk: Double { frame.risk }

  func writeLevels(into output: UnsafeMutablePointer<Double>) { frame.writeLevels(into: output) }

  func place(_ start: StudentFrame) { frame.place(start) }

  var point: PathPoint { frame.point }

  var portion: Int {
    let p = model.width
    let perSample = model.rule.lookAhead == 0 ? 1 : p
    // A sample's own draws take the time of some ten numbers.
    return steppedPortion(model.rule.batchSize * (10 + p * model.fieldCount * perSample))
  }

  // All else is made anew in each step.
  func pass(through transfer: any StateTransfer) throws { try frame.pass(through: transfer) }
}
