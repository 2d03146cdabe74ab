import Basics

/// Where a language-model experiment's comparisons come from.
public struct ExperimentData: Sendable {
  public var buffer: JSONValue?

  init(_ json: JSONValue, at location: String) throws { buffer = json["buffer"] }
}
