import GSL

/// Describes any Itô diffusion dX = b(X) dt + σ(X) dB and the region that it is to leave.
///
/// For systems other than this package's own: drift b, noise matrix σ and region are given as functions.
/// The region is where `boundary` is above 0, and the exit time is the first t with boundary(X) ≤ 0.
/// A step of drift-Heun averages b over both ends and takes σ from its beginning: weak order 1 in
/// general, and an error O(h²) + O(ε² h) for small noise of variance rate ε². Exits within a step are those of
/// the Brownian bridge of boundary(X) with the variance rate ∇boundaryᵀ σσᵀ ∇boundary, which makes
/// their bias O(h), and none at all for constant coefficients and a plane.
/// Sources: Milstein and Tretyakov (1997); Gobet (2000).
public struct ItoDiffusion: Sendable {
  /// Fills `values` from the state X.
  public typealias Field = @Sendable (_ state: [Double], _ values: inout [Double]) -> Void

  /// Number of components of X.
  public let dimension: Int
  /// Number of independent Brownian motions.
  public let sources: Int
  let start: @Sendable (_ state: inout [Double], _ stream: RandomStream) -> Void
  let drift: Field
  let noise: Field
  let boundary: @Sendable (_ state: [Double]) -> Double

  /// Creates a diffusion of `dimension` components driven by `sources` Brownian motions.
  ///
  /// `start` fills the state of a replica, from `stream` when it is random. `drift` fills b(X), `noise` the
  /// dimension × sources matrix σ(X) row by row. Functions are called from several threads at once.
  /// Throws `ParameterError` unless both numbers are at least 1.
  public init(
    dimension: Int, sources: Int,
    start: @escaping @Sendable (_ state: inout [Double], _ stream: RandomStream) -> Void,
    drift: @escaping Field, noise: @escaping Field,
    boundary: @escaping @Sendable (_ state: [Double]) -> Double
  ) throws {
    try ParameterError.require(dimension >= 1, "dimension", "\(dimension)", "at least 1")
    try ParameterError.require(sources >= 1, "sources", "\(sources)", "at least 1")
    self.dimension = dimension
    self.sources = sources
    self.start = start
    self.drift = drift
    self.noise = noise
    self.boundary = boundary
  }

  /// Creates a diffusion whose replicas all start at `start`.
  public init(
    start: [Double], sources: Int, drift: @escaping Field, noise: @escaping Field,
    boundary: @escaping @Sendable (_ state: [Double]) -> Double
  ) throws {
    try self.init(
      dimension: start.count, sources: sources, start: { state, _ in state = start },
      drift: drift, noise: noise, boundary: boundary)
  }
}

extension ItoDiffusion {
  /// Throws `ParameterError` for the key `horizon` or `time-step` out of range.
  package static func requireSteps(horizon: Double, timeStep: Double) throws(ParameterError) {
    try ParameterError.require(
      horizon.isFinite && horizon > 0, "horizon", "\(horizon)", "a finite time above 0")
    try ParameterError.require(
      timeStep > 0 && timeStep <= horizon, "time-step", "\(timeStep)",
      "a time above 0 and at most the horizon \(horizon)")
    try ParameterError.require(
      horizon / timeStep < 1e15, "time-step", "\(timeStep)", "fewer than 1e15 steps")
  }

  /// Takes replicas from the queue until it is empty and follows each until it has left the region.
  ///
  /// `record` takes the end of each; steps are those of ``requireSteps(horizon:timeStep:)``.
  package func run(
    _ source: ReplicaSource, horizon: Double, timeStep: Double,
    record: (_ replica: Int, ExitRecord) -> Void
  ) throws {
    let path = ItoPath(self)
    let lane = DiffusionLane(path, clock: CrossingClock(timeStep: timeStep))
    try withoutActuallyEscaping(record) { record in
      try LaneDriver<DiffusionExitWatch<ItoPath>>.run(lane, source) { replica, _ in
        path.place(from: try source.streams.stream(for: .start, replica: replica))
        lane.begin(try source.streams.stream(for: .sde, replica: replica), horizon: horizon)
        return DiffusionExitWatch(ExitWatch(boundary: 0), of: path, horizon: horizon) {
          record(replica, $0[0])
        }
      }
    }
  }
}

/// Follows one path; its buffers serve all steps.
private final class ItoPath: DiffusionPath {
  /// How far inside the region the path is.
  private(set) var risk = 0.0
  private(set) var bridge = BridgeEnds(from: 0, to: 0, variance: 0)
  let levels: PathLevels? = nil
  private let diffusion: ItoDiffusion
  private var state: [Double]
  private var middle: [Double]
  private var drift: [Double]
  private var laterDrift: [Double]
  private var noise: [Double]
  private var increment: [Double]
  private var normals: [Double]

  init(_ diffusion: ItoDiffusion) {
    self.diffusion = diffusion
    let zeros = [Double](repeating: 0, count: diffusion.dimension)
    (state, middle, drift, laterDrift, increment) = (zeros, zeros, zeros, zeros, zeros)
    noise = [Double](repeating: 0, count: diffusion.dimension * diffusion.sources)
    normals = [Double](repeating: 0, count: diffusion.sources)
  }

  func place(from stream: RandomStream) {
    diffusion.start(&state, stream)
    risk = diffusion.boundary(state)
  }

  func bridgeLevel(_ boundary: Double) -> Double { boundary }

  func advance(_ duration: Double, _ stream: RandomStream) {
    let root = duration.squareRoot()
    diffusion.drift(state, &drift)
    diffusion.noise(state, &noise)
    for source in normals.indices { normals[source] = root * stream.gaussian() }
    for row in state.indices {
      var sum = 0.0
      for source in normals.indices {
        sum += noise[row * normals.count + source] * normals[source]
      }
      increment[row] = sum
      middle[row] = state[row] + drift[row] * duration + sum
    }
    diffusion.drift(middle, &laterDrift)
    for row in state.indices {
      let change = 0.5 * (drift[row] + laterDrift[row]) * duration + increment[row]
      middle[row] = state[row] + 0.5 * change
      state[row] += change
    }
    let (before, variance) = (risk, varianceAtMiddle())
    risk = state.allSatisfy(\.isFinite) ? diffusion.boundary(state) : .nan
    bridge = BridgeEnds(from: before, to: risk, variance: variance)
  }

  /// |σᵀ ∇boundary|² with ∇boundary midway, by central differences, and σ from the step's beginning.
  private func varianceAtMiddle() -> Double {
    for row in middle.indices {
      let center = middle[row]
      let reach = 6e-6 * max(abs(center), 1)
      middle[row] = center + reach
      let above = diffusion.boundary(middle)
      middle[row] = center - reach
      let below = diffusion.boundary(middle)
      middle[row] = center
      increment[row] = (above - below) / (2 * reach)
    }
    var variance = 0.0
    for source in normals.indices {
      var sum = 0.0
      for row in increment.indices { sum += increment[row] * noise[row * normals.count + source] }
      variance += sum * sum
    }
    return variance
  }
}
