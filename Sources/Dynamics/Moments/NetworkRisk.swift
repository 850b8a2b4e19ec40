import Foundation

/// Evaluates the excess risk of any activation, target and second layer from the overlaps.
///
/// R = ½[E g⋆² − (2/p) Σ_j a_j E[g⋆σ(λ_j)] + (1/p²) Σ_jl a_ja_l E[σ(λ_j)σ(λ_l)]]. Expectations over two
/// fields are closed forms where both are erf (arcsine) or ReLU (arc-cosine), else the series
/// Σ_n h_n k_n ρⁿ of ``HermiteSpectrum``, which is finite and exact for polynomials, and where it is too short,
/// for tanh, sigmoid and softplus at large norms, the sums of ``SmoothedPair``. A polynomial target
/// in several fields is a sum of Hermite products along orthonormal axes, each of which meets one term of
/// σ(λ_j): E[Π He_{n_r}(g_r) σ(λ_j)] = √N! h_N(s_j) Π (C_jr/s_j)^{n_r}, N = Σ n_r. Other products of functions
/// of one field are series of these, ``ProductSeries``.
///
/// Student overlaps are a packed lower triangle, column by column. Cost O(p²) series a call, of
/// 2 to 128 terms; allocates nothing. A workspace belongs to one task.
/// Sources: Saad and Solla (1995), Phys. Rev. E 52, for erf; Cho and Saul (2009) for ReLU.
final class NetworkRisk {
  private let width: Int
  private let units: Int
  private let factor: [Double]?
  fileprivate let isSpherical: Bool
  fileprivate let spectrum: HermiteSpectrum
  /// Coefficients by interpolation, where norms are free and the coefficients dear; made when a risk is first asked for.
  private lazy var table = isSpherical ? nil : HermiteTable.shared(activation)
  private let activation: Activation
  fileprivate let studentPair: FieldPair
  fileprivate let teacherPair: FieldPair
  /// E g⋆².
  fileprivate let constant: Double
  /// Spectra of the teacher units, one row each, for a mean over units.
  fileprivate let unitSpectra: [[Double]]
  fileprivate let unitNorms: [Double]
  fileprivate let terms: [HermiteTerm]
  /// A target of products that are no polynomials.
  fileprivate let products: ProductSeries?
  fileprivate let termScales: [Double]
  /// How many of a student's coefficients are read: none where closed forms serve all.
  private let rowLength: Int
  /// Spectra of the students, one row each, then the products for unit norms.
  private let rows: UnsafeMutablePointer<Double>
  private let norms: UnsafeMutablePointer<Double>
  fileprivate let squares: [Double]
  fileprivate let unitProducts: [[Double]]

  init(model: Model) throws {
    width = model.width
    units = model.teacherUnits
    factor = model.teacherFactor
    isSpherical = model.constraint.keepsNorm
    spectrum = HermiteSpectrum(model.activation)
    activation = model.activation
    studentPair = FieldPair(model.activation, model.activation)
    let unitNorms = (0..<units).map { model.teacherOverlap($0, $0).squareRoot() }
    self.unitNorms = unitNorms
    var products: ProductSeries?
    if case .products(let terms) = model.target, model.target.degree == nil {
      products = ProductSeries(
        terms, student: model.activation, units: units, count: spectrum.count)
      teacherPair = .series
      unitSpectra = []
      self.terms = []
      constant = try ProductSeries.secondMoment(terms)
    } else if case .mean(let target) = model.target {
      let targetSpectrum = HermiteSpectrum(target)
      let pair = FieldPair(target, target)
      teacherPair = FieldPair(model.activation, target)
      terms = []
      var known: [Double: [Double]] = [:]
      for norm in unitNorms where known[norm] == nil {
        known[norm] = targetSpectrum.coefficients(norm: norm)
      }
      unitSpectra = unitNorms.map { known[$0]! }
      constant = NetworkRisk.secondMoment(of: model, pair, unitSpectra, unitNorms)
    } else {
      teacherPair = .series
      unitSpectra = []
      terms = try model.orthonormalTerms()
      constant = terms.reduce(0) { sum, term in
        sum + term.degrees.reduce(term.coefficient * term.coefficient) { $0 * factorial($1) }
      }
    }
    self.products = products
    if !studentPair.isClosed || products != nil {
      rowLength = spectrum.count
    } else if terms.isEmpty {
      rowLength = teacherPair.isClosed ? 0 : spectrum.count
    } else {
      rowLength = min((terms.map(\.degree).max() ?? 0) + 1, spectrum.count)
    }
    termScales = terms.map { $0.coefficient * factorial($0.degree).squareRoot() }
    rows = .allocate(capacity: width * spectrum.count)
    norms = .allocate(capacity: width)
    let own = spectrum.coefficients(norm: 1)
    for j in 0..<width {
      norms[j] = 1
      for n in 0..<spectrum.count { rows[j * spectrum.count + n] = own[n] }
    }
    squares = NetworkRisk.trimmed(own.map { $0 * $0 })
    unitProducts = unitSpectra.map { NetworkRisk.trimmed(zip($0, own).map { $0 * $1 }) }
  }

