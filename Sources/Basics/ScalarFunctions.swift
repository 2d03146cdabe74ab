#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The logistic function 1 / (1 + e⁻ˣ), without overflow for any finite x.
public func sigmoid(_ x: Double) -> Double {
  if x >= 0 { return 1 / (1 + exp(-x)) }
  let e = exp(x)
  return e / (1 + e)
}

/// log(1 + eˣ), without overflow and with full relative precision for very negative x.
public func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

/// log σ(x) = −softplus(−x).
public func logSigmoid(_ x: Double) -> Double { -softplus(-x) }

/// log σ⁻¹(p) = log(p / (1 − p)).
public func logit(_ probability: Double) -> Double { log(probability) - log1p(-probability) }

/// log(1 − eˣ) for x < 0, without cancellation: −∞ at 0.
public func logOneMinusExp(_ x: Double) -> Double { x > -0.693_147 ? log(-expm1(x)) : log1p(-exp(x)) }

/// log(eᵃ + eᵇ); −∞ is the neutral element.
public func logAddExp(_ a: Double, _ b: Double) -> Double {
  let high = max(a, b)
  if high == -.infinity { return high }
  return high + log1p(exp(min(a, b) - high))
}

/// log Σ e^{xᵢ}; −∞ for an empty sequence.
public func logSumExp(_ values: some Sequence<Double>) -> Double {
  let values = Array(values)
  guard let high = values.max(), high > -.infinity else { return -.infinity }
  return high + log(values.reduce(0) { $0 + exp($1 - high) })
}

/// softmax(x)ᵢ = e^{xᵢ} / Σⱼ e^{xⱼ}.
public func softmax(_ logits: [Double]) -> [Double] {
  let normaliser = logSumExp(logits)
  return logits.map { exp($0 - normaliser) }
}

/// Box–Muller: a standard normal value from two uniforms, the first in (0, 1].
func gaussian(_ radius: Double, _ angle: Double) -> Double { (-2 * log(radius)).squareRoot() * cos(2 * .pi * angle) }

/// eˣ, for modules that do not import a C library.
@inline(__always)
public func exponential(_ x: Double) -> Double { exp(x) }

/// eˣ − 1 without cancellation near 0, for modules that do not import a C library.
@inline(__always)
public func exponentialMinusOne(_ x: Double) -> Double { expm1(x) }

/// ln x, for modules that do not import a C library.
@inline(__always)
public func naturalLogarithm(_ x: Double) -> Double { log(x) }

/// cos x, x in radians, for modules that do not import a C library.
@inline(__always)
public func cosine(_ x: Double) -> Double { cos(x) }
