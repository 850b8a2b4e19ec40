extension FieldMoments {
  /// Writes the drift of the overlaps per unit τ in the limit d → ∞.
  ///
  /// Ψ_jr = 2 a_j E[ℰλ_jλ⋆_r],
  /// Φ_jl = 2(a_j + a_l) E[ℰλ_jλ_l] + 4(γ/p) a_ja_l E[ℰ²λ_jλ_l]; spherical:
  /// dM_j/dτ = Ψ_j − ½Φ_jj M_j, dQ_jl/dτ = Φ_jl − ½(Φ_jj + Φ_ll) Q_jl.
  /// Needs `update` at any order; O(p(p + k)). Source: theory of Saad and Solla (1995) for this
  /// activation, Arnaboldi et al. (2023), equation of the spherical flow.
  func drift(into output: UnsafeMutablePointer<Double>) {
    let (p, k) = (layout.width, layout.teacherUnits)
    for j in 0..<p {
      let radial = 0.5 * growth(j, j)
      for r in 0..<k {
        let pull = 2 * model.secondLayer[j] * first(j, p + r)
        output[layout.teacherOverlap(j, r)] = pull - radial * gram(j, p + r)
      }
    }
    for j in 0..<p {
      for l in 0..<j {
        let radial = 0.5 * (growth(j, j) + growth(l, l))
        output[layout.studentOverlap(j, l)] = growth(j, l) - radial * gram(j, l)
      }
      // Φ_jj − Φ_jj Q_jj, which the constraint holds at zero.
      output[layout.studentOverlap(j, j)] = 0
    }
  }

  /// Φ_jl, the unconstrained drift of Q_jl.
  @inline(__always) private func growth(_ j: Int, _ l: Int) -> Double {
    let (aj, al) = (model.secondLayer[j], model.secondLayer[l])
    let unitRate = sampleRate / Double(layout.width)
    return 2 * (aj + al) * first(j, l) + 4 * unitRate * aj * al * second(j, l)
  }

  /// Adds the finite-size drift per unit τ: the next order, 1/d, of the chain's one-step mean.
  ///
  /// With u_j = 2(γ/p) a_jℰλ_j, q_j = 2u_jλ_j + u_j², b_jl = u_jλ_l + u_lλ_j + u_ju_l and g the
  /// fields' own normals (|x|² = |g|² + χ²), the one-step mean of the spherical update has at order
  /// 1/d² the terms
  /// - M_jr: ⅜M_jr q_j² − ½u_jλ⋆_r q_j − ½M_jr u_j²(|g|² − n),
  /// - Q_jl: Q_jl[⅜(q_j² + q_l²) + ¼q_jq_l] − ½b_jl(q_j + q_l)
  ///   + (|g|² − n)[u_ju_l − ½Q_jl(u_j² + u_l²)],
  ///
  /// times (γ/p d)⁻¹ to make them a rate. Needs `update` with `.covariance`. Remainder O(1/d²) per
  /// unit τ. For p = 1 it is theory's ⅜mδq² − ½aδq − ½mu²(|g|² − 2); derived here for all p and k
  /// by expanding the normalisation to second order.
  func addFiniteSizeDrift(to output: UnsafeMutablePointer<Double>) {
    let (p, k) = (layout.width, layout.teacherUnits)
    let c = sampleRate / Double(p)
    let a = model.secondLayer
    let scale = 1 / (c * Double(model.dimension))
    let (square, radial) = (perStudent, perStudent + p)
    for j in 0..<p {
      let aj = a[j]
      let (e2, e3, e4) = fourOfOne(j, j)
      // E[q_j²] and E[u_j²(|g|² − n)].
      square[j] =
        16 * c * c * aj * aj * (e2 + 2 * c * aj * e3 + c * c * aj * aj * e4)
      radial[j] = 4 * c * c * aj * aj * secondWithNorm(j, j)
      for r in 0..<k {
        let (e2, e3, _) = fourOfOne(j, p + r)
        let cross = 8 * c * c * aj * aj * (e2 + c * aj * e3)
        let m = gram(j, p + r)
        let term = 0.375 * m * square[j] - 0.5 * cross - 0.5 * m * radial[j]
        output[layout.teacherOverlap(j, r)] += scale * term
      }
    }
    for j in 0..<p {
      for l in 0..<j {
        let (aj, al) = (a[j], a[l])
        let q = gram(j, l)
        let (e2, e3, e4) = fourOfTwo(j, l)
        let product =
          16 * c * c * aj * al * (e2 + c * (aj + al) * e3 + c * c * aj * al * e4)
        let normalised = q * (0.375 * (square[j] + square[l]) + 0.25 * product)
        let cross = productOfOverlapAndNorm(j, l) + productOfOverlapAndNorm(l, j)
        let norm =
          4 * c * c * aj * al * secondWithNorm(j, l) - 0.5 * q * (radial[j] + radial[l])
        output[layout.studentOverlap(j, l)] += scale * (normalised - 0.5 * cross + norm)
      }
    }
    if model.constraint == .riemannian { addTangentialTerms(to: output, scale: scale) }
    addBatchPairs(to: output)
  }

  /// What leaving out the radial part of the gradient adds to the terms of the sphere.
  ///
  /// With v_j = u_jλ_j: u_jv_jλ⋆_r − M_jr(v_j² + v_ju_j²) to M_jr, and to Q_jl
  /// u_j²λ_jλ_l + u_j²u_lλ_j − Q_jl(v_j² + v_ju_j²) and the same with j and l exchanged.
  private func addTangentialTerms(to output: UnsafeMutablePointer<Double>, scale: Double) {
    let (p, k) = (layout.width, layout.teacherUnits)
    let c = sampleRate / Double(p)
    func radial(_ j: Int) -> Double {
      let (e2, e3, _) = fourOfOne(j, j)
      let a = model.secondLayer[j]
      return 4 * c * c * a * a * (e2 + 2 * c * a * e3)
    }
    func pull(_ j: Int, _ l: Int) -> Double {
      let (e2, e3, _) = fourOfOne(j, l)
      let (a, other) = (model.secondLayer[j], model.secondLayer[l])
      return 4 * c * c * a * a * (e2 + 2 * c * other * e3)
    }
    for j in 0..<p {
      let (a, own) = (model.secondLayer[j], radial(j))
      for r in 0..<k {
        let (e2, _, _) = fourOfOne(j, p + r)
        output[layout.teacherOverlap(j, r)] +=
          scale * (4 * c * c * a * a * e2 - gram(j, p + r) * own)
      }
      for l in 0..<j {
        output[layout.studentOverlap(j, l)] +=
          scale * (pull(j, l) + pull(l, j) - gram(j, l) * (own + radial(l)))
      }
    }
  }

  private func addBatchPairs(to output: UnsafeMutablePointer<Double>) {
    guard let batchPairs else { return }
    let (p, n) = (layout.width, count)
    let c = sampleRate / Double(p)
    for j in 0..<p {
      let a = model.secondLayer[j]
      for x in 0..<n { batchPairs.fields[j * n + x] = 2 * c * a * first(j, x) }
      for l in 0..<p {
        let scale = 4 * c * c * a * model.secondLayer[l]
        batchPairs.squares[j * p + l] = scale * second(j, l)
        batchPairs.dots[j * p + l] = scale * productOfFirst(j, l)
      }
    }
    var state = [Double](repeating: 0, count: layout.count)
    for j in 0..<p {
      for r in 0..<layout.teacherUnits { state[layout.teacherOverlap(j, r)] = gram(j, p + r) }
      for l in 0...j { state[layout.studentOverlap(j, l)] = gram(j, l) }
    }
    batchPairs.add(to: output, at: state, sampleRate: sampleRate)
  }

  /// E[b_jl q_j].
  private func productOfOverlapAndNorm(_ j: Int, _ l: Int) -> Double {
    let c = sampleRate / Double(layout.width)
    let (aj, al) = (model.secondLayer[j], model.secondLayer[l])
    let (e2, e3, e4) = fourOfOne(j, l)
    let order3 = c * (8 * (aj + al) * aj + 16 * aj * al) * e3
    return c * c * aj * (8 * (aj + al) * e2 + order3 + 16 * c * c * aj * aj * al * e4)
  }
}
