import Dynamics
import Foundation
import GSL

extension Experiment {
  /// What a reader must know of the numbers that the ODE's quadrature and the generator give, for the
  /// largest number of replicas of a dynamics.
  func warnings(replicas count: Int) -> [String] {
    var warnings = dynamics.flatMap(warnings)
    if !model.clock.isUniform {
      warnings.append(
        "the learning rate changes: growth rate, critical rate, exit law and formulas of exit times, which are "
          + "those of one rate, are left out")
    }
    let generator = streams.generator
    if !generator.isKeyed {
      let replicas = Double(count)
      let chance = 1 / Double(generator.startCount) - 0x1p-32
      var warning =
        "the generator \(generator.name) takes 32-bit seeds: streams of different experiments may "
        + "coincide, and streams of one experiment may overlap"
      if chance > 0, replicas * replicas * chance / 2 > 0.01 {
        let pairs = String(format: "%.2g", replicas * replicas * chance / 2)
        warning +=
          "; it has \(generator.startCount) starts, so that about \(pairs) pairs of "
          + "\(Int(replicas)) replicas are copies of each other"
      }
      warnings.append(warning)
    }
    return warnings
  }
}
