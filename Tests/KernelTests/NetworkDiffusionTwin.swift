import CKernels

/// One replica of squares_diffusion_kernel.h in plain Swift, number by number in the kernel's order.
struct NetworkDiffusionTwin {
  let constants: EscSquaresDiffusion
  let a: [Double]
  /// Row j: m_j, Q_j1 … Q_jj.
  var state: [[Double]]
  var generator: ScalarGenerator
  private(set) var spread = 0.0

  private var p: Int { a.count }
  private var n: Int { a.count + 1 }
  private var width: Double { Double(a.count) }
  private var unitRate: Double { constants.learning_rate / width }
  /// L by columns: `field[c][i]` is L_ic.
  private var field: [[Double]] = []
  private var form: [[Double]] = []
  private var beta: [[Double]] = []
  private var series: [Double] = []

  init(_ constants: EscSquaresDiffusion, a: [Double], state: [[Double]], stream: UInt64) {
    self.constants = constants
    self.a = a
    self.state = state
    generator = ScalarStream(seed: constants.seed, stream: stream).generator()
  }

  /// The excess risk.
  var risk: Double {
    var constant = 1.0
    for j in 0..<p { constant -= a[j] / width }
    var risk = (0.5 * constant) * constant + 1
    for j in 0..<p {
      var squares = 0.0
      for l in 0..<j { squares += (a[l] / width) * (state[j][l + 1] * state[j][l + 1]) }
      let m = state[j][0]
      risk += (a[j] / width) * (((a[j] / width) - 2 * (m * m)) + 2 * squares)
    }
    return risk
  }

  /// Takes one step.
  mutating func step() {
    let h = constants.step
    let scale = unitRate * h / constants.dimension
    let amplitude = scale.squareRoot()
    factor()
    diagonalise()
    expand()
    let (u, v) = draw()
    var moved = transform(u, v)
    var power = powers()
    var drift = pull(state, power, series[0], series[1])
    let finite = constants.finite_size != 0 ? finiteSizeDrift(power) : []
    var next = state
    for j in 0..<p {
      for l in 0...(j + 1) {
        var x = state[j][l] + amplitude * moved[j][l]
        if constants.finite_size != 0 { x += h * finite[j][l] }
        moved[j][l] = x
        let reached =
          constants.scheme == 2 ? state[j][l] + (0.5 * h) * drift[j][l] : x + h * drift[j][l]
        next[j][l] = Self.held(reached)
      }
    }
    // Weights of the stages after the first in the sum of drifts, reach of the next, divisor of the sum.
    let stages: [(weight: Double, reach: Double)]
    switch constants.scheme {
    case 1: stages = [(1, 0)]
    case 2: stages = [(2, 0.5), (2, 1), (1, 0)]
    default: stages = []
    }
    var total = drift
    for (index, stage) in stages.enumerated() {
      let (d1, d2) = predict(next, &power)
      drift = pull(next, power, d1, d2)
      let share = h / (stages.count == 3 ? 6 : 2)
      for j in 0..<p {
        for l in 0...(j + 1) {
          total[j][l] = total[j][l] + stage.weight * drift[j][l]
          let x = moved[j][l]
          let isLast = index + 1 == stages.count
          next[j][l] = Self.held(
            isLast ? x + share * total[j][l] : x + (h * stage.reach) * drift[j][l])
        }
      }
    }
    var slope = state
    for j in 0..<p {
      for l in 0...j {
        let weight = -2 * (a[j] / width) * (l == 0 ? 1 : -(a[l - 1] / width))
        slope[j][l] = weight * (state[j][l] + next[j][l])
      }
    }
    spread = scale * variance(slope)
    state = next
  }

  /// Adds terms in ascending order.
  private func sum(_ count: Int, _ term: (Int) -> Double) -> Double {
    var sum = 0.0
    for k in 0..<count { sum += term(k) }
    return sum
  }

  private static func held(_ x: Double) -> Double {
    let x = x > 1 ? 1 : x
    return x < -1 ? -1 : x
  }

