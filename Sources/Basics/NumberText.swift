/// A number with a fixed count of decimals.
public func fixed(_ value: Double, _ decimals: Int) -> String {
  var scale = 1.0
  for _ in 0..<decimals { scale *= 10 }
  let scaled = (abs(value) * scale).rounded()
  guard scaled < 1e15 else { return "\(value)" }
  let whole = Int(scaled / scale)
  let fraction = String(Int(scaled) - whole * Int(scale))
  let sign = value < 0 && scaled != 0 ? "-" : ""
  if decimals == 0 { return "\(sign)\(whole)" }
  return "\(sign)\(whole).\(String(repeating: "0", count: decimals - fraction.count))\(fraction)"
}
