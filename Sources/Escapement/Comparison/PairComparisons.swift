import Dynamics
import Ensemble
import GSL
import Statistics

extension PairComparison {
  /// Compares every pair of dynamics at every threshold.
  ///
  /// The ground truth comes first, so that a ratio reads 'this over its approximation'. Random
  /// numbers for permutations and resamples come from streams of the experiment's seed, one for each
  /// pair.
  static func all(_ experiment: Experiment, _ runs: [EnsembleRun]) throws -> [PairComparison] {
    let sorted = DynamicsKind.fromSGD.compactMap { kind in runs.first { $0.kind == kind } }
    var result: [PairComparison] = []
    for (i, first) in sorted.enumerated() {
      for second in sorted.dropFirst(i + 1) {
        for index in experiment.exitRule.marks.indices {
          let stream = try StreamFamily(seed: experiment.streams.seed)
            .stream(for: .statistics, replica: result.count)
          result.append(try PairComparison(experiment, first, second, index, stream))
        }
      }
    }
    return result
  }

  private init(
    _ experiment: Experiment, _ firstRun: EnsembleRun, _ secondRun: EnsembleRun, _ index: Int,
    _ stream: RandomStream
  ) throws {
    let horizon = experiment.exitRule.horizon
    let x = try exitSample(firstRun.records(at: index), horizon)
    let y = try exitSample(secondRun.records(at: index), horizon)
    first = firstRun.kind.rawValue
    second = secondRun.kind.rawValue
    criterion = firstRun.marks[index].criterion.name
    threshold = firstRun.marks[index].threshold
    paired = experiment.isPaired
    let isNumber = experiment.isOnePath(secondRun.kind)
    meanRatio = try Ratio(experiment, x, y, isNumber: isNumber)
    let isRisk = firstRun.marks[index].criterion == .risk
    let isRestricted = x.censored + y.censored > 0
    guard !isNumber else {
      (tests, wasserstein, spreadRatio) = (nil, nil, nil)
      (quantileShifts, largestDistance) = (nil, nil)
      let shift = try MeanDifference.oneSample(x, against: y.times[0])
      meanDifference = Difference(
        estimate: shift.estimate, interval: shift.interval, bootstrapInterval: nil,
        isRestricted: isRestricted)
      relativeSpread =
        x.count > 1 && y.times[0] > 0 ? try Spread.estimate(x, relativeTo: y.times[0]) : nil
      negligibleFrom =
        isRisk
        ? try NegligibleFrom(
          experiment, threshold: threshold, ratio: meanRatio, shift: shift.interval,
          referenceMean: y.times[0]...y.times[0]) : nil
      return
    }
    // Pairs need a partner each; what else there is makes the tests conservative, not wrong.
    let pairing: Pairing =
      experiment.isPaired && x.count == y.count ? .byStart : .independent
    let relabellings = relabellingCount(x, y)
    tests = try TestBattery(
      x, y, pairing: pairing, permutations: relabellings, stream: stream)
    let bootstrap = try Bootstrap(pairing: pairing, resamples: relabellings, stream: stream)
    let measures = try DifferenceMeasures(x, y, bootstrap: bootstrap)
    wasserstein = measures.wasserstein
    spreadRatio = measures.spreadRatio
    relativeSpread = nil
    quantileShifts = Dictionary(
      uniqueKeysWithValues: zip(DifferenceMeasures.probabilities, measures.quantileShifts).map {
        ("\($0)", $1)
      })
    largestDistance = measures.largestDistance
    var shift = measures
    if experiment.isPaired, x.count != y.count {
      // The shift is that of the starts which both sides have.
      let common = min(x.count, y.count)
      shift = try DifferenceMeasures(
        x.prefix(common), y.prefix(common),
        bootstrap: Bootstrap(pairing: .byStart, resamples: 999, stream: stream))
    }
    meanDifference = Difference(
      estimate: shift.meanDifference.estimate, interval: shift.meanDifference.interval,
      bootstrapInterval: shift.meanDifferenceBootstrap, isRestricted: isRestricted)
    let isODE = secondRun.kind.isDeterministic && isRisk && !isRestricted
    negligibleFrom =
      isODE
      ? try NegligibleFrom(
        experiment, threshold: threshold, ratio: meanRatio, shift: shift.meanDifference.interval,
        referenceMean: MeanDifference.oneSample(y, against: 0).interval) : nil
  }
}

extension PairComparison.Ratio {
  /// Estimates and judges the ratio of means; nil when a side has no exit, or a mean of 0.
  fileprivate init?(
    _ experiment: Experiment, _ first: ExitSample, _ second: ExitSample, isNumber: Bool
  ) throws {
    let ratio: MeanRatio
    if isNumber {
      ratio = try .oneSample(first, against: second.times[0])
    } else if experiment.isPaired {
      let common = min(first.count, second.count)
      ratio = try .paired(first.prefix(common), second.prefix(common))
    } else {
      ratio = try .unpaired(first, second)
    }
    try self.init(
      ratio, hasExits: first.exited > 0 && second.exited > 0, margin: experiment.margin)
  }

  /// Judges a ratio against a margin; nil when a side has no exit, or a mean of 0.
  init?(_ ratio: MeanRatio, hasExits: Bool, margin: Double) throws {
    // A threshold that all starts satisfy gives exit times of 0, and no ratio.
    guard hasExits, let estimate = ratio.estimate else { return nil }
    self.estimate = estimate
    self.margin = margin
    interval = ratio.interval.map { [$0.lowerBound, $0.upperBound] }
    verdict = try ratio.verdict(margin: margin)
    isRestricted = ratio.horizon != nil
    replicasNeeded =
      verdict == .undetermined ? try ratio.replicasNeeded(margin: margin) : nil
    replicasFactor = replicasNeeded.map { Double($0) / Double(ratio.replicas) }
  }
}

extension ExitSample {
  /// The first `count` replicas.
  func prefix(_ count: Int) throws -> ExitSample {
    count == self.count
      ? self
      : try ExitSample(
        times: Array(times.prefix(count)), isObserved: Array(isObserved.prefix(count)))
  }
}

/// Makes a sample of records: what did not exit is censored at the horizon.
///
/// A diverged replica never exits, and so is censored there as well.
func exitSample(_ records: some Collection<ExitRecord>, _ horizon: Double) throws -> ExitSample {
  try ExitSample(
    times: records.map { $0.outcome == .exited ? $0.time : horizon },
    isObserved: records.map { $0.outcome == .exited })
}
