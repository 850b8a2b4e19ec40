import GSL

/// Says where the replicas start.
public enum Start: Sendable, Equatable {
  /// Every replica from students of its own, uniform on the sphere and independent.
  case random
  /// The same with every student's norm |w_j|/√d at the given number.
  case randomOfNorm(Double)
  /// Every replica from students of its own whose parts along the teacher's orthonormal units have the given norms, uniform
  /// among those and independent, all times `norm`.
  case warm([Double], norm: Double)
  /// Every replica from the same overlaps.
  case fixed(StudentFrame)

  /// Draws or copies the start of one replica.
  ///
  /// Random: w_j is a normalised Gaussian vector in d dimensions. Its k teacher coordinates are
  /// normal, and the rest follows Bartlett's decomposition: residual B_ji ~ N(0, 1) for i < j and
  /// B_jj² ~ χ² with d − k − j degrees of freedom (j from 0), then each row is normalised: the
  /// exact law of the Gram matrix at finite d, in O(p(p + k)) (Bartlett 1933). Warm: the teacher coordinates
  /// are given, and the rest is drawn so.
  public func frame(of model: Model, from stream: RandomStream) -> StudentFrame {
    switch self {
    case .fixed(let frame): return frame
    case .randomOfNorm(let norm): return Start.random.frame(of: model, from: stream).scaled(norm)
    case .random: return Start.drawn(model, stream, seesTeacher: true)
    case .warm(let parts, let norm):
      let rest = Start.drawn(model, stream, seesTeacher: false)
      let length = max(0, 1 - parts.reduce(0) { $0 + $1 * $1 }).squareRoot()
      return StudentFrame(
        layout: model.layout, teacherOverlaps: (0..<model.width).flatMap { _ in parts },
        residual: rest.residual.map { length * $0 }
      ).scaled(norm)
    }
  }

  /// Draws the start of one replica from the stream that all dynamics share.
  func frame(of replica: Int, _ model: Model, _ streams: StreamFamily) throws -> StudentFrame {
    if case .fixed(let frame) = self { return frame }
    return frame(of: model, from: try streams.stream(for: .start, replica: replica))
  }

  private static func drawn(
    _ model: Model, _ stream: RandomStream, seesTeacher: Bool
  ) -> StudentFrame {
    let (p, k) = (model.width, model.teacherUnits)
    var teacherOverlaps = [Double](repeating: 0, count: p * k)
    var residual = [Double](repeating: 0, count: p * p)
    for j in 0..<p {
      var square = 0.0
      for r in 0..<(seesTeacher ? k : 0) {
        let value = stream.gaussian()
        teacherOverlaps[j * k + r] = value
        square += value * value
      }
      for i in 0..<j {
        let value = stream.gaussian()
        residual[j * p + i] = value
        square += value * value
      }
      let rest = stream.chiSquare(degreesOfFreedom: Double(model.dimension - k - j))
      residual[j * p + j] = rest.squareRoot()
      let scale = 1 / (square + rest).squareRoot()
      for r in 0..<k { teacherOverlaps[j * k + r] *= scale }
      for i in 0...j { residual[j * p + i] *= scale }
    }
    return StudentFrame(layout: model.layout, teacherOverlaps: teacherOverlaps, residual: residual)
  }

  /// Starts from students without overlap with the teacher, uniform among those and independent.
  ///
  /// One student has nothing left to chance: its replicas all start from the overlaps 0.
  public static func orthogonal(of model: Model) throws -> Start {
    let parts = [Double](repeating: 0, count: model.teacherUnits)
    return model.width == 1 ? try .overlaps(parts, of: model) : .warm(parts, norm: 1)
  }

