internal import CKernels

/// Holds the d-dimensional weights of one replica of full SGD for k = 1, on the vector kernel.
///
/// One pass over the weights a step: the last update is applied while the next input is drawn and
/// projected. A workspace belongs to one task.
final class KernelWeights {
  private let model: Model
  private let level: KernelLevel
  private let network: KernelNetwork
  private let stride: Int
  private let state: UnsafeMutablePointer<EscSgdState>
  private let storage: UnsafeMutablePointer<Double>
  private let storageCount: Int
  private let overlapRisk: OverlapRisk?

  init(model: Model, seed: UInt64, level: KernelLevel) {
    self.model = model
    self.level = level
    network = KernelNetwork(model: model, seed: seed)
    overlapRisk = model.width == 1 ? OverlapRisk(model: model) : nil
    stride = Int(esc_sgd_stride(UInt64(model.dimension)))
    let p = model.width
    // Each part starts on a cache line.
    let small = (p + 7) / 8 * 8
    let square = (p * p + 7) / 8 * 8
    storageCount = p * stride + 2 * stride + 3 * small + square + p * 32
    storage = UnsafeMutableRawPointer.allocate(byteCount: storageCount * 8, alignment: 64)
      .bindMemory(to: Double.self, capacity: storageCount)
    storage.initialize(repeating: 0, count: storageCount)
    state = .allocate(capacity: 1)
    state.initialize(to: EscSgdState())
    var next = storage
    func take(_ count: Int) -> UnsafeMutablePointer<Double> {
      defer { next += count }
      return next
    }
    state.pointee.vectors = take(p * stride)
    state.pointee.input = take(2 * stride)
    state.pointee.scale = take(small)
    state.pointee.pending = take(small)
    state.pointee.overlap = take(small)
    state.pointee.gram = take(square)
    state.pointee.scratch = take(p * 32)
  }

  deinit {
    state.deallocate()
    storage.deallocate()
  }

  /// Runs one replica to its last exit or the limit.
  func exits(
    of replica: Int, from frame: StudentFrame, rule: ExitRule, stepLimit: Int,
    report: (Int) -> Void
  ) throws -> [ExitRecord] {
    place(frame, replica)
    var watch = ExitWatch(rule: rule, initialRisk: risk)
    watch.observe(risk, at: 0, step: 0)
    // Some ten milliseconds between looks at cancellation and progress.
    let portion = max(1, 8_000_000 / (model.dimension * model.width))
    while !watch.isDone {
      let before = Int(state.pointee.step)
      guard before < stepLimit else { break }
      let event = esc_sgd_advance(
        network.pointer, state, overlapRisk?.boundary(watch.boundary) ?? .infinity,
        overlapRisk == nil ? watch.boundary : -.infinity,
        UInt64(min(portion, stepLimit - before)), level.kernel)
      let step = Int(state.pointee.step)
      report(step - before)
      if Task.isCancelled { throw CancellationError() }
      let time = Double(step) * model.timePerStep
      switch event {
      case ESC_EVENT_CROSSED:
        // The kernel has seen the crossing; the risk here may differ from its boundary by rounding.
        watch.exit(at: time, step: step)
        watch.observe(risk, at: time, step: step)
      case ESC_EVENT_DIVERGED: return watch.finish(.diverged, at: time, step: step)
      default: break
      }
    }
    return watch.finish(.censored, at: rule.horizon, step: stepLimit)
  }

  private var risk: Double {
    overlapRisk?.value(state.pointee.overlap[0]) ?? state.pointee.risk
  }

  /// Puts the students on the first p + 1 coordinates, where the frame says.
  private func place(_ frame: StudentFrame, _ replica: Int) {
    let p = model.width
    let length = Double(model.dimension).squareRoot()
    storage.update(repeating: 0, count: storageCount)
    for j in 0..<p {
      let row = state.pointee.vectors + j * stride
      row[0] = length * frame.teacherOverlaps[j]
      for i in 0...j { row[1 + i] = length * frame.residual[j * p + i] }
    }
    state.pointee.stream = kernelStream(.sgd, replica: replica)
    state.pointee.step = 0
    esc_sgd_begin(network.pointer, state, level.kernel)
  }
}