  deinit {
    rows.deallocate()
    norms.deallocate()
  }

  /// E g⋆² of a mean over units; units of the identity are independent, all alike.
  private static func secondMoment(
    of model: Model, _ pair: FieldPair, _ spectra: [[Double]], _ norms: [Double]
  ) -> Double {
    let k = model.teacherUnits
    func expectation(_ r: Int, _ s: Int) -> Double {
      let rho = model.teacherOverlap(r, s) / (norms[r] * norms[s])
      return pair.closedForm(norms[r], norms[s], rho)
        ?? sum(zip(spectra[r], spectra[s]).map { $0 * $1 }, at: rho)
    }
    guard model.teacherGram != nil else {
      let own = expectation(0, 0) / Double(k)
      let other = k > 1 ? expectation(0, 1) * Double(k - 1) / Double(k) : 0
      return own + other
    }
    var total = 0.0
    for r in 0..<k { for s in 0..<k { total += expectation(r, s) } }
    return total / Double(k * k)
  }

  /// Drops the terms at the end that together are below rounding.
  private static func trimmed(_ products: [Double]) -> [Double] {
    let total = products.reduce(0) { $0 + abs($1) }
    var (kept, rest) = (products.count, 0.0)
    while kept > 1 {
      rest += abs(products[kept - 1])
      if rest > 1e-16 * total { break }
      kept -= 1
    }
    return Array(products.prefix(kept))
  }

  private static func sum(_ products: [Double], at x: Double) -> Double {
    products.withUnsafeBufferPointer { products in
      var sum = 0.0
      for product in products.reversed() { sum = sum * x + product }
      return sum
    }
  }

  /// R for coordinates C along the teacher's axes (p×k), student overlaps and second layer.
  func value(
    axes: UnsafePointer<Double>, gram: UnsafePointer<Double>, secondLayer a: UnsafePointer<Double>
  ) -> Double {
    let p = width
    if !isSpherical {
      var diagonal = 0
      for j in 0..<p {
        norms[j] = gram[diagonal].squareRoot()
        diagonal += p - j
        if rowLength > 0 { fillRow(j) }
      }
    }
    var cross = 0.0
    for j in 0..<p where a[j] != 0 { cross += a[j] * teacher(j, axes + j * units) }
    var pairs = 0.0
    var index = 0
    for column in 0..<p {
      var sum = 0.5 * a[column] * student(column, column, gram[index])
      for row in (column + 1)..<max(p, column + 1) {
        sum += a[row] * student(row, column, gram[index + row - column])
      }
      pairs += 2 * a[column] * sum
      index += p - column
    }
    let inverse = 1 / Double(p)
    return 0.5 * (constant - 2 * inverse * cross + inverse * inverse * pairs)
  }

  private func fillRow(_ j: Int) {
    let row = rows + j * spectrum.count
    if let table, norms[j] <= HermiteTable.largestNorm {
      table.fill(row, norm: norms[j])
    } else {
      spectrum.fill(row, norm: norms[j], limit: rowLength)
    }
  }