  /// Starts from students whose part along teacher unit r has the norm m₀_r = `parts`[r], each, in its sense, and which are
  /// otherwise uniform and independent.
  ///
  /// Throws `ParameterError` for the key `start` unless there are k numbers of at least 0 whose squares add up to at most 1
  /// and the teacher's units are orthonormal. One student has nothing left to chance.
  public static func warm(_ parts: [Double], of model: Model) throws -> Start {
    let require = ParameterError.require
    try require(
      parts.count == model.teacherUnits, "start", "\(parts.count) norms",
      "one norm per teacher unit, \(model.teacherUnits)")
    try require(
      parts.allSatisfy { $0 >= 0 } && parts.reduce(0) { $0 + $1 * $1 } <= 1 + 1e-12, "start",
      "norms \(parts.map { "\($0)" }.joined(separator: ", "))",
      "numbers of at least 0 whose squares add up to at most 1")
    try require(
      model.teacherGram == nil, "start", "norms beside a teacher-gram",
      "orthonormal teacher units for norms per direction")
    return model.width == 1 ? try .overlaps(parts, of: model) : .warm(parts, norm: 1)
  }

  /// Whether each replica has a start of its own.
  public var isRandom: Bool {
    if case .fixed = self { return false }
    return true
  }

  /// Multiplies every student by `norm`.
  ///
  /// Throws `ParameterError` for the key `start-norm` unless it is a finite number above 0, and 1 under
  /// the spherical constraint.
  public func scaled(to norm: Double, of model: Model) throws(ParameterError) -> Start {
    try ParameterError.require(
      norm > 0 && norm.isFinite, "start-norm", "\(norm)", "a finite number above 0")
    if norm == 1 { return self }
    try ParameterError.require(
      !model.constraint.keepsNorm, "start-norm", "\(norm)",
      "1, since the constraint is \(model.constraint.rawValue)")
    switch self {
    case .random: return .randomOfNorm(norm)
    case .randomOfNorm(let own): return .randomOfNorm(norm * own)
    case .warm(let parts, let own): return .warm(parts, norm: norm * own)
    case .fixed(let frame): return .fixed(frame.scaled(norm))
    }
  }

  /// Starts every replica from given teacher overlaps, with Q = I.
  ///
  /// `teacherOverlaps` holds M row by row: p numbers for one teacher unit, p k in general.
  /// Throws `ParameterError` for the key `start` when the count is wrong, a number is not finite,
  /// or no students have these overlaps (the Gram matrix would not be positive semidefinite).
  public static func overlaps(_ teacherOverlaps: [Double], of model: Model) throws -> Start {
    let (p, k) = (model.width, model.teacherUnits)
    guard teacherOverlaps.count == p * k else {
      throw ParameterError(
        key: "start", found: "\(teacherOverlaps.count) overlaps",
        expected: k == 1
          ? "one overlap per student, \(p)" : "\(p * k) overlaps, one per student and teacher unit")
    }
    var gram = [[Double]](repeating: Array(repeating: 0, count: p + k), count: p + k)
    for j in 0..<p {
      gram[j][j] = 1
      for r in 0..<k {
        gram[j][p + r] = teacherOverlaps[j * k + r]
        gram[p + r][j] = teacherOverlaps[j * k + r]
      }
    }
    for r in 0..<k { for s in 0..<k { gram[p + r][p + s] = model.teacherOverlap(r, s) } }
    return try fixed(
      gram, model, indefinite: "overlaps that no orthonormal students have",
      semidefinite: k == 1
        ? "overlaps whose squares add up to at most 1"
        : "overlaps with singular values of at most 1")
  }

  /// Starts every replica from a given Gram matrix of the p + k fields, the students' first.
  ///
  /// Throws `ParameterError` for the key `start` unless `gram` is (p + k)×(p + k), finite,
  /// symmetric to 1e-12, positive semidefinite (smallest eigenvalue above −1e-10), has P as its
  /// teacher block and, under the spherical constraint, a unit diagonal.
  public static func gram(_ gram: [[Double]], of model: Model) throws -> Start {
    try fixed(
      gram, model, indefinite: "a Gram matrix with a negative eigenvalue",
      semidefinite: "a positive semidefinite Gram matrix")
  }

