import Basics
import Foundation
import Preferences
import Testing

@Suite struct MixtureTests {
  private func mixture(_ json5: String) throws -> MixtureSpec {
    try MixtureSpec(strictly: JSONValue(parsing: Data(json5.utf8), json5: true, source: "spec"), at: "x.json5, data")
  }

  private static let bfpo = """
    {streams: [{name: "safety", data: {files: ["pku.jsonl"], split: {fractions: {train: 1}}}, batchSize: 4},
               {name: "buffer", data: {files: ["uf.jsonl"], order: "helpfulness", flags: "both-safe"}, batchSize: 2}]}
    """

  @Test func `a safety set and a buffer, each with its own rule`() throws {
    let mixture = try mixture(Self.bfpo)
    #expect(mixture.streams.map(\.name) == ["safety", "buffer"])
    #expect(mixture.streams.map(\.part) == ["train", "all"])
    #expect(mixture.streams[1].data.flags == .bothSafe)
    #expect(mixture.mode == .epochs)
    #expect(try JSONValue(encoding: mixture).decode(MixtureSpec.self) == mixture)
  }

  @Test func `every step takes a batch of each stream, and the buffer starts again`() throws {
    let plan = try mixture(Self.bfpo).plan(counts: [40, 3], seed: SeedTree(1))
    #expect(plan.steps(forEpochs: 1) == 10)
    let steps = (0..<10).map { plan.indices(step: $0) }
    #expect(steps.allSatisfy { $0.map(\.count) == [4, 2] })
    #expect(steps.flatMap { $0[0] }.sorted() == Array(0..<40))
    let buffer = steps.flatMap { $0[1] }
    for epoch in 0..<6 { #expect(buffer[3 * epoch..<3 * epoch + 3].sorted() == [0, 1, 2]) }
  }

  @Test func `streams of equal size draw independently`() throws {
    let plan = try mixture(Self.bfpo).plan(counts: [40, 40], seed: SeedTree(1))
    #expect((0..<10).flatMap { plan.indices(step: $0)[0] } != (0..<20).flatMap { plan.indices(step: $0)[1] })
  }

  @Test(arguments: [
    ("{streams: []}", "it has no stream"),
    ("{streams: [{name: 'a', data: {files: 'x'}, batchSize: 0}]}", "the batch size of `a` is 0, it must be at least 1"),
    (
      "{streams: [{name: 'a', data: {files: 'x'}, batchSize: 1}, {name: 'a', data: {files: 'x'}, batchSize: 1}]}",
      "two streams have the same name"
    ),
  ])
  func `what cannot be a mixture is refused`(json5: String, why: String) {
    #expect(userError { _ = try mixture(json5) }?.why == why)
  }

  @Test func `misspelt keys and empty streams are refused`() throws {
    let misspelt = userError { _ = try mixture("{streams: [{name: 'a', data: {files: 'x'}, batchsize: 1}]}") }
    #expect(misspelt?.advice == "did you mean `batchSize`?")
    let nested = userError { _ = try mixture("{streams: [{name: 'a', data: {file: 'x'}, batchSize: 1}]}") }
    #expect(nested?.location == "`streams.0.data`")
    let usable = try mixture(Self.bfpo)
    let empty = userError { _ = try usable.plan(counts: [4, 0], seed: SeedTree(1)) }
    #expect(empty?.what == "the stream `buffer` has no usable pair")
  }
}
