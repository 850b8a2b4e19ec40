internal import CKernels
import GSL

/// Runs one-pass SGD with all its d-dimensional weights.
///
/// The teacher's units are the first k coordinate axes (times √d), which by rotation invariance
/// loses nothing and saves k dot products; a start occupies the first p + k coordinates. Each step
/// draws x ~ N(0, I_d) and a label, and does
/// w_j ← w_j + (γ/p) a_jℰσ'(λ_j) x/√d, w_j ← √d w_j/|w_j|.
///
/// Phase retrieval with one teacher unit, watched by its risk, takes ``KernelWeights`` steps; any other network, rule of
/// learning or exit takes ``NetworkWeights``, whose passes over the weights are vector kernels too, at the cost of the
/// risk after each step.
///
/// Rows are stored up to a scale, so that the normalisation costs no pass. The student overlaps are
/// carried along exactly and taken anew from the weights every 4096 steps. A step costs d normal
/// variates and 4 p d flops; memory 8 d(p + 2) bytes.
public struct FullSGD: SteppedEngine {
  /// The dynamics, `sgd`.
  public let kind = DynamicsKind.sgd
  /// The model.
  public let model: Model
  /// When a replica has left the plateau.
  public let exitRule: ExitRule
  /// The arithmetic in which the normals of the input are made.
  public let precision: InputPrecision
  let stepLimit: Int
  private let usesKernel: Bool
  private let instructions: InstructionSet

  /// Whether the kernel of squares takes the steps, on the default generator.
  private let hasKernel: Bool

  /// The largest p d, for 2 GB of weights a thread.
  public static let largestWeightCount = 250_000_000

  /// Creates the engine.
  ///
  /// Throws `ParameterError` when the weights would not fit in memory, or when the horizon holds too
  /// many steps. On the default generator vector kernels draw the inputs, with any `instructions` of the same bits;
  /// `usesKernel` false draws them one by one, for the same law and other numbers. The kernels alone know single
  /// `precision`, which throws elsewhere: here for samples that return, or in `run` for streams of another generator.
  public init(
    model: Model, exitRule: ExitRule, precision: InputPrecision = .double, usesKernel: Bool = true,
    instructions: InstructionSet = .best
  ) throws {
    self.precision = precision
    self.usesKernel = usesKernel
    self.instructions = instructions
    let (count, overflow) = model.dimension.multipliedReportingOverflow(by: model.width)
    try ParameterError.require(
      !overflow && count <= FullSGD.largestWeightCount, "dimension", "\(model.dimension)",
      "at most \(FullSGD.largestWeightCount / model.width) for full SGD at width \(model.width); "
        + "the exact chain has the same law")
    self.model = model
    self.exitRule = exitRule
    try exitRule.requireFits(model)
    try ParameterError.require(
      model.rule.batchSize == 1
        || NetworkWeights.count(model) <= 2 * Double(FullSGD.largestWeightCount),
      "batch-size",
      "\(model.rule.batchSize)",
      "fewer for full SGD in dimension \(model.dimension), which keeps a batch that is repeated")
    stepLimit = try exitRule.stepLimit(of: model)
    if let set = model.samples {
      let steps = Double(set.epochs) * Double(set.stepsPerEpoch(model.rule))
      try ParameterError.require(
        Double(stepLimit) <= steps, "epochs", "\(set.epochs)",
        "as many as the horizon takes, at least \((Double(stepLimit) / steps * Double(set.epochs)).rounded(.up))"
      )
    }
    if !model.isPhaseRetrieval { _ = try model.orthonormalTerms() }
    hasKernel =
      usesKernel && model.isPhaseRetrieval && model.teacherUnits == 1
      && model.samples?.returns != true && exitRule.isTold(byRiskOf: model)
    try ParameterError.require(
      precision == .double || usesKernel && model.samples?.returns != true, "precision",
      precision.rawValue, "double, for full SGD on samples that return")
  }

  func perform(_ task: some SteppedTask, watchesRisk: Bool) throws {
    let drawsInKernel = usesKernel && task.streams.suitKernels
    if hasKernel && drawsInKernel {
      return try task.run(
        on: KernelWeights(
          model: model, seed: task.streams.seed, precision: precision, instructions: instructions))
    }
    try requireDouble(for: task.streams)
    try requireKeys(for: task.streams)
    let isTold = exitRule.isTold(byRiskOf: model)
    let replica = try NetworkWeights(
      model: model, watchesRisk: watchesRisk || isTold && exitRule.watchesLevels,
      levels: isTold ? [] : exitRule.levels,
      inputs: drawsInKernel ? .kernel(seed: task.streams.seed, precision: precision) : .stream,
      generator: task.streams.generator, instructions: instructions)
    try task.run(on: replica, .sgd)
  }

  /// Throws `ParameterError` when samples return and the streams' generator has none of their own for each.
  public func requireKeys(for streams: StreamFamily) throws(ParameterError) {
    try ParameterError.require(
      model.samples?.returns != true || streams.generator.isKeyed, "generator",
      streams.generator.name, "xoshiro256++ or philox4x32-10 for samples that return")
  }

  /// Throws `ParameterError` when single precision is asked for and no kernel draws from the streams.
  public func requireDouble(for streams: StreamFamily) throws {
    try ParameterError.require(
      precision == .double || streams.suitKernels, "precision", precision.rawValue,
      "double, for full SGD on the generator \(streams.generator.name)")
  }
}

/// Names the arithmetic in which full SGD makes the normals of its input.
///
/// Everything after them is in double precision: fields, weights, overlaps, label noise.
public enum InputPrecision: String, Sendable, CaseIterable {
  /// Double precision: no normal exceeds √(104 log 2) = 8.49.
  case double
  /// Single precision, in half the time: 24 bits a normal; none exceeds √(64 log 2) = 6.66, which one of
  /// 3.7·10¹⁰ would.
  case single

  var kernel: EscPrecision { self == .single ? ESC_SINGLE : ESC_DOUBLE }
}
