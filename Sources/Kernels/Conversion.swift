/// The same numbers in another precision; the same storage when the precision is the same.
@specialized(where Source == Float, Target == Double)
@specialized(where Source == Double, Target == Float)
public func converted<Source: KernelScalar, Target: KernelScalar>(_ values: [Source]) -> [Target] {
  if Source.self == Target.self, let same = values as Any as? [Target] { return same }
  return values.map { Target($0) }
}
