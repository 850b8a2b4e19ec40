import GSL

/// Runs SGD's exact low-dimensional chain: the very law of the overlaps of full SGD at finite d.
///
/// The input enters a step only through the fields and |x|². In a frame whose first k axes are the
/// teacher's and in which the students are the rows of [M B], x has independent normal coordinates
/// g, and |x|² = |g|² + χ² with d − p − k degrees of freedom. Each step updates M, the factor B and
/// the student overlaps Q exactly, then scales the rows for the constraint:
/// M_jr += u_jλ⋆_r/d, Q_jl += (u_jλ_l + u_lλ_j)/d + u_ju_l|x|²/d², u_j = (γ/p)a_jℰσ'(λ_j).
///
/// B stays lower triangular by a downdate and an update in one sweep, so that a step costs
/// O(p(p + k)) flops and two passes over 2 p²/2 numbers. Q is taken anew from [M B] every 4096
/// steps, which keeps the two representations within rounding of each other. Memory 8 p² bytes.
/// Models beyond phase retrieval, and overlaps beside the risk, take ``NetworkChain`` steps: the risk is
/// evaluated after each, and a replica whose norm |w_j|/√d passes 32 counts as diverged.
/// Source: theory of this project, section 3 (d); rank-one updates after Gill, Golub, Murray and
/// Saunders (1974), Methods for modifying matrix factorizations.
public struct ReducedChain: Engine {
  /// The dynamics, `chain`.
  public let kind = DynamicsKind.chain
  /// The model.
  public let model: Model
  /// When a replica has left the plateau.
  public let exitRule: ExitRule
  private let stepLimit: Int
  private let usesKernels: Bool
  private let level: KernelLevel

  /// Creates the engine; throws `ParameterError` when the horizon holds too many steps.
  ///
  /// For k = 1 on the default generator vector kernels take the steps, at any `level` with the same
  /// bits: up to p = 64 many replicas abreast, beyond that one replica with vectors down its columns.
  /// `usesKernels` false takes the general path, which has the same law and other numbers.
  public init(
    model: Model, exitRule: ExitRule, usesKernels: Bool = true, level: KernelLevel = .best
  ) throws {
    self.usesKernels = usesKernels
    self.level = level
    self.model = model
    self.exitRule = exitRule
    try exitRule.requireFits(model)
    stepLimit = try exitRule.stepLimit(of: model)
    if !model.isPhaseRetrieval { _ = try model.orthonormalTerms() }
  }

  /// Runs the replicas of the queue; a step is one sample.
  public func run(_ work: ReplicaWork) throws {
    guard model.isPhaseRetrieval && exitRule.isTold(byRiskOf: model) else {
      let chain = try NetworkChain(model: model, watchesRisk: !exitRule.thresholds.isEmpty)
      return try run(work, on: chain) { chain.place($0) }
    }
    if usesKernels && work.streams.suitKernels {
      let seed = work.streams.seed
      if model.width == 1 && model.teacherUnits == 1 {
        return try run(work, in: ScalarChainLanes(model: model, seed: seed, level: level))
      }
      if NetworkChainLanes.covers(model) {
        return try run(work, in: NetworkChainLanes(model: model, seed: seed, level: level))
      }
      if WideChain.covers(model) {
        let replica = WideChain(model: model, seed: seed, level: level)
        return try Dynamics.run(work, on: replica, rule: exitRule, stepLimit: stepLimit)
      }
    }
    let state = ChainState(model: model)
    try run(work, on: state) { state.place($0) }
  }

  private func run(
    _ work: ReplicaWork, on state: some SteppedReplica, place: (StudentFrame) -> Void
  ) throws {
    while let replica = work.queue.next() {
      place(try work.frame(of: replica, model: model))
      let stream = try work.streams.stream(for: .chain, replica: replica)
      let records = try steppedExits(
        of: state, rule: exitRule, stepLimit: stepLimit, stream: stream, report: work.report)
      work.record(replica, records)
    }
  }

  private func run(_ work: ReplicaWork, in block: some LaneBlock) throws {
    let runner = LaneRunner(
      block: block, rule: exitRule, stepLimit: stepLimit,
      portion: UInt64(max(16, 8192 / (model.width * model.width))))
    try runner.run(work)
  }
}
