import Basics
import Laboratory
import Testing

@Suite struct ParetoTests {
  private func points(_ values: [(Double, Double)]) -> [PlanePoint] { values.map { PlanePoint(x: $0.0, y: $0.1) } }

  /// Points on a coarse grid, so that ties and duplicates are common, or anywhere.
  private func randomPoints(_ trial: Int) -> [PlanePoint] {
    var random = SeedTree(7).child(trial).generator()
    let isCoarse = trial.isMultiple(of: 2)
    return (0..<random.below(25)).map { _ in
      isCoarse
        ? PlanePoint(x: Double(random.below(6)), y: Double(random.below(6)))
        : PlanePoint(x: random.uniform() * 6, y: random.uniform() * 6)
    }
  }

  @Test func `the front of a small set and its hypervolume`() {
    let set = points([(0.2, 0.9), (0.5, 0.7), (0.8, 0.3), (0.4, 0.4)])
    #expect(paretoFront(set) == [0, 1, 2])
    #expect(abs(hypervolume(set, reference: PlanePoint(x: 0, y: 0)) - 0.48) < 1e-15)
  }

  @Test func `ties keep the better point, duplicates are all kept`() {
    #expect(paretoFront(points([(1, 2), (1, 3), (0, 3)])) == [1])
    #expect(paretoFront(points([(1, 1), (2, 0), (1, 1)])) == [0, 2, 1])
    #expect(paretoFront([]) == [])
    #expect(paretoFront(points([(0, 0)])) == [0])
  }

  @Test(arguments: 0..<200) func `the front is what brute force finds`(trial: Int) {
    let set = randomPoints(trial)
    let expected = set.indices.filter { index in
      !set.contains { other in
        other.x >= set[index].x && other.y >= set[index].y && (other.x > set[index].x || other.y > set[index].y)
      }
    }
    let front = paretoFront(set)
    #expect(front.sorted() == expected)
    for (a, b) in zip(front, front.dropFirst()) {
      #expect(set[a].x < set[b].x && set[a].y > set[b].y || set[a] == set[b] && a < b)
    }
  }

  /// On a grid the union of rectangles is a count of unit cells.
  @Test(arguments: 0..<100) func `the hypervolume is the count of dominated cells`(trial: Int) {
    let set = randomPoints(2 * trial)
    let reference = PlanePoint(x: 1, y: 2)
    var cells = 0
    for x in 1..<6 {
      for y in 2..<6 where set.contains(where: { $0.x >= Double(x + 1) && $0.y >= Double(y + 1) }) { cells += 1 }
    }
    #expect(hypervolume(set, reference: reference) == Double(cells))
  }

  /// Sum over all non-empty subsets of (−1)^(size+1) times the area of the subset's common rectangle.
  @Test(arguments: 0..<40) func `the hypervolume is that of inclusion and exclusion`(trial: Int) {
    let set = Array(randomPoints(2 * trial + 1).prefix(8))
    let reference = PlanePoint(x: 1.5, y: 0.5)
    var expected = 0.0
    for subset in 1..<(1 << set.count) {
      let members = set.indices.filter { subset >> $0 & 1 == 1 }.map { set[$0] }
      let width = max(0, (members.map(\.x).min() ?? 0) - reference.x)
      let height = max(0, (members.map(\.y).min() ?? 0) - reference.y)
      expected += (members.count.isMultiple(of: 2) ? -1 : 1) * width * height
    }
    #expect(abs(hypervolume(set, reference: reference) - expected) < 1e-9)
  }

  @Test(arguments: 0..<100) func `the staircase is axis-parallel and encloses the hypervolume`(trial: Int) {
    let set = randomPoints(trial)
    let floor = PlanePoint(x: 1, y: 1)
    let corners = paretoStaircase(set, floor: floor)
    for (a, b) in zip(corners, corners.dropFirst()) { #expect((a.x == b.x) != (a.y == b.y)) }
    let ring = corners + [floor]
    let area = ring.indices.reduce(0.0) { sum, i in
      let next = ring[(i + 1) % ring.count]
      return sum + (ring[i].x * next.y - next.x * ring[i].y) / 2
    }
    #expect(abs(abs(area) - hypervolume(set, reference: floor)) < 1e-9)
  }

  @Test func `a point on the reference's lines adds nothing`() {
    let set = points([(0, 5), (5, 0), (-1, -1)])
    #expect(hypervolume(set, reference: PlanePoint(x: 0, y: 0)) == 0)
    #expect(paretoStaircase(set, floor: PlanePoint(x: 0, y: 0)) == [])
  }

  @Test func `the interval covers the value and needs two seeds`() {
    var random = SeedTree(1).generator()
    let outcomes = (0..<5).map { cell in
      (0..<10).map { _ in
        PlanePoint(x: Double(cell) + 0.1 * random.normal(), y: Double(5 - cell) + 0.1 * random.normal())
      }
    }
    let origin = PlanePoint(x: -1, y: -1)
    let estimate = hypervolumeEstimate(outcomes, reference: origin, seed: SeedTree(2))
    #expect(estimate.low < estimate.mean && estimate.mean < estimate.high && estimate.n == 10)
    #expect(estimate == hypervolumeEstimate(outcomes, reference: origin, seed: SeedTree(2)))
    let single = hypervolumeEstimate(outcomes.map { [$0[0]] }, reference: origin, seed: SeedTree(2))
    #expect(single.low == single.mean && single.high == single.mean && single.n == 1)
  }

  /// A shift that all points of a seed share moves them together: the paired interval is that of the shift.
  @Test func `equal seed counts are resampled together`() {
    let shifts = [0.0, 1, 2, 3]
    let outcomes = [0.0, 0, 0].map { start in shifts.map { PlanePoint(x: start + $0 + 1, y: 1) } }
    let paired = hypervolumeEstimate(outcomes, reference: PlanePoint(x: 0, y: 0), seed: SeedTree(4))
    let alone = hypervolumeEstimate([outcomes[0]], reference: PlanePoint(x: 0, y: 0), seed: SeedTree(4))
    #expect(paired == alone)
  }
}
