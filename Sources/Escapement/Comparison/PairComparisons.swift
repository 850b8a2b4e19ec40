import Dynamics
import Ensemble
import Foundation
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
    let ruled = Set(sorted.map(\.kind).filter { experiment.rareDraws(of: $0) != nil })
    var result: [PairComparison] = []
    for (i, first) in sorted.enumerated() {
      for second in sorted.dropFirst(i + 1) {
        for index in experiment.exitRule.marks.indices {
          let stream = try StreamFamily(seed: experiment.streams.seed)
            .stream(for: .statistics, replica: result.count)
          let isRuled = ruled.contains(first.kind) || ruled.contains(second.kind)
          result.append(
            try PairComparison(
              experiment, first, second, index, stream, isRuledByRareDraws: isRuled))
        }
      }
    }
    return result
  }

  private init(
    _ experiment: Experiment, _ firstRun: EnsembleRun, _ secondRun: EnsembleRun, _ index: Int,
    _ stream: RandomStream, isRuledByRareDraws: Bool
  ) throws {
    let horizon = experiment.exitRule.horizon
    let x = try exitSample(firstRun.records(at: index), horizon)
    let y = try exitSample(secondRun.records(at: index), horizon)
    first = firstRun.kind.rawValue
    second = secondRun.kind.rawValue
    threshold = firstRun.marks[index].threshold
    paired = experiment.isPaired
    let isNumber = experiment.isOnePath(secondRun.kind)
    let mark = firstRun.marks[index]
    let isRisk = mark.criterion == .risk
    let isDiverging = [firstRun, secondRun].contains { run in
      let records = run.records(at: index)
      let lost = records.count { $0.outcome == .diverged }
      return Double(lost) > MeanRatio.largestUnseenShare * Double(records.count)
    }
    let ratio = try MeanRatio(experiment, x, y, isNumber: isNumber)
    let judged = try Ratio(
      ratio, hasExits: x.exited > 0 && y.exited > 0 && !isRuledByRareDraws,
      margin: experiment.margin
    ) {
      // What has left the finite numbers exits by no horizon.
      isDiverging
        ? nil
        : try HorizonNeeded(x, isNumber ? nil : y, isRisk ? (experiment, mark.threshold) : nil)
    }
    let isRestricted = x.censored + y.censored > 0
    let end = isRestricted ? [x, y].compactMap(\.knownUntil).min() : nil
    if isNumber {
      let shift = try MeanDifference.oneSample(x, against: y.times[0])
      meanDifference = Difference(
        estimate: shift.estimate, interval: shift.interval, isRestricted: isRestricted)
      relativeSpread =
        x.count > 1 && y.times[0] > 0 && !isRestricted
        ? try Spread.estimate(x, relativeTo: y.times[0]) : nil
      negligibleFrom =
        isRisk
        ? try NegligibleFrom(
          experiment, threshold: mark.threshold, ratio: judged, shift: shift.interval,
          referenceMean: y.times[0]...y.times[0]) : nil
    } else {
      // Pairs need a partner each; what else there is makes the tests conservative, not wrong.
      let pairing: Pairing =
        experiment.isPaired && x.count == y.count ? .byStart : .independent
      let relabellings = relabellingCount(x, y)
      let battery = try TestBattery(
        x, y, pairing: pairing, permutations: relabellings, stream: stream)
      let bootstrap = try Bootstrap(pairing: pairing, resamples: relabellings, stream: stream)
      let measures = try DifferenceMeasures(x, y, bootstrap: bootstrap)
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
      if !isRuledByRareDraws {
        tests = battery
        testsUnavailable = battery.unavailable
      }
      wasserstein = measures.wasserstein
      spreadRatio = measures.spreadRatio
      quantileShifts = Dictionary(
        uniqueKeysWithValues: zip(DifferenceMeasures.probabilities, measures.quantileShifts).map {
          ("\($0)", $1)
        })
      largestDistance = measures.largestDistance
      let isODE = secondRun.kind.isDeterministic && isRisk && !isRestricted
      negligibleFrom =
        isODE
        ? try NegligibleFrom(
          experiment, threshold: mark.threshold, ratio: judged,
          shift: shift.meanDifference.interval,
          referenceMean: MeanDifference.oneSample(y, against: 0).interval) : nil
    }
    criterion = mark.criterion.name
    restrictedTo = end
    seen = [x.seen(by: end), y.seen(by: end)]
    meanRatio = judged
    noRatioReason = isRuledByRareDraws ? .rareDraws : NoRatioReason(judged, x, y)
    evidence = PairEvidence(
      equivalencePValue: try judged.flatMap { try ratio.equivalencePValue(margin: $0.margin) },
      differencePValue: try judged.flatMap { try ratio.differencePValue(margin: $0.margin) },
      means: isRuledByRareDraws
        ? nil : try PairMeans(x, y, isPaired: experiment.isPaired && !isNumber))
  }
}

extension MeanRatio {
  /// Estimates the ratio of means: by pairs, as many as both sides have, where starts are shared.
  fileprivate init(
    _ experiment: Experiment, _ first: ExitSample, _ second: ExitSample, isNumber: Bool
  ) throws {
    if isNumber {
      self = try .oneSample(first, against: second.times[0])
    } else if experiment.isPaired {
      let common = min(first.count, second.count)
      self = try .paired(first.prefix(common), second.prefix(common))
    } else {
      self = try .unpaired(first, second)
    }
  }
}

