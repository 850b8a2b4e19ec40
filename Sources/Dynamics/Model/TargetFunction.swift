/// Evaluates the labels without noise from the input's coordinates along the teacher's axes.
///
/// λ⋆ = T g with T Tᵀ = P. A workspace belongs to one task; a call allocates nothing.
final class TargetFunction {
  private let units: Int
  private let factor: [Double]?
  private let function: ActivationFunction?
  private let products: ProductFunction?
  private let coefficients: [Double]
  private let degrees: [Int]
  private let largestDegree: Int
  private let fields: UnsafeMutablePointer<Double>
  private let values: UnsafeMutablePointer<Double>
  private let slopes: UnsafeMutablePointer<Double>

  init(model: Model) {
    units = model.teacherUnits
    factor = model.teacherFactor
    var products: ProductFunction?
    switch model.target {
    case .products(let terms):
      products = ProductFunction(terms)
      function = nil
      (coefficients, degrees, largestDegree) = ([], [], 0)
    case .mean(let activation):
      function = ActivationFunction(activation)
      (coefficients, degrees, largestDegree) = ([], [], 0)
    case .hermiteTerms(let terms):
      function = nil
      coefficients = terms.map(\.coefficient)
      degrees = terms.flatMap(\.degrees)
      largestDegree = degrees.max() ?? 0
    }
    self.products = products
    fields = .allocate(capacity: units)
    values = .allocate(capacity: units * (largestDegree + 2))
    slopes = .allocate(capacity: units)
  }

  deinit {
    fields.deallocate()
    values.deallocate()
    slopes.deallocate()
  }

  /// g⋆(T g).
  func value(_ axes: UnsafePointer<Double>) -> Double {
    var source = axes
    if let factor {
      for r in 0..<units {
        var sum = 0.0
        for s in 0...r { sum += factor[r * units + s] * axes[s] }
        fields[r] = sum
      }
      source = UnsafePointer(fields)
    }
    if let products { return products.value(source) }
    guard let function else { return terms(source) }
    function.evaluate(source, count: units, values: values, slopes: slopes)
    var sum = 0.0
    for r in 0..<units { sum += values[r] }
    return sum / Double(units)
  }

  private func terms(_ fields: UnsafePointer<Double>) -> Double {
    let stride = largestDegree + 2
    for r in 0..<units {
      let hermite = values + r * stride
      hermite[0] = 1
      hermite[1] = fields[r]
      for n in 1..<max(largestDegree, 1) {
        hermite[n + 1] = fields[r] * hermite[n] - Double(n) * hermite[n - 1]
      }
    }
    var sum = 0.0
    for (term, coefficient) in coefficients.enumerated() {
      var product = coefficient
      for r in 0..<units { product *= values[r * stride + degrees[term * units + r]] }
      sum += product
    }
    return sum
  }
}

/// Evaluates a sum of products, each factor of a field once. A workspace belongs to one task; a call allocates nothing.
private final class ProductFunction {
  private let directions: [Int]
  private let functions: [FactorFunction]
  private let coefficients: [Double]
  /// The places of a term's factors in `directions`, one term after the other, and where each term ends.
  private let places: [Int]
  private let ends: [Int]
  private let values: UnsafeMutablePointer<Double>

  init(_ terms: [ProductTerm]) {
    var known: [(direction: Int, factor: TargetFactor)] = []
    var (places, ends): ([Int], [Int]) = ([], [])
    for term in terms {
      for active in term.active {
        let place = known.firstIndex {
          $0.direction == active.direction && $0.factor == active.factor
        }
        places.append(place ?? known.count)
        if place == nil { known.append(active) }
      }
      ends.append(places.count)
    }
    (self.places, self.ends) = (places, ends)
    directions = known.map { $0.direction }
    functions = known.map { FactorFunction($0.factor) }
    coefficients = terms.map(\.coefficient)
    values = .allocate(capacity: max(known.count, 1))
  }

  deinit { values.deallocate() }

  func value(_ fields: UnsafePointer<Double>) -> Double {
    for i in directions.indices { values[i] = functions[i].value(fields[directions[i]]) }
    var (sum, place) = (0.0, 0)
    for (term, end) in ends.enumerated() {
      var product = coefficients[term]
      while place < end {
        product *= values[places[place]]
        place += 1
      }
      sum += product
    }
    return sum
  }
}
