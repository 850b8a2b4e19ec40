/// Gives the coefficients of the SDE for any network within quadrature's reach.
///
/// The state is M, Q and a, whose noise has the factor L of ``IncrementQuadrature/covariance`` (a rank below
/// its order is no trouble). The risk's gradient is taken by central differences. Cost a step: two
/// evaluations of the quadrature, or five for Runge–Kutta.
final class QuadratureCoefficients: DiffusionCoefficients {
  private let model: Model
  private let layout: OverlapLayout
  private let quadrature: IncrementQuadrature
  private let flow: NetworkFlow
  private let memory: KernelMemory
  private let factor: UnsafeMutablePointer<Double>
  private let middle: UnsafeMutablePointer<Double>
  private let largestOverlaps: [Double]
  private(set) var risk = 0.0

  init(model: Model) throws {
    self.model = model
    layout = model.layout
    quadrature = try IncrementQuadrature(model: model)
    flow = try NetworkFlow(model: model)
    memory = KernelMemory([quadrature.count * quadrature.count, quadrature.count])
    factor = memory.take(quadrature.count * quadrature.count)
    middle = memory.take(quadrature.count)
    largestOverlaps = (0..<model.teacherUnits).map { model.teacherOverlap($0, $0).squareRoot() }
  }

  var stateLength: Int { quadrature.count }
  var normalCount: Int { quadrature.count }

  /// One pass over the nodes gives all.
  func order(finiteSizeDrift: Bool) -> FieldMoments.Order { .covariance }

  func take(learningRate: Double, secondLayerPace: Double) {
    quadrature.learningRate = learningRate
    quadrature.secondLayerPace = secondLayerPace
  }

  func state(of frame: StudentFrame) -> [Double] { flow.state(of: frame) }

  func update(_ state: UnsafePointer<Double>, order: FieldMoments.Order) {
    quadrature.evaluate(state, order: order)
    if order == .covariance { risk = flow.risk(of: state) }
  }

  func drift(into output: UnsafeMutablePointer<Double>) {
    for s in 0..<quadrature.count { output[s] = quadrature.drift[s] }
  }

  func addFiniteSizeDrift(to output: UnsafeMutablePointer<Double>) {
    for s in 0..<quadrature.count { output[s] += quadrature.finiteSizeDrift[s] }
  }

  func updateNoise(_ state: UnsafePointer<Double>) {
    let count = quadrature.count
    for s in 0..<(count * count) { factor[s] = quadrature.covariance[s] }
    factorSemidefinite(factor, order: count)
  }

  func increments(
    from normals: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>
  ) {
    let count = quadrature.count
    for s in 0..<count {
      var sum = 0.0
      for t in 0...s { sum += factor[s * count + t] * normals[t] }
      output[s] = sum
    }
  }

  func variance(along gradient: UnsafePointer<Double>) -> Double {
    let count = quadrature.count
    var variance = 0.0
    for t in 0..<count {
      var sum = 0.0
      for s in t..<count { sum += gradient[s] * factor[s * count + t] }
      variance += sum * sum
    }
    return variance
  }

  func takeMidwayGradient(
    _ values: UnsafeMutablePointer<Double>, _ end: UnsafePointer<Double>
  ) {
    let count = quadrature.count
    for s in 0..<count { middle[s] = 0.5 * (values[s] + end[s]) }
    for s in 0..<count {
      // What has no noise needs no slope.
      guard hasNoise(s) else {
        values[s] = 0
        continue
      }
      let center = middle[s]
      let reach = 6e-6 * max(abs(center), 1)
      middle[s] = center + reach
      let above = flow.risk(of: middle)
      middle[s] = center - reach
      values[s] = (above - flow.risk(of: middle)) / (2 * reach)
      middle[s] = center
    }
  }

  private func hasNoise(_ s: Int) -> Bool {
    (0...s).contains { factor[s * quadrature.count + $0] != 0 }
  }

  func hold(_ values: UnsafeMutablePointer<Double>) {
    let (p, k) = (model.width, model.teacherUnits)
    for j in 0..<p {
      let own = layout.studentOverlap(j, j)
      values[own] = max(values[own], 1e-12)
      let norm = values[own].squareRoot()
      for r in 0..<k {
        let at = layout.teacherOverlap(j, r)
        let largest = norm * largestOverlaps[r]
        values[at] = min(max(values[at], -largest), largest)
      }
      for l in 0..<j {
        let at = layout.studentOverlap(j, l)
        let largest = norm * values[layout.studentOverlap(l, l)].squareRoot()
        values[at] = min(max(values[at], -largest), largest)
      }
    }
  }
}
