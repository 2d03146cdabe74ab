import Basics
import Preferences
import Testing

@Suite struct BatchSamplerTests {
  @Test(arguments: [(10, 3), (7, 7), (5, 12), (1, 4), (64, 32)])
  func `every row appears once in each epoch, across batch borders`(count: Int, batchSize: Int) {
    let sampler = BatchSampler(count: count, batchSize: batchSize, mode: .epochs, seed: SeedTree(3))
    let epochs = 6
    let rows = (0..<sampler.steps(forEpochs: epochs)).flatMap { sampler.indices(step: $0) }
    for epoch in 0..<epochs {
      #expect(rows[epoch * count..<(epoch + 1) * count].sorted() == Array(0..<count), "epoch \(epoch)")
    }
  }

  @Test func `epochs are shuffled afresh by their own seed`() {
    let sampler = BatchSampler(count: 50, batchSize: 50, mode: .epochs, seed: SeedTree(3))
    #expect(sampler.indices(step: 0) != sampler.indices(step: 1))
    var random = SeedTree(3).child("epoch").child(1).generator()
    #expect(sampler.indices(step: 1) == random.permutation(50))
  }

  @Test(arguments: BatchMode.allCases)
  func `a batch depends only on seed and step, so a resumed run sees the same rows`(mode: BatchMode) {
    let uninterrupted = BatchSampler(count: 23, batchSize: 4, mode: mode, seed: SeedTree(9))
    let expected = (0..<40).map { uninterrupted.indices(step: $0) }
    for step in [39, 17, 0, 21] {
      let resumed = BatchSampler(count: 23, batchSize: 4, mode: mode, seed: SeedTree(9))
      #expect(resumed.indices(step: step) == expected[step])
      #expect(uninterrupted.indices(step: step) == expected[step])
    }
    let other = BatchSampler(count: 23, batchSize: 4, mode: mode, seed: SeedTree(10))
    #expect(((0..<40).map { other.indices(step: $0) } != expected) == (mode != .inOrder))
  }

  @Test func `rows in order start again at the end, inside a batch too`() {
    let sampler = BatchSampler(count: 5, batchSize: 3, mode: .inOrder, seed: SeedTree(1))
    #expect((0..<4).map { sampler.indices(step: $0) } == [[0, 1, 2], [3, 4, 0], [1, 2, 3], [4, 0, 1]])
  }

  @Test func `draws with replacement are uniform`() {
    let sampler = BatchSampler(count: 4, batchSize: 100, mode: .withReplacement, seed: SeedTree(1))
    var counts = [Int](repeating: 0, count: 4)
    for step in 0..<400 { for row in sampler.indices(step: step) { counts[row] += 1 } }
    // 40,000 draws: each count has mean 10,000 and standard deviation 87.
    for count in counts { #expect(abs(count - 10_000) < 350) }
  }

  @Test func `a short buffer restarts while the long stream goes on`() {
    let safety = BatchSampler(count: 100, batchSize: 10, mode: .epochs, seed: SeedTree(5).child("safety"))
    let buffer = BatchSampler(count: 12, batchSize: 10, mode: .epochs, seed: SeedTree(5).child("buffer"))
    let steps = safety.steps(forEpochs: 1)
    #expect(steps == 10)
    let rows = (0..<steps).flatMap { buffer.indices(step: $0) }
    #expect(rows.count == 100)
    for row in 0..<12 { #expect((8...9).contains(rows.filter { $0 == row }.count)) }
  }
}
