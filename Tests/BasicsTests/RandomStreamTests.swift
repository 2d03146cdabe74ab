import Basics
import Foundation
import TestSupport
import Testing

@Suite struct RandomStreamTests {
  @Test func `first words and uniforms of golden seed paths`() throws {
    for row in try basicsRows(of: "streams", as: StreamRow.self) {
      var tree = SeedTree(row.seed)
      for (name, isIndex) in zip(row.path, row.indexed) {
        tree = isIndex ? tree.child(try #require(Int(name))) : tree.child(name)
      }
      var words = tree.generator()
      #expect(row.words.map { UInt64($0) } == row.words.map { _ in words.next() })
      var uniforms = tree.generator()
      #expect(row.uniforms == row.uniforms.map { _ in uniforms.uniform() })
    }
  }

  @Test func `uniform draws fill [0, 1) evenly`() {
    var random = SeedTree(11).child("uniform").generator()
    var counts = [Int](repeating: 0, count: 20)
    for _ in 0..<100_000 {
      let draw = random.uniform()
      #expect(draw >= 0 && draw < 1)
      counts[Int(draw * 20)] += 1
    }
    #expect(chiSquare(counts) < 43.8, "19 degrees of freedom, p = .001")
  }

  @Test(arguments: [1, 2, 3, 7, 10, 1000]) func `draws below a bound are even`(bound: Int) {
    var random = SeedTree(5).child(bound).generator()
    var counts = [Int](repeating: 0, count: bound)
    for _ in 0..<(100 * bound) { counts[random.below(bound)] += 1 }
    let freedom = Double(bound - 1)
    #expect(chiSquare(counts) < freedom + 3.3 * (2 * freedom).squareRoot() + 6)
  }

  @Test(arguments: [1, 2, 6, 2048, 4_294_967_295, 4_294_967_296, 1 << 62], [0, 1, 8, 32, 37])
  func `many draws at a time are the same draws`(bound: Int, count: Int) {
    var one = SeedTree(8).child(bound).generator()
    var many = one
    for _ in 0..<20 {
      var values = [Int](repeating: -1, count: count)
      var span = values.mutableSpan
      many.fill(&span, below: bound)
      #expect(values == (0..<count).map { _ in one.below(bound) })
    }
    #expect(one.next() == many.next())
  }

  @Test func `a permutation holds every number once and puts each anywhere`() {
    var random = SeedTree(9).generator()
    var firsts = [Int](repeating: 0, count: 6)
    for _ in 0..<6000 {
      let order = random.permutation(6)
      #expect(order.sorted() == Array(0..<6))
      firsts[order[0]] += 1
    }
    #expect(chiSquare(firsts) < 20.5, "5 degrees of freedom, p = .001")
  }

  @Test func `normal draws have mean 0, variance 1 and the right tail`() {
    var random = SeedTree(2).child("normal").generator()
    let draws = (0..<100_000).map { _ in random.normal() }
    #expect(abs(mean(draws)) < 0.013)
    #expect(abs(standardDeviation(draws) - 1) < 0.01)
    #expect(abs(Double(draws.count { $0 > 1.959_964 }) / 100_000 - 0.025) < 0.002)
  }

  @Test func `an index is drawn with its probability, and never with probability zero`() {
    var random = SeedTree(4).generator()
    var counts = [0.0, 0, 0, 0]
    for _ in 0..<50_000 { counts[random.index(withProbabilities: [0.5, 0, 0.3, 0.2])] += 1 }
    #expect(counts[1] == 0)
    for (count, probability) in zip(counts, [0.5, 0, 0.3, 0.2]) { #expect(abs(count / 50_000 - probability) < 0.008) }
  }

  @Test func `children differ from each other, from their parent, and by level`() {
    let root = SeedTree(1)
    var keys: Set<UInt64> = [root.key]
    for index in 0..<1000 {
      keys.insert(root.child(index).key)
      keys.insert(root.child("\(index)").key)
      keys.insert(root.child("a").child(index).key)
    }
    #expect(keys.count == 3001)
    #expect(root.child("a").child("b").key != root.child("ab").key)
  }

  @Test func `streams of neighbouring children are not correlated`() {
    let root = SeedTree(8)
    var first = root.child(0).generator()
    var second = root.child(1).generator()
    let products = (0..<100_000).map { _ in (first.uniform() - 0.5) * (second.uniform() - 0.5) * 12 }
    #expect(abs(mean(products)) < 0.013, "the correlation's standard error is 1/√100000")
  }

  @Test func `the same path gives the same stream whatever else was drawn`() {
    let root = SeedTree(77)
    var other = root.child("other").generator()
    _ = other.next()
    var first = root.child("data").generator()
    var again = SeedTree(77).child("data").generator()
    for _ in 0..<100 { #expect(first.next() == again.next()) }
  }

  private func chiSquare(_ counts: [Int]) -> Double {
    let expected = Double(counts.reduce(0, +)) / Double(counts.count)
    return counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
  }

  private struct StreamRow: Decodable {
    var seed: Int
    var path: [String]
    var indexed: [Bool]
    var words: [String]
    var uniforms: [Double]
  }
}

/// The rows of one kind of `Golden/basics.json`.
func basicsRows<Row: Decodable>(of kind: String, as type: Row.Type) throws -> [Row] {
  let rows = try golden("basics.json", as: JSONValue.self)["rows"]?.array ?? []
  let chosen = try rows.filter { $0["kind"]?.string == kind }.map { try $0.decode(Row.self) }
  try #require(!chosen.isEmpty)
  return chosen
}
