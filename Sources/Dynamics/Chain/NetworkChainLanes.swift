internal import CKernels

/// Holds lanes of the exact chain of any network that takes one fresh sample a step, vectors across replicas.
///
/// A replica is its coordinates C along the teacher's axes, the residual factor B, Q and the second layer; number i of each
/// stands at [i · lanes + lane].
final class NetworkChainLanes: SteppedLanes {
  let model: Model
  private let instructions: InstructionSet
  private let constants: NetworkConstants
  private let lanes: UnsafeMutablePointer<EscNetworkLanes>
  private let memory: KernelMemory
  /// The numbers of a replica: C, B, Q and a.
  private let stateCount: Int

  /// Whether the kernel covers a model: it needs d ≥ p + k + 2 for its chi-square sampler, a risk by the forms it knows,
  /// and sixteen replicas that stay in a second-level cache.
  static func covers(_ model: Model) throws -> Bool {
    let (rule, p, k) = (model.rule, model.width, model.teacherUnits)
    guard
      rule.batchSize == 1 && rule.repetitions == 1 && model.hasConstantRates
        && p <= 64 && p * (p + k) <= 8192 && model.dimension >= p + k + 2
    else { return false }
    return try NetworkRisk(model: model).kernelForm != nil
  }

  init(model: Model, watchesRisk: Bool, seed: UInt64, instructions: InstructionSet) throws {
    self.model = model
    self.instructions = instructions
    constants = try NetworkConstants(model: model, seed: seed)
    let (p, k) = (model.width, model.teacherUnits)
    stateCount = p * k + p * (p + 1) + p
    let count = Int(esc_network_lanes_size(constants.pointer))
    memory = KernelMemory([count])
    lanes = .allocate(capacity: 1)
    lanes.initialize(to: EscNetworkLanes())
    lanes.pointee.watches_risk = watchesRisk ? 1 : 0
    esc_network_lanes_open(constants.pointer, lanes, memory.take(count))
  }

  deinit { lanes.deallocate() }

  func place(_ lane: Int, replica: Int, frame: StudentFrame) {
    write(lane, frame.teacherOverlaps, frame.residual)
    lanes.set(\.stream, lane, kernelStream(.chain, replica: replica))
    lanes.set(\.step, lane, UInt64(0))
  }

  func pass(_ lane: Int, through transfer: any StateTransfer) throws {
    // The four arrays follow each other.
    for index in 0..<stateCount {
      try transfer.pass(lanes.pointee.axes + index * laneCount + lane, count: 1)
    }
    try lanes.pass(\.risk, lane, as: Double.self, through: transfer)
    try lanes.pass(\.step, lane, as: UInt64.self, through: transfer)
    for word in 0..<4 {
      try lanes.pass(\.generators, word * laneCount + lane, as: UInt64.self, through: transfer)
    }
    try StateError.require(lanes.get(\.step, lane, as: UInt64.self) < 1 << 60)
  }

  var portion: Int { max(16, 8192 / (model.width * model.fieldCount)) }

  func watch(_ lane: Int, _ lines: ExitWatch) { lanes.set(\.target, lane, lines.boundary) }

  func stop(_ lane: Int, at step: Int) { lanes.set(\.horizon, lane, UInt64(step)) }

  func park(_ lane: Int) {
    // Students orthogonal to each other and to the teacher: a state as regular as any.
    let p = model.width
    var identity = [Double](repeating: 0, count: p * p)
    for j in 0..<p { identity[j * p + j] = 1 }
    write(lane, [Double](repeating: 0, count: p * model.teacherUnits), identity)
    lanes.set(\.target, lane, -Double.infinity)
    lanes.set(\.horizon, lane, UInt64.max)
  }

  func advance(_ steps: Int) -> UInt32 {
    esc_network_advance(constants.pointer, lanes, UInt64(steps), instructions.kernel)
  }

  func event(_ lane: Int) -> EscEvent {
    EscEvent(rawValue: UInt32(lanes.get(\.event, lane, as: UInt8.self)))
  }

  func step(_ lane: Int) -> Int { Int(lanes.get(\.step, lane, as: UInt64.self)) }

