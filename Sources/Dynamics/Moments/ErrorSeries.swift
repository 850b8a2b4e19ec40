/// The series D(θ) = exp(½ Σ_{m≥1} (2θ)ᵐ tr((AΩ)ᵐ)/m + θ²Δ/2) of ``FieldMoments`` to fourth order.
struct ErrorSeries {
  /// [θᵐ] D for m = 1…4; [θ⁰] D = 1.
  let first: Double
  let second: Double
  let third: Double
  let fourth: Double

  /// Takes tr((AΩ)ᵐ) for m = 1…4.
  init(traces: (Double, Double, Double, Double), labelNoise: Double) {
    let c1 = traces.0
    let c2 = traces.1 + 0.5 * labelNoise
    let c3 = 4 * traces.2 / 3
    let c4 = 2 * traces.3
    first = c1
    second = (c1 * c1 + 2 * c2) / 2
    third = (c1 * second + 2 * c2 * c1 + 3 * c3) / 3
    fourth = (c1 * third + 2 * c2 * second + 3 * c3 * c1 + 4 * c4) / 4
  }

  /// n! [θⁿ] D/((1 − xθ)(1 − yθ)) for n = 2, 3, 4: E[ℰⁿ g_i²g_j²] with x = 2α_i, y = 2α_j, i ≠ j.
  @inline(__always)
  func squares(_ x: Double, _ y: Double) -> (Double, Double, Double) {
    // Complete homogeneous polynomials of x and y.
    let y2 = y * y
    let h1 = x + y
    let h2 = x * h1 + y2
    let h3 = x * h2 + y2 * y
    let h4 = x * h3 + y2 * y2
    let order2 = second + first * h1 + h2
    let order3 = third + second * h1 + first * h2 + h3
    let order4 = fourth + third * h1 + second * h2 + first * h3 + h4
    return (2 * order2, 6 * order3, 24 * order4)
  }

  /// n! [θⁿ] D/(1 − xθ) for n = 1, 2: E[ℰⁿ g_i²].
  @inline(__always)
  func means(_ x: Double) -> (Double, Double) {
    (first + x, 2 * (second + first * x + x * x))
  }
}