  private mutating func factor() {
    field = Array(repeating: Array(repeating: 0, count: n), count: n)
    field[0][0] = 1
    var inverse = [Double](repeating: 0, count: p)
    for j in 0..<p {
      let m = state[j][0]
      field[0][j + 1] = m
      for l in 0...j {
        var s = state[j][l + 1] - m * field[0][l + 1]
        for i in 1..<(l + 1) { s -= field[i][j + 1] * field[i][l + 1] }
        if l == j { inverse[j] = s > 1e-14 ? ScalarStream.inverseRoot(s) : 0 }
        field[l + 1][j + 1] = s * inverse[l]
      }
    }
    form = Array(repeating: Array(repeating: 0, count: n), count: n)
    for x in 0..<n {
      for y in 0...x {
        var s = x == 0 ? 1.0 : 0
        for i in max(x, 1)..<n { s -= ((a[i - 1] / width) * field[x][i]) * field[y][i] }
        form[x][y] = s
      }
    }
  }

  /// Works on the lower triangle of `form`.
  private mutating func diagonalise() {
    func rotated(_ u: Double, _ v: Double, _ c: Double, _ s: Double) -> (Double, Double) {
      (c * u - s * v, s * u + c * v)
    }
    for _ in 0..<12 {
      var (off, all) = (0.0, 0.0)
      for x in 0..<n {
        for y in 0..<x { off += form[x][y] * form[x][y] }
        all += form[x][x] * form[x][x]
      }
      guard off > 1e-20 * (off + all) else { return }
      for x in 0..<(n - 1) {
        for y in (x + 1)..<n {
          let (o, xx, yy) = (form[y][x], form[x][x], form[y][y])
          let d = yy - xx
          let twice = o + o
          let square = d * d + twice * twice
          guard square > 1e-290 else { continue }
          let c2 = 0.5 + 0.5 * (abs(d) * ScalarStream.inverseRoot(square))
          let inverse = ScalarStream.inverseRoot(c2)
          let c = c2 * inverse
          var s = (o * ScalarStream.inverseRoot(square)) * inverse
          if d < 0 { s = -s }
          let t = s * inverse
          form[x][x] = xx - t * o
          form[y][y] = yy + t * o
          form[y][x] = 0
          for k in 0..<n where k != x && k != y {
            let (i, j) = ((max(k, x), min(k, x)), (max(k, y), min(k, y)))
            (form[i.0][i.1], form[j.0][j.1]) = rotated(form[i.0][i.1], form[j.0][j.1], c, s)
          }
          for k in 0..<n { (field[x][k], field[y][k]) = rotated(field[x][k], field[y][k], c, s) }
        }
      }
    }
  }

  private mutating func expand() {
    var t = [0.0, 0, 0, 0]
    beta = Array(repeating: Array(repeating: 0, count: n), count: 4)
    for x in 0..<n {
      let b = 2 * form[x][x]
      let b2 = b * b
      for (m, value) in [b, b2, b2 * b, b2 * b2].enumerated() {
        beta[m][x] = value
        t[m] += value
      }
    }
    let (c1, c2, c3, c4) = (
      0.5 * t[0], 0.25 * t[1] + 0.5 * constants.label_noise, t[2] / 6, 0.125 * t[3]
    )
    let d2 = 0.5 * (c1 * c1) + c2
    let d3 = (c1 * d2 + 2 * (c2 * c1) + 3 * c3) / 3
    let d4 = 0.25 * (c1 * d3 + 2 * (c2 * d2) + 3 * (c3 * c1) + 4 * c4)
    series = [c1, d2, d3, d4]
  }

  private func cover(_ i: Int, _ j: Int) -> (uu: Double, uv: Double, vv: Double) {
    let (d1, d2, d3, d4) = (series[0], series[1], series[2], series[3])
    let x = beta[0][i]
    let h1 = x + beta[0][j]
    let h2 = x * h1 + beta[1][j]
    let h3 = x * h2 + beta[2][j]
    let h4 = x * h3 + beta[3][j]
    let order2 = d2 + d1 * h1 + h2
    let order3 = d3 + d2 * h1 + d1 * h2 + h3
    let order4 = d4 + d3 * h1 + d2 * h2 + d1 * h3 + h4
    return (2 * order2, 6 * order3, 24 * order4)
  }

  private func means(_ x: Int) -> (Double, Double) {
    let (d1, b) = (series[0], beta[0][x])
    return (d1 + b, 2 * (series[1] + d1 * b + beta[1][x]))
  }

