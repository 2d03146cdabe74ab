/// The marks of an axis: labelled major ticks and silent minor ones, both ascending.
struct Ticks: Hashable, Sendable {
  struct Major: Hashable, Sendable {
    var value: Double
    var label: String
  }

  var major: [Major] = []
  var minor: [Double] = []

  /// The densest 1-2-5 ticks that number at most `count` and for which `fits` holds.
  ///
  /// - Parameter fits: says whether these ticks' labels have room; the coarsest candidate is taken when none has.
  static func choose(
    scale: Scale, domain: ClosedRange<Double>, count: Int, fits: ([Major]) -> Bool = { _ in true }
  ) -> Ticks {
    switch scale {
    case .linear: return linear(domain: domain, count: count, fits: fits)
    case .log10: return logarithmic(domain: domain, count: count, fits: fits)
    }
  }

  /// Multiples of 1, 2 or 5 times a power of ten, all with the decimals of the step.
  private static func linear(domain: ClosedRange<Double>, count: Int, fits: ([Major]) -> Bool) -> Ticks {
    let length = domain.upperBound - domain.lowerBound
    precondition(length > 0 && length.isFinite, "ticks need a domain of positive finite length, got \(domain)")
    var exponent = decimalExponent(length / Double(max(count, 1)))
    var best: [Major] = []
    for _ in 0..<4 {
      for mantissa in [1, 2, 5] {
        let ticks = multiples(of: mantissa, exponent: exponent, in: domain)
        if ticks.isEmpty { return Ticks(major: best) }
        best = ticks
        if ticks.count <= max(count, 1), fits(ticks) { return Ticks(major: ticks) }
      }
      exponent += 1
    }
    return Ticks(major: best)
  }

  private static func multiples(of mantissa: Int, exponent: Int, in domain: ClosedRange<Double>) -> [Major] {
    let unit = power(ofTen: abs(exponent))
    func value(_ index: Double) -> Double {
      let whole = index * Double(mantissa)
      return exponent >= 0 ? whole * unit : whole / unit
    }
    let step = value(1)
    let slack = 1e-9
    let first = (domain.lowerBound / step - slack).rounded(.up)
    let last = (domain.upperBound / step + slack).rounded(.down)
    guard first <= last, last - first < 1000 else { return [] }
    let values = stride(from: first, through: last, by: 1).map(value)
    let largest = max(abs(value(first)), abs(value(last)))
    let decimals = max(0, -exponent)
    let canBeFixed = decimals <= 15 && largest * power(ofTen: decimals) < 0x1p53
    let short = labelled(values)
    let isShortBetter = (largest >= 1e6 || exponent < -6) && Set(short.map(\.label)).count == values.count
    if isShortBetter || !canBeFixed { return short }
    return values.map { Major(value: $0, label: displayed($0, decimals: decimals)) }
  }

  /// 1-2-5 in every decade, else whole decades, else every second, fifth, tenth … decade; linear ticks within less than a decade.
  private static func logarithmic(domain: ClosedRange<Double>, count: Int, fits: ([Major]) -> Bool) -> Ticks {
    precondition(domain.lowerBound > 0, "a log10 axis needs a positive domain, got \(domain)")
    let decades = decimalExponent(domain.lowerBound)...decimalExponent(domain.upperBound) + 1
    let low = domain.lowerBound * (1 - 1e-9)
    let high = domain.upperBound * (1 + 1e-9)
    func ticks(_ mantissas: [Int], every stride: Int = 1) -> [Double] {
      var values: [Double] = []
      for exponent in decades where exponent % stride == 0 {
        for mantissa in mantissas {
          let unit = power(ofTen: abs(exponent))
          values.append(exponent >= 0 ? Double(mantissa) * unit : Double(mantissa) / unit)
        }
      }
      return values.filter { low <= $0 && $0 <= high }
    }
    let candidates = [ticks([1, 2, 5]), ticks([1])] + [2, 5, 10, 20, 50, 100].map { ticks([1], every: $0) }
    if candidates[0].count < 2 { return linear(domain: domain, count: count, fits: fits) }
    var best = candidates[0]
    for values in candidates where values.count >= 2 {
      best = values
      if values.count <= max(count, 2), fits(labelled(values)) { break }
    }
    let minor = decades.count <= 5 ? ticks(Array(1...9)).filter { !best.contains($0) } : []
    return Ticks(major: labelled(best), minor: minor)
  }

  private static func labelled(_ values: [Double]) -> [Major] {
    values.map { Major(value: $0, label: compact($0)) }
  }
}
