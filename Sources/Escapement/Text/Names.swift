/// What people of the field call an option elsewhere.
private let otherNames: [String: [String]] = [
  "batch-size": ["batch", "b"],
  "dimension": ["d", "dim", "input-dimension", "input-dim"],
  "dynamics": ["method", "methods", "model"],
  "horizon": ["t-max", "tmax", "max-time", "time", "t-end"],
  "label-noise": ["noise", "delta", "sigma", "variance"],
  "learning-rate": ["lr", "gamma", "eta", "step-size", "rate", "g"],
  "output": ["out", "o", "output-dir", "directory", "save"],
  "replicas": ["n", "runs", "repeats", "trials", "seeds", "ensemble"],
  "seed": ["random-seed", "random-state", "rng"],
  "teacher-units": ["k", "teachers", "teacher-width"],
  "threads": ["jobs", "j", "cores", "cpus", "workers"],
  "thresholds": ["t", "threshold"],
  "time-step": ["dt", "step"],
  "width": ["p", "hidden", "hidden-units", "neurons", "students"],
]

/// Finds the name that a wrong one was meant for; nil where none is near.
///
/// Underscores and capitals do not count, and what the field calls it elsewhere is known: `lr`, `Learning_Rate`.
package func nearestName(to word: String, of names: [String]) -> String? {
  let plain = word.lowercased().replacing("_", with: "-")
  if names.contains(plain) { return plain }
  if let name = names.first(where: { otherNames[$0]?.contains(plain) ?? false }) { return name }
  let near = names.map { (name: $0, distance: editDistance(plain, $0)) }
    .min { $0.distance < $1.distance }
  if let near, near.distance <= max(1, plain.count / 3), near.distance < near.name.count / 2 {
    return near.name
  }
  let longer = names.filter { plain.count > 2 && $0.hasPrefix(plain) }
  return longer.count == 1 ? longer[0] : nil
}

/// How many letters must be put in, left out, changed or exchanged with the next to make one word of another.
private func editDistance(_ first: String, _ second: String) -> Int {
  let (a, b) = (Array(first), Array(second))
  var rows = [Array(0...b.count)]
  for i in 0..<a.count {
    var row = [i + 1]
    for j in 0..<b.count {
      var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        best = min(best, rows[i - 1][j - 1] + 1)
      }
      row.append(best)
    }
    rows.append(row)
  }
  return rows[a.count][b.count]
}