  /// The risk after the last step, or where it is not watched as it is now.
  func risk(_ lane: Int) -> Double {
    lanes.pointee.watches_risk != 0
      ? lanes.get(\.risk, lane, as: Double.self)
      : esc_network_risk(constants.pointer, lanes, Int32(lane), instructions.kernel)
  }

  func point(_ lane: Int) -> PathPoint {
    PathPoint(risk: risk(lane)) { [self] in
      let (p, k) = (model.width, model.teacherUnits)
      func numbers(_ array: UnsafeMutablePointer<Double>, _ count: Int) -> [Double] {
        (0..<count).map { array[$0 * laneCount + lane] }
      }
      let gram = numbers(lanes.pointee.gram, p * (p + 1) / 2)
      let layer = numbers(lanes.pointee.layer, p)
      return NetworkState(
        model: model, axes: numbers(lanes.pointee.axes, p * k), gram: gram, secondLayer: layer)
    }
  }

  private func write(_ lane: Int, _ axes: [Double], _ residual: [Double]) {
    let p = model.width
    for i in axes.indices { lanes.pointee.axes[i * laneCount + lane] = axes[i] }
    for j in 0..<p { lanes.pointee.layer[j * laneCount + lane] = model.secondLayer[j] }
    var index = 0
    for column in 0..<p {
      for row in column..<p {
        lanes.pointee.factor[index * laneCount + lane] = residual[row * p + column]
        index += 1
      }
    }
    esc_network_begin(constants.pointer, lanes, Int32(lane), instructions.kernel)
  }
}

/// Owns the constants of any network as the kernels read them.
final class NetworkConstants {
  let pointer: UnsafeMutablePointer<EscNetwork>
  private var parts: [UnsafeMutableRawPointer] = []