  private mutating func draw() -> ([[Double]], [[Double]]) {
    var u = [[Double]](repeating: Array(repeating: 0, count: n), count: n)
    var v = u
    for x in 1..<n {
      for y in 0..<x {
        let (g, h, _) = ScalarStream.normals(generator.pair())
        let k = cover(x, y)
        let r = k.uu > 1e-290 ? ScalarStream.inverseRoot(k.uu) : 0
        let cross = k.uv * r
        let rest = k.vv - cross * cross
        let q = rest > 1e-290 ? rest * ScalarStream.inverseRoot(rest) : 0
        u[x][y] = (k.uu * r) * g
        v[x][y] = cross * g + q * h
        (u[y][x], v[y][x]) = (u[x][y], v[x][y])
      }
    }
    var normal: [Double] = []
    var mean: [Double] = []
    for x in 0..<n {
      let (g, h, _) = ScalarStream.normals(generator.pair())
      normal += [g, h]
      mean += [means(x).0, means(x).1]
    }
    var matrix = [[Double]](repeating: Array(repeating: 0, count: 2 * n), count: 2 * n)
    for x in 0..<n {
      for y in 0...x {
        let k = cover(x, y)
        let times = x == y ? 3.0 : 1.0
        matrix[2 * x][2 * y] = times * k.uu - mean[2 * x] * mean[2 * y]
        matrix[2 * x][2 * y + 1] = times * k.uv - mean[2 * x] * mean[2 * y + 1]
        matrix[2 * x + 1][2 * y] = times * k.uv - mean[2 * x + 1] * mean[2 * y]
        matrix[2 * x + 1][2 * y + 1] = times * k.vv - mean[2 * x + 1] * mean[2 * y + 1]
      }
    }
    var inverse = [Double](repeating: 0, count: 2 * n)
    for i in 0..<(2 * n) {
      var value = 0.0
      for j in 0..<i {
        var s = matrix[i][j]
        for l in 0..<j { s -= matrix[i][l] * matrix[j][l] }
        matrix[i][j] = s * inverse[j]
        value += matrix[i][j] * normal[j]
      }
      let whole = matrix[i][i]
      var s = whole
      for l in 0..<i { s -= matrix[i][l] * matrix[i][l] }
      inverse[i] = s > 1e-13 * whole && s > 1e-290 ? ScalarStream.inverseRoot(s) : 0
      value += (s * inverse[i]) * normal[i]
      if i % 2 == 0 { u[i / 2][i / 2] = value } else { v[i / 2][i / 2] = value }
    }
    return (u, v)
  }

  private func transform(_ u: [[Double]], _ v: [[Double]]) -> [[Double]] {
    func product(_ matrix: [[Double]]) -> [[Double]] {
      (0..<p).map { j in
        (0..<n).map { x in sum(n) { field[$0][j + 1] * matrix[$0][x] } }
      }
    }
    let (first, second) = (product(u), product(v))
    func back(_ row: [Double], _ i: Int) -> Double {
      sum(n) { row[$0] * field[$0][i] }
    }
    var moved = state
    var own = [Double](repeating: 0, count: p)
    for j in 0..<p {
      moved[j][0] = (2 * a[j]) * back(first[j], 0)
      for l in 0...j {
        let raw =
          (2 * (a[j] + a[l])) * back(first[j], l + 1)
          + ((4 * unitRate) * a[j] * a[l]) * back(second[j], l + 1)
        if l < j { moved[j][l + 1] = raw } else { own[j] = raw }
      }
    }
    for j in 0..<p {
      moved[j][0] = moved[j][0] - 0.5 * (state[j][0] * own[j])
      for l in 0..<j {
        moved[j][l + 1] = moved[j][l + 1] - 0.5 * (state[j][l + 1] * (own[j] + own[l]))
      }
      moved[j][j + 1] = 0
    }
    return moved
  }

  private func powers() -> [[[Double]]] {
    (0..<4).map { m in
      (0..<p).map { j in
        (0...(j + 1)).map { l in
          sum(n) { (field[$0][j + 1] * field[$0][l]) * beta[m][$0] }
        }
      }
    }
  }

