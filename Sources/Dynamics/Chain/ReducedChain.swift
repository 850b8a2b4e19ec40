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
/// Models beyond phase retrieval take the steps of ``NetworkChainLanes`` or, where it does not cover them and for overlaps
/// beside the risk, of ``NetworkChain``: the risk is evaluated after each, and a replica whose risk is no finite number
/// counts as diverged. Batches and repetitions take
/// ``BatchChain`` and ``RepeatedChain`` steps.
/// Source: theory of this project, section 3 (d); rank-one updates after Gill, Golub, Murray and
/// Saunders (1974), Methods for modifying matrix factorizations.
public struct ReducedChain: SteppedEngine {
  /// The dynamics, `chain`.
  public let kind = DynamicsKind.chain
  /// The model.
  public let model: Model
  /// When a replica has left the plateau.
  public let exitRule: ExitRule
  let stepLimit: Int
  private let steps: ChainSteps

  /// Creates the engine; throws `ParameterError` when the horizon holds too many steps.
  ///
  /// On the default generator vector kernels take the steps of one fresh sample, with any `instructions`, with the same
  /// bits: up to p = 64 many replicas abreast, beyond that one replica with vectors down its columns.
  /// `usesKernels` false takes the general path, which has the same law and other numbers.
  public init(
    model: Model, exitRule: ExitRule, usesKernels: Bool = true, instructions: InstructionSet = .best
  ) throws {
    self.model = model
    self.exitRule = exitRule
    try exitRule.requireFits(model)
    try ReducedChain.requireCovered(model)
    stepLimit = try exitRule.stepLimit(of: model)
    steps = try ChainSteps(model: model, usesKernels: usesKernels, instructions: instructions)
  }

  /// Throws `ParameterError` for the first key the chain has no way with.
  static func requireCovered(_ model: Model) throws(ParameterError) {
    try SampleSet.requireNone(model.samples, "the exact chain")
    if model.rule.repetitions > 1 { try RepeatedChain.requireFits(model) }
  }

  func perform(_ task: some SteppedTask, watchesRisk: Bool) throws {
    try steps.perform(
      task, watchesRisk: watchesRisk,
      levels: exitRule.isTold(byRiskOf: model) ? [] : exitRule.levels)
  }
}

/// Takes the chain's steps on the quickest path there is.
struct ChainSteps: Sendable {
  let model: Model
  private let usesKernels: Bool
  private let instructions: InstructionSet
  /// Whether ``NetworkChainLanes`` can take the steps, on the default generator.
  private let hasLanes: Bool

  /// Throws `ParameterError` for a target of more terms than can be evaluated.
  init(model: Model, usesKernels: Bool, instructions: InstructionSet) throws {
    self.model = model
    self.usesKernels = usesKernels
    self.instructions = instructions
    hasLanes = try NetworkChainLanes.covers(model) && usesKernels
  }

  /// Does a task; `watchesRisk` asks for the risk after every step, `levels` for these beside it.
  func perform(_ task: some SteppedTask, watchesRisk: Bool, levels: [ExitCriterion] = []) throws {
    guard model.isPhaseRetrieval && levels.isEmpty else {
      let asked = watchesRisk
      if model.rule.repetitions > 1 {
        return try task.run(
          on: RepeatedChain(model: model, watchesRisk: asked, levels: levels), .chain)
      }
      if model.rule.batchSize > 1 {
        return try task.run(
          on: BatchChain(model: model, watchesRisk: asked, levels: levels), .chain)
      }
      if hasLanes && levels.isEmpty && task.streams.suitKernels {
        return try task.run(in: networkLanes(task, watchesRisk: asked))
      }
      return try task.run(
        on: NetworkChain(model: model, watchesRisk: asked, levels: levels), .chain)
    }
    if usesKernels && task.streams.suitKernels {
      let seed = task.streams.seed
      if model.riskFallsWithOverlap {
        return try task.run(
          in: ScalarChainLanes(model: model, seed: seed, instructions: instructions))
      }
      if SquaresChainLanes.covers(model) {
        return try task.run(
          in: SquaresChainLanes(model: model, seed: seed, instructions: instructions))
      }
      if WideChain.covers(model) {
        return try task.run(on: WideChain(model: model, seed: seed, instructions: instructions))
      }
      if hasLanes { return try task.run(in: networkLanes(task, watchesRisk: true)) }
    }
    try task.run(on: NetworkChain(model: model, law: SquareLaw(model: model)), .chain)
  }

  private func networkLanes(_ task: some SteppedTask, watchesRisk: Bool) throws
    -> NetworkChainLanes
  {
    try NetworkChainLanes(
      model: model, watchesRisk: watchesRisk, seed: task.streams.seed, instructions: instructions)
  }
}
