/// An objective that pulls the margin to a target that depends on the pair's labels: stationary at h = g/τ.
public protocol TargetedObjective: MarginObjective {
  var tau: Double { get }

  /// The label g of a pair.
  func target(_ label: PairLabel) -> Double
}

extension TargetedObjective {
  public func stationary(_ label: PairLabel) -> StationaryMargin { .at(target(label) / tau) }
}

extension BFPO: TargetedObjective {}