  /// E[σ(λ_j)σ(λ_l)].
  @inline(__always)
  private func student(_ j: Int, _ l: Int, _ overlap: Double) -> Double {
    if isSpherical {
      return studentPair.closedForm(1, 1, overlap) ?? NetworkRisk.sum(squares, at: overlap)
    }
    let rho = correlation(overlap, norms[j] * norms[l])
    if j == l, let square = studentPair.tabulatedSquare(norms[j], table) { return square }
    return studentPair.closedForm(norms[j], norms[l], rho)
      ?? series(rows + j * spectrum.count, rows + l * spectrum.count, spectrum.count, rho)
  }

  /// E[g⋆σ(λ_j)].
  private func teacher(_ j: Int, _ axes: UnsafePointer<Double>) -> Double {
    guard terms.isEmpty else { return termSum(j, axes) }
    if let products {
      return products.value(axes: axes, norm: norms[j], row: rows + j * spectrum.count)
    }
    var total = 0.0
    for r in 0..<units {
      var overlap = axes[r]
      if let factor {
        overlap = 0
        for s in 0...r { overlap += factor[r * units + s] * axes[s] }
      }
      let rho = correlation(overlap, norms[j] * unitNorms[r])
      if let value = teacherPair.closedForm(norms[j], unitNorms[r], rho) {
        total += value
      } else if isSpherical {
        total += NetworkRisk.sum(unitProducts[r], at: rho)
      } else {
        let count = min(spectrum.count, unitSpectra[r].count)
        total += unitSpectra[r].withUnsafeBufferPointer {
          series(rows + j * spectrum.count, $0.baseAddress!, count, rho)
        }
      }
    }
    return total / Double(units)
  }

  private func termSum(_ j: Int, _ axes: UnsafePointer<Double>) -> Double {
    let row = rows + j * spectrum.count
    var total = 0.0
    for (index, term) in terms.enumerated() {
      var (product, degree) = (termScales[index], 0)
      for r in 0..<units {
        let n = term.degrees[r]
        degree += n
        let cosine = axes[r] / norms[j]
        for _ in 0..<n { product *= cosine }
      }
      if degree < spectrum.count { total += product * row[degree] }
    }
    return total
  }

  @inline(__always)
  private func correlation(_ overlap: Double, _ scale: Double) -> Double {
    scale > 0 ? min(max(overlap / scale, -1), 1) : (overlap.isNaN ? .nan : 0)
  }

  @inline(__always)
  private func series(
    _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int, _ rho: Double
  ) -> Double {
    var sum = 0.0
    for n in stride(from: count - 1, through: 0, by: -1) { sum = sum * rho + x[n] * y[n] }
    return sum
  }
}

/// The risk of a network in the forms that a vector kernel evaluates after every step.
///
/// Series are in overlaps, the constant first. Where norms are free their term n is multiplied by e_n(Q_jj) of each student
/// in it, h_n(s) = sⁿ e_n(s²), a polynomial of its own.
struct KernelRisk {
  /// How an expectation over two fields is evaluated.
  enum Pair { case arcsine, arccosine, series, terms }

  let constant: Double
  let student: Pair
  let teacher: Pair
  var studentSeries: [Double] = []
  /// One a unit.
  var teacherSeries: [[Double]] = []
  /// P_rr.
  let unitSquares: [Double]
  /// E[g⋆σ(λ_j)] = Σ c Π_r C_jr^n_r.
  var terms: [HermiteTerm] = []
  /// The coefficients of e_n, the constant first; none where norms are 1.
  var shapes: [[Double]] = []
}

