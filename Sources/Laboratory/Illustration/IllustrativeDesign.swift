import Basics
import Policies
import Preferences
import Theory

/// Four responses to one prompt with a helpfulness order and safety labels: an action set of the illustrative experiment.
///
/// The paper's own action set is not known to us; these are reconstructions. Every strict order of four responses of which two
/// are safe has, at α = ½, B₁ = 3, τ = 1 and a uniform reference, the same BFPO optimum up to the names of the responses:
///
///     π = softmax(0.625, 0.375, −0.375, −0.625) over the roles in the order of ``Role``
public struct IllustrativeDesign: Hashable, Sendable {
  /// What a response is, in the order that BFPO ranks them, best first.
  public enum Role: String, CaseIterable, Codable, Sendable {
    case safeMoreHelpful = "safe, more helpful"
    case safeLessHelpful = "safe, less helpful"
    case unsafeLessHelpful = "unsafe, less helpful"
    case unsafeMoreHelpful = "unsafe, more helpful"
  }

  /// Such as `safe-14`: the responses y1 and y4 are safe.
  public let id: String
  /// One sentence.
  public let summary: String
  /// Larger is more helpful, equal is a tie, [responses].
  public let helpfulness: [Int]
  /// [responses]
  public let isSafe: [Bool]

  public var responseCount: Int { helpfulness.count }

  /// `y1`, `y2`, …
  public func name(_ response: Int) -> String { "y\(response + 1)" }

  /// The probability that a row's response is more helpful than a column's: 1, 0, or ½ for a tie, [responses][responses].
  public var preference: [[Double]] {
    helpfulness.map { own in helpfulness.map { own > $0 ? 1 : own == $0 ? 0.5 : 0 } }
  }

  /// 1 for safe, 0 for unsafe, [responses].
  public var safety: [Double] { isSafe.map { $0 ? 1 : 0 } }

  /// The uniform reference, which is the comparison distribution too, [responses].
  public var reference: [Double] { [Double](repeating: 1 / Double(responseCount), count: responseCount) }

  /// The design as the exact solvers see it: the comparison distribution is the reference.
  public var world: FiniteWorld { FiniteWorld(reference: reference, preference: preference, safety: safety) }

  /// P(y): the probability that y is more helpful than a draw from the reference, ties counting ½, [responses].
  public var winProbability: [Double] { world.winRate }

  /// The response's rank in helpfulness among those as safe as itself decides its role.
  public func role(_ response: Int) -> Role {
    let isMore = helpfulness.indices.contains {
      isSafe[$0] == isSafe[response] && helpfulness[$0] < helpfulness[response]
    }
    if isSafe[response] { return isMore ? .safeMoreHelpful : .safeLessHelpful }
    return isMore ? .unsafeMoreHelpful : .unsafeLessHelpful
  }

  /// The responses in the order that BFPO ranks them, best first.
  public var ranking: [Int] {
    Role.allCases.compactMap { role in helpfulness.indices.first { self.role($0) == role } }
  }

  /// The six unordered pairs with all their labels; pairs of equal safety have no safety order.
  ///
  /// Rows are drawn uniformly, so where there are ties every other pair stands here twice and a tied pair once each way: six
  /// pairs are drawn with equal probability, and ties are broken by a fair coin at every draw.
  public func comparisons() -> [Comparison<TabularQuery>] {
    let indices = helpfulness.indices
    let hasTies = Set(helpfulness).count < responseCount
    return indices.flatMap { i in
      indices.dropFirst(i + 1).flatMap { j -> [Comparison<TabularQuery>] in
        let isTie = helpfulness[i] == helpfulness[j]
        let better: [Slot] =
          isTie
          ? [.first, .second]
          : Array(repeating: helpfulness[i] > helpfulness[j] ? .first : .second, count: hasTies ? 2 : 1)
        let safer: Slot? = isSafe[i] == isSafe[j] ? nil : isSafe[i] ? .first : .second
        return better.map {
          Comparison(
            first: TabularQuery(prompt: 0, response: i), second: TabularQuery(prompt: 0, response: j), better: $0,
            safer: safer, firstSafe: isSafe[i], secondSafe: isSafe[j], promptID: id)
        }
      }
    }
  }
}

extension IllustrativeDesign {
  /// The six ways to have two of four strictly ordered responses safe.
  public static let strict: [IllustrativeDesign] = (0..<4).flatMap { first in
    ((first + 1)..<4).map { second in
      IllustrativeDesign(
        id: "safe-\(first + 1)\(second + 1)",
        summary: "helpfulness y1 > y2 > y3 > y4; y\(first + 1) and y\(second + 1) are safe", helpfulness: [4, 3, 2, 1],
        isSafe: (0..<4).map { $0 == first || $0 == second })
    }
  }

  /// Safe or not × helpful or not: helpfulness and safety are independent under the reference.
  public static let product = IllustrativeDesign(
    id: "product", summary: "y1 safe helpful, y2 safe unhelpful, y3 unsafe unhelpful, y4 unsafe helpful; ties 50/50",
    helpfulness: [2, 1, 1, 2], isSafe: [true, true, false, false])

  public static let all: [IllustrativeDesign] = strict + [product]
}
