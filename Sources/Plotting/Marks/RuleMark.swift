/// A horizontal line across the panel at a value worth comparing with.
public struct RuleMark: Mark {
  public var y: Double
  public var stroke: Stroke

  public init(y: Double, stroke: Stroke = Stroke(.grey, width: 0.6, dash: [2, 2])) {
    precondition(y.isFinite, "a rule needs a finite value, got \(y)")
    self.y = y
    self.stroke = stroke
  }

  public var extent: Extent { Extent(y: y) }

  public func draw(on canvas: inout Canvas) {
    let middle = canvas.place(y: y)
    let ends = [PagePoint(x: canvas.frame.left, y: middle), PagePoint(x: canvas.frame.right, y: middle)]
    let data = canvas.pathData(through: ends)
    guard !data.isEmpty else { return }
    stroke.draw(data, on: &canvas.writer)
    canvas.keepClear(of: ends, weight: 0.6)
  }
}
