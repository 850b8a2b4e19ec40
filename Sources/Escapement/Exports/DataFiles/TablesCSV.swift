import Dynamics
import Foundation

/// Writes the summary of every dynamics and exit rule as CSV, a row each.
///
/// Columns as in ``DataDictionary/exitTimeSummary``; what has no value is empty.
public func exitTimeSummaryCSV(_ run: Run) -> Data {
  let theory = run.summary.theory
  return table(
    DataDictionary.exitTimeSummary,
    run.summary.exitTimes.map { entry in
      let key = "\(entry.threshold)"
      let isRisk = entry.mark.criterion == ExitCriterion.risk.name
      func formula(_ values: [String: Double?]?) -> String {
        isRisk ? text(values?[key] ?? nil) : ""
      }
      func quantile(_ probability: String) -> String {
        text(entry.quantiles?[probability] ?? nil)
      }
      return [
        entry.dynamics, entry.mark.criterion, key, "\(entry.replicas)", "\(entry.exited)",
        "\(entry.censored)", "\(entry.diverged)", text(entry.mean), text(entry.restrictedMean),
        text(entry.standardError), text(entry.standardDeviation), quantile("0.05"),
        quantile("0.25"), quantile("0.5"), quantile("0.75"), quantile("0.95"),
        text(entry.meanSamples), formula(theory.annealedExitTime),
        formula(theory.quenchedExitTime), formula(theory.linearisedExitTime),
      ]
    })
}

/// Writes the comparison of every pair of dynamics as CSV, a row for each exit rule.
///
/// Columns as in ``DataDictionary/comparisons``; what has no value is empty.
public func comparisonsCSV(_ run: Run) -> Data {
  table(
    DataDictionary.comparisons,
    run.summary.comparisons.map { pair in
      let ratio = pair.meanRatio
      func end(_ interval: [Double]?, _ index: Int) -> String {
        text(interval.flatMap { $0.count == 2 ? $0[index] : nil })
      }
      func pValue(_ name: String) -> String { text((pair.tests?[name] ?? nil)?.pValue) }
      return [
        pair.first, pair.second, pair.mark.criterion, "\(pair.threshold)", "\(pair.paired)",
        text(ratio?.estimate), end(ratio?.interval, 0), end(ratio?.interval, 1),
        text(ratio?.margin), ratio?.verdict.rawValue ?? "",
        ratio?.restricted.map { "\($0)" } ?? "", text(ratio?.restrictedTo),
        text(ratio?.seen?.first), text(ratio?.seen?.last), ratio?.undecidedReason ?? "",
        text(ratio?.horizonNeeded), text(pair.wasserstein?.estimate),
        end(pair.wasserstein?.interval, 0), end(pair.wasserstein?.interval, 1),
        pValue("kolmogorov_smirnov"), pValue("anderson_darling"), pValue("cramer_von_mises"),
        pValue("energy"), pValue("log_rank"),
      ]
    })
}

/// A number as it reads back, or nothing.
func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }

/// A table of described columns as CSV.
func table(_ columns: [FieldDescription], _ rows: [[String]]) -> Data {
  let lines = [columns.map(\.name)] + rows
  return Data(lines.map { quoted($0).joined(separator: ",") + "\n" }.joined().utf8)
}

/// Words of a file that somebody edited may hold commas.
private func quoted(_ fields: [String]) -> [String] {
  fields.map { field in
    field.contains(where: { ",\"\n\r".contains($0) })
      ? "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : field
  }
}