  private func pull(
    _ overlaps: [[Double]], _ power: [[[Double]]], _ d1: Double, _ d2: Double
  ) -> [[Double]] {
    var drift = overlaps
    var own = [Double](repeating: 0, count: p)
    for j in 0..<p {
      for l in 0...(j + 1) {
        let (x, s1, s2) = (overlaps[j][l], power[0][j][l], power[1][j][l])
        let e1 = s1 + d1 * x
        let e2 = 2 * (s2 + d1 * s1 + d2 * x)
        let growth =
          l == 0
          ? (2 * a[j]) * e1
          : (2 * (a[j] + a[l - 1])) * e1 + ((4 * unitRate) * a[j] * a[l - 1]) * e2
        if l == j + 1 { own[j] = growth }
        drift[j][l] = l == j + 1 ? 0 : growth
      }
    }
    for j in 0..<p {
      drift[j][0] = drift[j][0] - 0.5 * (own[j] * overlaps[j][0])
      for l in 0..<j {
        drift[j][l + 1] = drift[j][l + 1] - 0.5 * ((own[j] + own[l]) * overlaps[j][l + 1])
      }
    }
    return drift
  }

  private func finiteSizeDrift(_ power: [[[Double]]]) -> [[Double]] {
    func plain(_ j: Int, _ l: Int) -> [Double] { [state[j][l]] + (0..<4).map { power[$0][j][l] } }
    func weighted(_ s: [Double]) -> [Double] {
      var out = s
      for m in 1..<5 {
        for b in 1...m { out[m] += series[b - 1] * s[m - b] }
      }
      return out
    }
    func coefficient(_ x: [Double], _ y: [Double], _ order: Int) -> Double {
      var sum = x[0] * y[order]
      for m in 1...order { sum += x[m] * y[order - m] }
      return sum
    }
    func withNorm(_ s: [Double]) -> Double {
      let (d1, d2) = (series[0], series[1])
      let t2 = 4 * ((d2 - 0.5 * (d1 * d1)) - 0.5 * constants.label_noise)
      var sum = 2 * (d2 * s[0] + 2 * (d1 * s[1]) + 3 * s[2])
      sum += (2 * d1) * (s[1] + d1 * s[0])
      sum += t2 * s[0]
      return 2 * sum
    }
    let c = unitRate
    let scale = 1 / (c * constants.dimension)
    var finite = state
    var square = [Double](repeating: 0, count: p)
    var radial = square
    for j in 0..<p {
      let c2 = c * c * a[j] * a[j]
      let (own, m) = (plain(j, j + 1), plain(j, 0))
      let x = weighted(own)
      var e2 = 6 * coefficient(x, own, 2)
      var e3 = 18 * coefficient(x, own, 3)
      let e4 = 72 * coefficient(x, own, 4)
      square[j] = (16 * c2) * (e2 + (2 * c * a[j]) * e3 + c2 * e4)
      radial[j] = (4 * c2) * withNorm(own)
      e2 = 6 * coefficient(x, m, 2)
      e3 = 18 * coefficient(x, m, 3)
      let cross = (8 * c2) * (e2 + (c * a[j]) * e3)
      finite[j][0] = scale * (m[0] * (0.375 * square[j] - 0.5 * radial[j]) - 0.5 * cross)
      finite[j][j + 1] = 0
    }
    for j in 0..<p {
      let own = plain(j, j + 1)
      let x = weighted(own)
      for l in 0..<j {
        let (aj, al) = (a[j], a[l])
        let (both, sum, c2) = (aj * al, aj + al, c * c)
        let (other, s) = (plain(l, l + 1), plain(j, l + 1))
        let (y, z) = (weighted(other), weighted(s))
        func four(_ order: Int) -> Double {
          coefficient(x, other, order) + 2 * coefficient(z, s, order)
        }
        let (e2, e3, e4) = (2 * four(2), 6 * four(3), 24 * four(4))
        let mutual = (16 * c2 * both) * (e2 + (c * sum) * e3 + (c2 * both) * e4)
        let grown = 0.375 * (square[j] + square[l]) + 0.25 * mutual
        func mixed(_ j: Double, _ l: Double) -> [Double] { (0..<5).map { j * x[$0] + l * y[$0] } }
        let two = mixed(48 * sum * aj, 48 * sum * al)
        let three = mixed(
          144 * c * aj * (sum * aj + 2 * both), 144 * c * al * (sum * al + 2 * both))
        let last = mixed(1152 * c2 * both * aj * aj, 1152 * c2 * both * al * al)
        let cross = coefficient(two, s, 2) + coefficient(three, s, 3) + coefficient(last, s, 4)
        var term = s[0] * (grown - 0.5 * (radial[j] + radial[l]))
        term += (4 * c2 * both) * withNorm(s)
        finite[j][l + 1] = scale * (term - (0.5 * c2) * cross)
      }
    }
    return finite
  }