extension PairMeans {
  /// Estimates both means; nil with a censored replica, and for one alone.
  ///
  /// Where starts are shared, `isPaired`, of as many replicas as both sides have.
  fileprivate init?(_ first: ExitSample, _ second: ExitSample, isPaired: Bool) throws {
    let common = isPaired ? min(first.count, second.count) : .max
    let (x, y) = (
      try first.prefix(min(common, first.count)), try second.prefix(min(common, second.count))
    )
    guard x.censored == 0, y.censored == 0, x.count > 1 else { return nil }
    func ofMean(_ sample: ExitSample) throws -> Double {
      sample.count > 1 ? try variance(of: sample.times) / Double(sample.count) : 0
    }
    self.init(
      first: try mean(of: x.times), second: try mean(of: y.times),
      firstVariance: try ofMean(x), secondVariance: try ofMean(y),
      covariance: isPaired ? try GSL.covariance(of: x.times, and: y.times) / Double(x.count) : 0)
  }
}

extension PairComparison.Ratio {
  /// Judges a ratio against a margin; nil when a side has no exit, or a mean of 0. `horizon` is asked
  /// for where more must be seen.
  init?(
    _ ratio: MeanRatio, hasExits: Bool, margin: Double,
    horizon: () throws -> PairComparison.HorizonNeeded? = { nil }
  ) throws {
    // A threshold that all starts satisfy gives exit times of 0, and no ratio.
    guard hasExits, let estimate = ratio.estimate else { return nil }
    self.estimate = estimate
    self.margin = margin
    verdict = try ratio.verdict(margin: margin)
    isRestricted = ratio.horizon != nil
    seen = [ratio.firstSeen, ratio.secondSeen]
    interval = ratio.interval.map { [$0.lowerBound, $0.upperBound] }
    restrictedTo = ratio.horizon
    guard verdict == .undetermined else { return }
    let hinges = try ratio.hingesOnUnseen(margin: margin)
    switch ratio.equivalenceObstacle {
    case .unseen: undecidedReason = .unseen
    case .logRank: undecidedReason = .logRank
    case nil: undecidedReason = interval == nil ? .noSpread : hinges ? .unseen : .replicas
    }
    let needed = ratio.equivalenceObstacle == nil && !hinges ? nil : try horizon()
    horizonNeeded = needed?.time
    horizonMethod = needed?.method
    do {
      replicasNeeded = try ratio.replicasNeeded(margin: margin)
    } catch is GSLError {
      // The verdict stands without advice.
    }
    replicasFactor = replicasNeeded.map { Double($0) / Double(ratio.replicas) }
  }
}

extension PairComparison.NoRatioReason {
  /// Says why there is no ratio of two samples; nil when there is one.
  init?(_ ratio: PairComparison.Ratio?, _ first: ExitSample, _ second: ExitSample) {
    guard ratio == nil else { return nil }
    self = first.exited == 0 || second.exited == 0 ? .noExit : .zeroMean
  }
}

extension PairComparison.HorizonNeeded {
  /// Estimates the horizon from samples and, where the flow linearised on the plateau knows it, from an
  /// experiment with its threshold; nil when neither tells.
  ///
  /// Samples of which less than half have exited say little of how long the rest stays: the flow is
  /// asked first then.
  init?(
    _ first: ExitSample, _ second: ExitSample?, _ rule: (experiment: Experiment, threshold: Double)?
  ) throws {
    let samples = [first, second].compactMap { $0 }
    let unseen = MeanRatio.largestUnseenShare / 2
    let horizon = samples.compactMap(\.knownUntil).max() ?? 0
    let isHalf = samples.allSatisfy { $0.seen(by: $0.knownUntil) >= 0.5 }
    let theory = try rule.flatMap { try Self.linearised($0.experiment, $0.threshold, unseen) }
    if !isHalf, let theory, theory > horizon {
      self.init(time: theory, method: .linearised)
      return
    }
    let times = try samples.compactMap { try $0.timeNeeded(unseen: unseen) }
    guard times.count == samples.count, let time = times.max(), time > 0 else { return nil }
    self.init(time: time, method: .kaplanMeier)
  }

  private static func linearised(
    _ experiment: Experiment, _ threshold: Double, _ unseen: Double
  ) throws -> Double? {
    let model = experiment.model
    let theory = EscapeTheory(model: model)
    guard threshold < 1 else { return nil }
    // Linear growth forgets that it slows down as logistic growth does.
    let slowing = -log(1 - threshold) / (2 * theory.growthRate)
    if case .fixed(let frame) = experiment.start {
      let sum = frame.teacherOverlaps.reduce(0) { $0 + $1 * $1 }
      return theory.linearisedExitTime(threshold: threshold, squaredOverlaps: sum)
        .map { $0 + slowing + 2 / theory.growthRate }
    }
    // The sum of the squared overlaps of a random start is χ²/d.
    let square = try ChiSquareDistribution(degreesOfFreedom: Double(model.width)).quantile(unseen)
    return theory.linearisedExitTime(
      threshold: threshold, squaredOverlaps: square / Double(model.dimension)
    ).map { $0 + slowing }
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
