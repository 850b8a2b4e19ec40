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

  /// Creates the engine; throws `ParameterError` when the horizon holds too many steps.
  public init(model: Model, exitRule: ExitRule) throws {
    self.model = model
    self.exitRule = exitRule
    stepLimit = try exitRule.stepLimit(of: model)
  }

  /// Runs every replica of the batch; a step is one sample.
  public func run(_ batch: ReplicaBatch, report: (Int) -> Void) throws -> [ExitRecord] {
    var records: [ExitRecord] = []
    records.reserveCapacity(batch.replicas.count * exitRule.thresholds.count)
    let state = ChainState(model: model)
    for replica in batch.replicas {
      state.place(try batch.frame(of: replica, model: model))
      let stream = try batch.streams.stream(for: .chain, replica: replica)
      records += try steppedExits(
        of: state, rule: exitRule, stepLimit: stepLimit, stream: stream, report: report)
    }
    return records
  }
}
