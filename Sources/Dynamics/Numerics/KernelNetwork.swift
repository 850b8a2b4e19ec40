internal import CKernels

/// Owns the constants of a network as the kernels read them.
final class KernelNetwork {
  let pointer: UnsafeMutablePointer<EscNetwork>
  private let weights: UnsafeMutablePointer<Double>

  init(model: Model, seed: UInt64) {
    weights = .allocate(capacity: model.width)
    weights.initialize(from: model.secondLayer, count: model.width)
    pointer = .allocate(capacity: 1)
    pointer.initialize(
      to: EscNetwork(
        seed: seed, dimension: UInt64(model.dimension), width: UInt64(model.width),
        rate: model.learningRate, weights: weights, noise: model.labelNoise.squareRoot()))
  }

  deinit {
    pointer.deallocate()
    weights.deallocate()
  }
}

/// The two counter words that name a replica's stream to a kernel.
func kernelStream(_ purpose: StreamPurpose, replica: Int) -> UInt64 {
  UInt64(replica) | UInt64(purpose.rawValue) << 48
}
