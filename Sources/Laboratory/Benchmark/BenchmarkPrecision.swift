import Basics

/// What matrix products compute in.
public enum BenchmarkPrecision: String, NamedChoice {
  case float32
}
