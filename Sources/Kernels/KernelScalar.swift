/// The number type of a model: `Float` runs, `Double` is checked by finite differences.
public protocol KernelScalar: BinaryFloatingPoint, Sendable where RawSignificand: FixedWidthInteger {}

extension Float: KernelScalar {}
extension Double: KernelScalar {}