  private func predict(
    _ overlaps: [[Double]], _ power: inout [[[Double]]]
  ) -> (Double, Double) {
    var gram = [[Double]](repeating: Array(repeating: 1, count: n), count: n)
    for j in 0..<p {
      for l in 0...(j + 1) {
        gram[j + 1][l] = overlaps[j][l]
        gram[l][j + 1] = overlaps[j][l]
      }
    }
    var pulled = gram
    for i in 0..<n {
      let weight: Double = i == 0 ? 2 : -2 * (a[i - 1] / width)
      for l in 0..<n { pulled[i][l] = weight * gram[i][l] }
    }
    var first = gram
    for i in 0..<n {
      for j in 0..<n { first[i][j] = sum(n) { gram[$0][i] * pulled[$0][j] } }
    }
    var (trace, constant) = (first[0][0], 1.0)
    for j in 0..<p {
      trace -= (a[j] / width) * first[j + 1][j + 1]
      constant -= a[j] / width
    }
    for j in 0..<p {
      for l in 0...(j + 1) {
        power[0][j][l] = first[j + 1][l]
        power[1][j][l] = sum(n) { first[j + 1][$0] * pulled[$0][l] }
      }
    }
    return (constant, 0.5 * (constant * constant) + (0.5 * trace + 0.5 * constants.label_noise))
  }

  private func variance(_ slope: [[Double]]) -> Double {
    var own = (0..<p).map { slope[$0][0] * state[$0][0] }
    for j in 0..<p {
      for l in 0..<j {
        let x = slope[j][l + 1] * state[j][l + 1]
        own[j] = own[j] + x
        own[l] = own[l] + x
      }
    }
    var u = state
    var v = state
    for j in 0..<p {
      u[j][0] = (2 * a[j]) * slope[j][0]
      for l in 0...j {
        let x = l < j ? slope[j][l + 1] : -0.5 * own[j]
        u[j][l + 1] = (2 * (a[j] + a[l])) * x
        v[j][l + 1] = ((4 * unitRate) * a[j] * a[l]) * x
      }
    }
    let first = (0..<p).map { j in
      (0..<n).map { x in sum(j + 2) { u[j][$0] * field[x][$0] } }
    }
    let second = (0..<p).map { j in
      (0..<n).map { x in sum(j + 1) { v[j][$0 + 1] * field[x][$0 + 1] } }
    }
    func spread(_ rows: [[Double]]) -> [[Double]] {
      (0..<n).map { x in
        (0..<n).map { y in sum(p) { field[x][$0 + 1] * rows[$0][y] } }
      }
    }
    let (g, h) = (spread(first), spread(second))
    var (variance, mean) = (0.0, 0.0)
    for x in 0..<n {
      for y in 0...x {
        let k = cover(x, y)
        let cross = g[x][x] * h[y][y] + h[x][x] * g[y][y]
        let diagonal = k.uu * (g[x][x] * g[y][y]) + k.uv * cross + k.vv * (h[x][x] * h[y][y])
        if x == y {
          variance += 3 * diagonal
        } else {
          let (s, t) = (g[x][y] + g[y][x], h[x][y] + h[y][x])
          let pair = k.uu * (s * s) + 2 * (k.uv * (s * t)) + k.vv * (t * t)
          variance += 2 * diagonal + pair
        }
      }
      let (meanU, meanV) = means(x)
      mean += meanU * g[x][x] + meanV * h[x][x]
    }
    variance -= mean * mean
    return variance > 0 ? variance : 0
  }
}