  /// Validates a Gram matrix and factors it; the last two arguments are the words for the error
  /// when it is not positive semidefinite.
  private static func fixed(
    _ gram: [[Double]], _ model: Model, indefinite: String, semidefinite: String
  ) throws -> Start {
    let (p, k, n) = (model.width, model.teacherUnits, model.fieldCount)
    let require = ParameterError.require
    let shape = "a \(n)×\(n) Gram matrix (students first, then the teacher)"
    try require(gram.count == n, "start", "a Gram matrix of \(gram.count) rows", shape)
    for (i, row) in gram.enumerated() {
      try require(row.count == n, "start", "\(row.count) numbers in row \(i + 1)", shape)
      for value in row {
        try require(value.isFinite, "start", "\(value) in row \(i + 1)", "finite numbers")
      }
    }
    for i in 0..<n {
      for j in 0..<i {
        try require(
          abs(gram[i][j] - gram[j][i]) <= 1e-12, "start",
          "\(gram[i][j]) and \(gram[j][i]) at rows \(i + 1) and \(j + 1)",
          "a symmetric Gram matrix")
      }
      if i < p, model.constraint.keepsNorm {
        try require(
          abs(gram[i][i] - 1) <= 1e-12, "start", "\(gram[i][i]) on the diagonal, row \(i + 1)",
          "a unit diagonal, since the constraint is \(model.constraint.rawValue)")
      }
      for j in p..<max(i + 1, p) {
        let overlap = model.teacherOverlap(i - p, j - p)
        try require(
          abs(gram[i][j] - overlap) <= 1e-12, "start",
          "\(gram[i][j]) in the teacher block, row \(i + 1)",
          model.teacherGram == nil
            ? "orthonormal teacher units" : "\(overlap), as in teacher-gram")
      }
    }
    let smallest = try symmetricEigenvalues(of: Matrix(gram)).first ?? 0
    try require(
      smallest >= -1e-10, "start", "\(indefinite) (smallest eigenvalue \(smallest))", semidefinite)

    guard model.teacherGram == nil else { return correlated(gram, model) }

    var residualGram = [Double](repeating: 0, count: p * p)
    var teacherOverlaps = [Double](repeating: 0, count: p * k)
    for j in 0..<p {
      for r in 0..<k { teacherOverlaps[j * k + r] = gram[j][p + r] }
    }
    for j in 0..<p {
      for l in 0...j {
        var value = gram[j][l]
        for r in 0..<k { value -= teacherOverlaps[j * k + r] * teacherOverlaps[l * k + r] }
        residualGram[j * p + l] = value
      }
    }
    residualGram.withUnsafeMutableBufferPointer {
      factorSemidefinite($0.baseAddress!, order: p, tolerance: 1e-14)
      for j in 0..<p {
        for l in (j + 1)..<max(p, j + 1) { $0[j * p + l] = 0 }
      }
    }
    return .fixed(
      StudentFrame(
        layout: model.layout, teacherOverlaps: teacherOverlaps, residual: residualGram))
  }

  /// Factors a Gram matrix with the teacher's fields first, which gives rows [T 0; C B].
  private static func correlated(_ gram: [[Double]], _ model: Model) -> Start {
    let (p, k, n) = (model.width, model.teacherUnits, model.fieldCount)
    let order = Array(p..<n) + Array(0..<p)
    var factor = order.flatMap { i in order.map { gram[i][$0] } }
    factor.withUnsafeMutableBufferPointer {
      factorSemidefinite($0.baseAddress!, order: n, tolerance: 1e-14)
    }
    var axes = [Double](repeating: 0, count: p * k)
    var residual = [Double](repeating: 0, count: p * p)
    for j in 0..<p {
      for r in 0..<k { axes[j * k + r] = factor[(k + j) * n + r] }
      for i in 0...j { residual[j * p + i] = factor[(k + j) * n + k + i] }
    }
    return .fixed(StudentFrame(layout: model.layout, teacherOverlaps: axes, residual: residual))
  }
}