  /// Throws as ``NetworkRisk`` does; its risk must have a form that kernels know.
  init(model: Model, seed: UInt64) throws {
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: EscNetwork())
    guard let form = try NetworkRisk(model: model).kernelForm else {
      preconditionFailure("a risk of no form that kernels know")
    }
    let p = Double(model.width)
    pointer.pointee.seed = seed
    pointer.pointee.dimension = UInt64(model.dimension)
    pointer.pointee.width = UInt64(model.width)
    pointer.pointee.units = UInt64(model.teacherUnits)
    pointer.pointee.push_rate = model.learningRate / p
    pointer.pointee.layer_rate = model.secondLayerRate / p
    pointer.pointee.label_noise_deviation = model.labelNoise.squareRoot()
    pointer.pointee.look_ahead = model.rule.lookAhead
    pointer.pointee.is_square_loss = model.rule.loss == .square ? 1 : 0
    pointer.pointee.normalises_layer = model.normalisesSecondLayer ? 1 : 0
    pointer.pointee.is_tangential = model.constraint.isTangential ? 1 : 0
    pointer.pointee.keeps_norm = model.constraint.keepsNorm ? 1 : 0
    pointer.pointee.activation = EscFunction(model.activation)
    pointer.pointee.target = target(model)
    pointer.pointee.risk = risk(form)
  }

  deinit {
    for part in parts { part.deallocate() }
    pointer.deallocate()
  }

  private func keep<Value>(_ values: [Value]) -> UnsafeMutablePointer<Value> {
    let copy = UnsafeMutablePointer<Value>.allocate(capacity: max(values.count, 1))
    copy.initialize(from: values, count: values.count)
    parts.append(UnsafeMutableRawPointer(copy))
    return copy
  }

  private func target(_ model: Model) -> EscTarget {
    var result = EscTarget()
    if let factor = model.teacherFactor { result.frame = UnsafePointer(keep(factor)) }
    let terms: [(coefficient: Double, factors: [(direction: Int, factor: TargetFactor)])]
    switch model.target {
    case .mean(let activation):
      result.functions = UnsafePointer(keep([EscFunction(activation)]))
      return result
    case .hermiteTerms(let given):
      terms = given.map { term in
        let factors = term.degrees.enumerated().filter { $1 > 0 }
        return (
          term.coefficient, factors.map { ($0, TargetFactor.activation(.hermiteTerm($1))) }
        )
      }
    case .products(let given):
      terms = given.map { ($0.coefficient, $0.active) }
    }
    var known: [(direction: Int, factor: TargetFactor)] = []
    var (places, ends): ([UInt64], [UInt64]) = ([], [])
    for term in terms {
      for one in term.factors {
        let place = known.firstIndex { $0.direction == one.direction && $0.factor == one.factor }
        places.append(UInt64(place ?? known.count))
        if place == nil { known.append(one) }
      }
      ends.append(UInt64(places.count))
    }
    result.functions = UnsafePointer(keep(known.map { EscFunction($0.factor) }))
    result.directions = UnsafePointer(keep(known.map { UInt64($0.direction) }))
    result.factor_count = UInt64(known.count)
    result.term_count = UInt64(terms.count)
    result.coefficients = UnsafePointer(keep(terms.map(\.coefficient)))
    result.places = UnsafePointer(keep(places))
    result.ends = UnsafePointer(keep(ends))
    return result
  }

  private func risk(_ form: KernelRisk) -> EscNetworkRisk {
    var result = EscNetworkRisk()
    result.constant = form.constant
    result.student = form.student.kernel
    result.teacher = form.teacher.kernel
    let isShaped = !form.shapes.isEmpty
    result.student_series = series(form.studentSeries, isShaped)
    result.teacher_series = UnsafePointer(keep(form.teacherSeries.map { series($0, isShaped) }))
    result.unit_squares = UnsafePointer(keep(form.unitSquares))
    result.term_count = UInt64(form.terms.count)
    result.term_coefficients = UnsafePointer(keep(form.terms.map(\.coefficient)))
    result.term_degrees = UnsafePointer(keep(form.terms.flatMap { $0.degrees.map(UInt64.init) }))
    result.shape_count = UInt64(form.shapes.count)
    result.shapes = UnsafePointer(
      keep(
        form.shapes.flatMap { shape in
          Array(repeating: 0, count: form.shapes.count - shape.count) + shape.reversed()
        }))
    return result
  }

  /// A series, of one parity where all its terms are unless it is multiplied term by term.
  private func series(_ coefficients: [Double], _ isShaped: Bool) -> EscSeries {
    var (start, step) = (0, 1)
    if !isShaped && coefficients.count > 1 {
      let orders = coefficients.indices.filter { coefficients[$0] != 0 }
      if orders.allSatisfy({ $0 % 2 == 0 }) {
        step = 2
      } else if orders.allSatisfy({ $0 % 2 == 1 }) {
        (start, step) = (1, 2)
      }
    }
    let taken = stride(from: start, to: coefficients.count, by: step).map { coefficients[$0] }
    return EscSeries(
      count: UInt64(max(taken.count, 1)), start: UInt64(start), step: UInt64(step),
      powers: UnsafePointer(keep(taken.isEmpty ? [0] : taken.reversed())))
  }
}

extension EscFunction {
  init(_ activation: Activation) {
    self.init()
    switch activation {
    case .square: kind = ESC_SQUARE
    case .relu: kind = ESC_RELU
    case .erf: kind = ESC_ERF
    case .tanh: kind = ESC_TANH
    case .sigmoid: kind = ESC_SIGMOID
    case .softplus: kind = ESC_SOFTPLUS
    case .hermite, .polynomial: self = EscFunction(powers: activation.monomials ?? [])
    }
  }

  init(_ factor: TargetFactor) {
    self.init()
    switch factor {
    case .sign: kind = ESC_SIGN
    case .step: kind = ESC_STEP
    case .absolute: kind = ESC_ABSOLUTE
    case .activation(let activation): self = EscFunction(activation)
    case .one, .identity, .hermite: self = EscFunction(powers: factor.monomials ?? [])
    }
  }

  private init(powers given: [Double]) {
    self.init()
    kind = ESC_POLYNOMIAL
    count = UInt64(max(given.count, 1))
    withUnsafeMutableBytes(of: &powers) { bytes in
      for (index, value) in given.reversed().enumerated() {
        bytes.storeBytes(of: value, toByteOffset: 8 * index, as: Double.self)
      }
    }
  }
}

extension KernelRisk.Pair {
  fileprivate var kernel: EscPair {
    switch self {
    case .arcsine: return ESC_PAIR_ARCSINE
    case .arccosine: return ESC_PAIR_ARCCOSINE
    case .series: return ESC_PAIR_SERIES
    case .terms: return ESC_PAIR_TERMS
    }
  }
}
