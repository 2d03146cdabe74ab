import Basics
import Foundation
import Laboratory
import TestSupport
import Testing

/// A specification with one arm on a small synthetic world.
func tabularSpec(
  _ arm: String, axes: String = "", world: String = "{ prompts: 3, responses: 5, comparisons: 256 }",
  training: String = "{ steps: 100 }"
) throws -> ExperimentSpec {
  let text = """
    { name: "t", question: "?", world: \(world), policy: { kind: "tabular" }, training: \(training),
      axes: { \(axes) }, arms: [\(arm)], seeds: 1 }
    """
  return try ExperimentSpec(try JSONValue(parsing: Data(text.utf8), json5: true, source: "t.json5"), at: "t.json5")
}

/// log π(y|x) [prompts][responses] of the policy that a tabular cell saved.
func savedPolicy(_ folder: URL) throws -> [[Double]] {
  let data = try Data(contentsOf: folder.appending(path: "policy.json"))
  return try #require(JSONDecoder().decode([String: [[Double]]].self, from: data)["logProbabilities"])
}

func totalVariation(_ a: [Double], _ b: [Double]) -> Double {
  zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
}
