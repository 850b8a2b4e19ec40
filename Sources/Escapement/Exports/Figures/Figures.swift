/// Holds the figures of a run, and a word on each that has nothing to show.
///
/// Every figure is made and drawn by itself: one that cannot be takes no other with it.
public struct Figures: Sendable {
  /// Those that can be drawn.
  public private(set) var drawn: [Figure] = []
  /// Why others are missing, one line each.
  public private(set) var omissions: [String] = []

  /// Adds a figure, unless it has nothing to show; `make` returns nil where there is no such figure.
  mutating func add(_ make: () throws(NothingToDraw) -> Figure?) {
    do {
      if let figure = try make() { drawn.append(figure) }
    } catch {
      omissions.append("no figure \(error.name): \(error.reason)")
    }
  }

  /// Adds a figure as the other does; throws what else `make` throws.
  mutating func addThrowing(_ make: () throws -> Figure?) throws {
    let made: Result<Figure?, NothingToDraw>
    do { made = .success(try make()) } catch let error as NothingToDraw { made = .failure(error) }
    add { () throws(NothingToDraw) in try made.get() }
  }
}

/// Says of a figure that its data give nothing to draw.
struct NothingToDraw: Error {
  let name: String
  let reason: String
}