extension NetworkRisk {
  /// The risk as a kernel evaluates it; nil where it has no form that kernels know.
  var kernelForm: KernelRisk? {
    let shapes = isSpherical ? [] : spectrum.shapes
    guard products == nil,
      let student = studentPair.kernelForm(isSpherical, hasShapes: !shapes.isEmpty),
      let teacher = terms.isEmpty
        ? teacherPair.kernelForm(isSpherical, hasShapes: !shapes.isEmpty) : .terms,
      isSpherical || !shapes.isEmpty || teacher != .terms
    else { return nil }
    let own = spectrum.coefficients(norm: 1)
    var form = KernelRisk(
      constant: constant, student: student, teacher: teacher,
      unitSquares: unitNorms.map { $0 * $0 })
    if student == .series {
      (form.studentSeries, form.shapes) = (isSpherical ? squares : [], shapes)
    }
    if teacher == .series {
      form.teacherSeries = unitNorms.indices.map { r in
        let values = isSpherical ? unitProducts[r] : Array(unitSpectra[r].prefix(spectrum.count))
        // In powers of the overlap rather than of ρ.
        var scale = 1.0
        return values.map { value in
          defer { scale /= unitNorms[r] }
          return value * scale
        }
      }
    }
    form.terms = terms.indices.compactMap { index in
      let degree = terms[index].degree
      guard degree < spectrum.count else { return nil }
      return HermiteTerm(
        coefficient: termScales[index] * (isSpherical ? own[degree] : 1),
        degrees: terms[index].degrees)
    }
    return form
  }
}

/// The closed form of E[σ(u)ψ(v)] that a pair of activations has, if any.
enum FieldPair {
  /// Both erf(x/√2): (2/π) arcsin(E[uv]/√((1 + E[u²])(1 + E[v²]))).
  case arcsine
  /// Both ReLU: (s_us_v/2π)[√(1 − ρ²) + ρ(π − arccos ρ)].
  case arccosine
  /// Sums of these where the series is too short.
  case smoothed(SmoothedPair)
  /// None: the series.
  case series

  init(_ first: Activation, _ second: Activation) {
    switch (first, second) {
    case (.erf, .erf): self = .arcsine
    case (.relu, .relu): self = .arccosine
    // ReLU's odd part is linear: against what is odd but for a constant one term is all.
    case (.relu, .erf), (.relu, .tanh), (.relu, .sigmoid), (.erf, .relu), (.tanh, .relu),
      (.sigmoid, .relu):
      self = .series
    default: self = SmoothedPair(first, second).map { .smoothed($0) } ?? .series
    }
  }

  /// As kernels evaluate it: a series at unit norms, or term by term with the students' e_n.
  func kernelForm(_ isSpherical: Bool, hasShapes: Bool) -> KernelRisk.Pair? {
    switch self {
    case .arcsine: return .arcsine
    case .arccosine: return .arccosine
    case .smoothed(let pair) where isSpherical:
      return pair.isServedBySeries(1, 1, 1) ? .series : nil
    case .smoothed, .series: return isSpherical || hasShapes ? .series : nil
    }
  }

  /// Whether the closed form serves at all norms and correlations.
  var isClosed: Bool {
    switch self {
    case .arcsine, .arccosine: return true
    case .smoothed, .series: return false
    }
  }

  @inline(__always)
  func closedForm(_ first: Double, _ second: Double, _ rho: Double) -> Double? {
    switch self {
    case .series: return nil
    case .smoothed(let pair):
      return pair.isServedBySeries(first, second, rho) ? nil : pair.value(first, second, rho)
    case .arcsine:
      let scale = ((1 + first * first) * (1 + second * second)).squareRoot()
      return 2 / Double.pi * asin(first * second * rho / scale)
    case .arccosine:
      let held = min(max(rho, -1), 1)
      let angle = (1 - held * held).squareRoot() + held * (Double.pi - acos(held))
      return first * second * angle / (2 * Double.pi)
    }
  }

  /// E[σ(u)²] from a table where the series is too short for it.
  @inline(__always)
  func tabulatedSquare(_ norm: Double, _ table: HermiteTable?) -> Double? {
    guard case .smoothed(let pair) = self, let table, !pair.isServedBySeries(norm, norm, 1) else {
      return nil
    }
    return table.square(norm: norm)
  }
}
